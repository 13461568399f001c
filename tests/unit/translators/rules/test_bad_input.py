"""Bad rule files and bad sources: each fault with its place and a way out, and everything else goes on."""

import pytest

from support.rulefiles import SOURCE, TARGET, edited, line_of
from translators.ocpp.dialect import CODECS
from translators.rules.book import sift
from translators.rules.examples import Written
from translators.rules.fallback_schema import Fallback
from translators.rules.values import Unmet

GOOD = edited(SOURCE, ("t.source", "t.good"), ("opModFixedVar", "opModOther"))
BY_TEXT = """unit:
      switch: descriptor/units
      cases: {PCT: "pct[setMaxVar]", SHARE: "pu[setMaxVar]"}
      absent: PCT"""
DECIMAL = edited(
    SOURCE,
    ("{from: value, ", "\n    from: value\n    decimal: true\n    negate: true\n    "),
    ('unit: "pct100[setMaxVar]"}', BY_TEXT),
)


def faults_of(text):
    """Return the faults of a bad file; the good ones beside it must be there all the same."""
    sifted = sift({"bad.yaml": text, "good.yaml": GOOD, "target.yaml": TARGET}, CODECS)
    ids = {rule.id for rule in sifted.book.rules}
    assert {"t.good@1.0.0", "t.target@1.0.0"} <= ids
    assert "t.source@1.0.0" not in ids
    return sifted.faults


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("canonical:", "canonica: x\ncanonical:", "canonica: x", "did you mean 'canonical'?"),
        ("canonical:", "canonical: a\ncanonical:", "canonical: FixedVar", "duplicate key"),
        ("canonical: FixedVar", "canonical: FixedVars", "FixedVars", "did you mean 'FixedVar'?"),
        ("setpoint:", "setpoints:", "setpoints", "did you mean 'setpoint'?"),
        ("pct100[setMaxVar]", "kvars", "kvars", "unknown unit; did you mean 'kvar'?"),
        ("setMaxVar", "setMaxVr", "setMaxVr", "unknown base; did you mean 'setMaxVar'?"),
        ('"pct100[setMaxVar]"', "W", "unit: W", "W, var, VA never mix"),
        ("metadata: {", "metadata: &m {loop: *m, ", "&m", "anchors and aliases are not part"),
        ("name: one", "name: no", "name: no", "write 'no'"),
        ("from: value", "from: value, absent: x", "absent: x", "is no number"),
        ("from: value", "from: value, scale10: 400", "scale10: 400", "is no power of ten"),
        ("from: value", "from: value, range: [0.5, 1]", "setpoint:", "is not `decimal`"),
        ("from: value", "from: value, range: [1]", "range: [1]", "at least 2 items"),
    ],
)
def test_a_bad_rule_is_named_with_its_line_and_a_suggestion(old, new, at, said):
    text = edited(SOURCE, (old, new))
    found = [fault for fault in faults_of(text) if said in fault]
    assert found, faults_of(text)
    assert found[0].startswith(f"bad.yaml:{line_of(text, at)}:"), found
    assert "(rule schema)" in found[0] or "(rule yaml)" in found[0] or "t.source@1.0.0" in found[0]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("setpoint > 1.0 || " * 12 + "true", "is longer than 200 characters"),
        ("[1].all(a, [1].all(b, [1].all(c, a > b)))", "loops more than once"),
        ("[1].map(a, a).exists(b, b > 0)", "loops more than once"),
        ("(" * 13 + "true" + ")" * 13, "is nested deeper than 12"),
        ("setpont > 1.0", "names setpont, which is not there; did you mean 'setpoint'?"),
        ("setpoint >", "is no CEL"),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "guards:\n  - {{id: g, expr: '{}'}}\ntests:",
        "losses:\n  - {{kind: drop, reason: r, when: '{}'}}\ntests:",
    ],
)
def test_a_condition_that_could_run_away_or_cannot_run_is_refused_at_its_line(
    form, expression, said
):
    text = edited(SOURCE, ("tests:", form.format(expression)))
    (fault,) = faults_of(text)
    assert fault.startswith(f"bad.yaml:{line_of(text, expression)}:")
    assert "t.source@1.0.0" in fault
    assert said in fault


