"""Profiles: what they inherit, what they replace, and those that cannot be."""

import pytest

from support.operated import CEI, ED2, MESA, NL, PROFILES, operated
from support.translation import book
from translators.chain import load_book
from translators.errors import MappingError
from translators.iec61850.lineage import lineage_of
from translators.iec61850.node import NodeView, Surroundings
from translators.iec61850.values import Objects
from translators.rules.profile_schema import Profile
from translators.rules.values import Trace

PROFILE = """
apiVersion: dergate/mapping.v1
kind: Profile
metadata: {id: iec61850.t, version: 1.0.0, cites: ["IEC 61850-7-2 Control"]}
profile: %s
"""


def test_the_book_has_four_profiles():
    assert {profile.profile for profile in book().of(Profile)} == set(PROFILES)


@pytest.mark.parametrize("name", [CEI, NL, MESA])
def test_every_other_profile_extends_the_edition(name):
    assert lineage_of(book(), name).names == (name, ED2)


def test_a_name_of_the_draft_leads_to_the_one_of_the_edition():
    lineage = lineage_of(book(), MESA)
    assert lineage.alias("DWMX", "LimW") == "WMaxSpt"
    assert lineage.alias("DVVR", "OpnLoopMax") == "OplTmsMax"
    assert lineage.alias("DCTE", "RtnSvcAuto") == "RtnSrvAuto"
    assert lineage.alias("DWMX", "WMaxSpt") == "WMaxSpt"


def test_a_profile_has_its_own_device_and_prefixes():
    assert (lineage_of(book(), CEI).device, lineage_of(book(), CEI).prefix("DWMX")) == (
        "LD_Plant",
        "Wlim",
    )
    assert (lineage_of(book(), NL).device, lineage_of(book(), NL).prefix("DWMX")) == ("LD0", "")


def test_an_unknown_profile_is_named_with_those_that_there_are():
    with pytest.raises(MappingError, match="there are cei-0-16-annex-t, iec-7-420-ed2"):
        operated("DWMX1", {}, "iec-7-420-ed1").read(book())


RULE = """
apiVersion: dergate/mapping.v1
kind: SourceMapping
metadata: {id: iec61850.r, version: 1.0.0, cites: ["IEC 61850-7-420 ed. 2 DVAR"]}
source: {protocol: iec61850, revisions: [%s], parent: DVAR, elements: [VArTgtSpt]}
canonical: FixedVar
quantity:
  setpoint: {from: VArTgtSpt, decimal: true, unit: var}
tests:
  - {name: one, source: {VArTgtSpt: 1}}
"""
REPORT = """
apiVersion: dergate/mapping.v1
kind: ReportMapping
metadata: {id: iec61850.u, version: 1.0.0, cites: ["IEC 61850-7-2 AddCause"]}
report: {protocol: iec61850, revisions: [%s], document: CommandTermination}
facts: outcome
emit: {addCause: {const: 0}}
tests:
  - {name: a, given: {}, expect: {addCause: 0}}
"""


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a.yaml": PROFILE % "a" + "extends: b"}, r"a.yaml:6:10: iec61850.t = 'b': is no profile"),
        ({"a.yaml": PROFILE % "a" + "extends: a"}, "iec61850.t = 'a': extends itself"),
        ({"a.yaml": PROFILE % "a", "r.yaml": RULE % "A"}, "iec61850.r@1.0.0 = 'A': is no profile"),
        (
            {"a.yaml": PROFILE % "a", "u.yaml": REPORT % "u"},
            "iec61850.u@1.0.0 = 'u': is no profile",
        ),
        (
            {
                "a.yaml": PROFILE % "a",
                "b.yaml": (PROFILE % "a").replace("iec61850.t", "iec61850.v"),
            },
            "iec61850.v = 'a': is taken by iec61850.t",
        ),
    ],
)
def test_profiles_that_lead_nowhere_are_refused_at_load(files, problem):
    with pytest.raises(MappingError, match=problem):
        load_book(files)


def test_a_rule_is_on_its_own_where_the_book_has_no_profiles():
    assert len(load_book({"r.yaml": RULE % "a"}).rules) == 1


def test_a_book_without_profiles_says_so():
    with pytest.raises(MappingError, match="there are none"):
        lineage_of(load_book({}), "a")


@pytest.mark.parametrize("what", ["mode", "times", "device"])
def test_what_no_profile_of_a_line_says_is_named(what):
    lineage = lineage_of(load_book({"a.yaml": PROFILE % "a"}), "a")
    with pytest.raises(MappingError, match=f"says nothing of its {what}"):
        getattr(lineage, what)


def view(values, node="DWMX", **settings):
    around = Surroundings(lineage_of(book(), CEI), Objects(settings), {}, {"side": "load"}, None)
    return NodeView(node, f"{node}1", values, around, Trace("t", ()))


def test_a_path_may_lead_to_what_the_site_says():
    assert view(Objects()).raw("site/side") == "load"
    assert view(Objects()).raw("site/region") is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A", "-1"),
        ("A/abs", "1"),
        ("A/sign", "negative"),
        ("A/unity", "unity"),
        ("B/sign", "positive"),
        ("B/unity", None),
        ("C/abs", None),
        ("C|B", "0.5"),
        ("B=0.5?A", "-1"),
        ("B=1?A", None),
        ("C=1?A|B", "0.5"),
    ],
)
def test_a_path_may_ask_for_what_follows_from_a_value(path, text):
    assert view(Objects({"A": "-1", "B": "0.5"})).raw(path) == text


def test_a_path_with_an_unknown_operator_is_the_fault_of_its_rule():
    with pytest.raises(MappingError, match="is no operator of nodes"):
        view(Objects({"A": "1"})).raw("A/root")


def test_a_point_has_its_own_members_before_the_node():
    one = view(Objects({"T": "9"}, {"C": ({"xVal": "-2"},)}))
    (point,) = one.every("C")
    assert [point.raw(path) for path in ("xVal", "xVal/abs", "T", "yVal")] == ["-2", "2", "9", None]
    assert len(point.every("C")) == 1


def test_lists_are_points_letters_or_a_scalar():
    assert [
        p.raw("WSet") for p in view(Objects({"WSetA": "1", "WSetC": "3"}), "DPFW").every("sets")
    ] == ["1", "3"]
    assert [p.raw("A") for p in view(Objects({"A": "7"})).every("A")] == ["7"]
    assert list(view(Objects()).every("A")) == []


def test_a_curve_of_the_settings_counts_where_none_was_operated():
    around = Surroundings(
        lineage_of(book(), ED2), Objects({}, {"C": ({"xVal": "1"},)}), {}, {}, None
    )
    one = NodeView("DVVR", "DVVR1", Objects(), around, Trace("t", ()))
    assert [point.raw("xVal") for point in one.every("C")] == ["1"]


def test_an_empty_curve_that_was_operated_hides_that_of_the_settings():
    around = Surroundings(
        lineage_of(book(), ED2), Objects({}, {"C": ({"xVal": "1"},)}), {}, {}, None
    )
    one = NodeView("DVVR", "DVVR1", Objects({}, {"C": ()}), around, Trace("t", ()))
    assert list(one.every("C")) == []