def test_all_faults_of_all_files_are_told_at_once():
    files = {
        "a.yaml": edited(SOURCE, ("FixedVar\n", "FixedVars\n"), ("setMaxVar", "setMaxVr")),
        "b.yaml": "x: [\n",
        "c.yaml": edited(TARGET, ("slot: fixedVar", "slots: fixedVar")),
        "d.yaml": f"{GOOD}---\n{GOOD}",
    }
    told = sift(files, CODECS).faults
    assert [fault.partition(":")[0] for fault in told] == [
        "a.yaml",
        "b.yaml",
        "c.yaml",
        "d.yaml",
        "d.yaml",
    ]
    assert "t.good is taken by t.good@1.0.0" in told[3]


def read(**source):
    (rule,) = sift({"t.yaml": DECIMAL}, CODECS).book.rules
    return rule.apply(Written({".": None} | source), "2018", "payload")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"value": "44"}, "-44"),
        ({"value": "-0.5"}, "0.5"),
        ({"value": ".5e1"}, "-5"),
        ({"value": "1E-30"}, None),
        ({"value": "0.44", "descriptor/units": "SHARE"}, "-44"),
        ({"value": "44", "descriptor/units": "PCT"}, "-44"),
    ],
)
def test_a_decimal_is_read_exactly_in_the_unit_that_its_source_names(source, value):
    control, trace = read(**source)
    assert str(control.setpoint.unit) == "pct[setMaxVar]"
    if value is not None:
        assert trace.steps[-1].after == value


@pytest.mark.parametrize(
    ("source", "where", "said"),
    [
        ({"value": "NaN"}, "payload/value", "is 'NaN', not a decimal number"),
        ({"value": "Infinity"}, "payload/value", "not a decimal number"),
        ({"value": "1e31"}, "payload/value", "not a decimal number within 1e±30"),
        ({"value": "1e999999999"}, "payload/value", "not a decimal number"),
        ({"value": "9" * 65}, "payload/value", "not a decimal number"),
        ({"value": "1_0"}, "payload/value", "not a decimal number"),
        ({"value": "\u0664"}, "payload/value", "not a decimal number"),
        ({"value": True}, "payload/value", "is 'true', not a decimal number"),
        ({"value": ""}, "payload/value", "not a decimal number"),
        ({}, "payload/value", "is missing"),
        ({"value": "1", "descriptor/units": "FURLONG"}, "payload/descriptor/units",
         "is 'FURLONG', not one of PCT, SHARE"),
    ],
)  # fmt: skip
def test_a_source_that_says_the_impossible_is_refused_where_it_stands(source, where, said):
    with pytest.raises(Unmet) as caught:
        read(**source)
    assert (caught.value.outcome, caught.value.where) == ("invalid", where)
    assert said in caught.value.problem


FALLBACK = """\
apiVersion: dergate/mapping.v1
kind: Fallback
metadata: {id: t.fallback, version: 1.0.0, cites: ["clause 1"]}
rows:
  - control: FixedVar
    der: {carried: exact, by: t.target}
    v2x: {refused: not_supported, reason: none}
    charge_only: {refused: not_supported, reason: none}
    ocpp201: {refused: not_supported, reason: none}
"""


def test_a_table_is_not_blamed_for_a_rule_that_a_fault_leaves_out():
    broken = edited(TARGET, ("slot: fixedVar", "slots: fixedVar"))
    sifted = sift({"fallback.yaml": FALLBACK, "target.yaml": broken}, CODECS)
    assert [fault.partition(":")[0] for fault in sifted.faults] == ["target.yaml"]
    assert any(isinstance(item, Fallback) for item in sifted.book.others)
    assert sift({"fallback.yaml": FALLBACK}, CODECS).faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb:\n\tc: 2\n", "t.yaml:3:1: found character that cannot start any token: a tab,"),
        ("a:\n    b: 1\n   c: 2\n", "is it indented as its neighbours, every bracket"),
    ],
)
def test_what_the_parser_complains_of_is_told_with_what_is_behind_it(text, said):
    (fault,) = sift({"t.yaml": text}, CODECS).faults
    assert said in fault
