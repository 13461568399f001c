"""What becomes of each leaf, and which entries are faults."""

import pytest
from pydantic import ValidationError

from support.coverage import a_document, a_model, a_source, a_target, counted, table

READS_VALUE = {"quantity": {"setpoint": {"from": "value", "unit": "W"}}}


def only(figures):
    (figure,) = figures
    return figure


def states(figure):
    return {leaf.path: (leaf.state.value, leaf.by) for leaf in figure.leaves}


def test_a_leaf_is_read_by_a_rule_handled_by_code_let_go_or_missing():
    document = a_document(
        leaves=["opModX/value", "opModX/vRef", "mRID", "description", "opModY"],
        handled={"mRID": "translators.x"},
        ignored={"description": "a text for people"},
    )
    rule = a_source(
        ignored=[{"field": "vRef", "loss": "drop", "reason": "no member"}], **READS_VALUE
    )
    figure = only(counted([document], [rule], {"translators.x": frozenset({"mRID"})}))
    assert states(figure) == {
        "opModX/value": ("rule", "t.rule@1.0.0"),
        "opModX/vRef": ("let go", "t.rule@1.0.0"),
        "mRID": ("code", "translators.x"),
        "description": ("let go", "c.doc"),
        "opModY": ("missing", ""),
    }
    assert (figure.covered, figure.complete, figure.faults) == (4, False, ())


def test_reasons_and_losses_are_those_of_the_rule_or_of_the_document():
    document = a_document(
        leaves=["opModX/vRef", "a", "b"],
        ignored={"a": "of no effect"},
        refused={"b": "nothing carries it"},
    )
    rule = a_source(ignored=[{"field": "vRef", "loss": "drop", "reason": "no member"}])
    leaves = only(counted([document], [rule])).leaves
    assert {leaf.path: (leaf.reason, leaf.loss) for leaf in leaves} == {
        "opModX/vRef": ("no member", "drop"),
        "a": ("of no effect", "none"),
        "b": ("nothing carries it", "unsupported"),
    }


def test_a_pattern_takes_what_no_rule_takes():
    document = a_document(
        leaves=["opModX/value", "opModX/mRID", "opModY/mRID"], ignored={"*/mRID": "a name only"}
    )
    assert only(counted([document], [a_source(**READS_VALUE)])).complete


def test_a_pattern_for_values_stops_nowhere():
    document = a_document(
        "M", direction="target", leaves=["a", "a=1", "a=2"], never={"a*": "never sent at all"}
    )
    assert only(counted([document])).complete


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param(
            {"ignored": {"opModZ": "of no effect"}}, "opModZ: fits no leaf that is left", id="stale"
        ),
        pytest.param(
            {"ignored": {"*/value": "of no effect"}},
            "*/value: fits no leaf that is left",
            id="stale pattern",
        ),
        pytest.param(
            {"ignored": {"opModX/value": "of no effect"}},
            "opModX/value: t.rule@1.0.0 answers for it, and c.doc as well",
            id="both",
        ),
        pytest.param(
            {"leaves": ["opModX/value", "mRID"], "handled": {"mRID": "translators.x"}},
            "mRID: translators.x does not name it",
            id="code that does not name it",
        ),
    ],
)
def test_an_entry_that_does_not_fit_is_a_fault(changes, fault):
    document = a_document(**{"leaves": ["opModX/value"], **changes})
    figure = only(counted([document], [a_source(**READS_VALUE)]))
    assert figure.faults == (fault,)
    assert not figure.complete


@pytest.mark.parametrize(
    ("leaf", "entry", "texts", "named"),
    [
        pytest.param("a/mRID", "a/mRID", {"mRID"}, True, id="last name"),
        pytest.param("@replyTo", "@replyTo", {"replyTo"}, True, id="attribute"),
        pytest.param("kind=Absolute", "kind=Absolute", {"Absolute"}, True, id="value"),
        pytest.param("kind=Absolute", "kind=*", {"kind"}, False, id="value by pattern"),
        pytest.param("rtgMaxA", "rtgMaxA", {"*MaxA"}, True, id="end of a formatted name"),
        pytest.param("curve/x/y", "curve/*", {"curve"}, True, id="a whole"),
        pytest.param("curve/x/y", "curve/*", {"y"}, False, id="not the whole"),
    ],
)
def test_code_that_handles_a_leaf_names_it(leaf, entry, texts, named):
    document = a_document(leaves=[leaf], handled={entry: "translators.x"})
    figure = only(counted([document], (), {"translators.x": frozenset(texts)}))
    assert figure.complete is named


@pytest.mark.parametrize(
    ("leaf", "texts", "let_go"),
    [
        pytest.param("profile/kind=Dynamic", {"profile", "kind", "Dynamic"}, False, id="named"),
        pytest.param("profile/kind=Dynamic", {"profile", "Dynamic"}, True, id="its member is not"),
        pytest.param("tariff/id", {"id"}, True, id="another of that name"),
    ],
)
def test_a_leaf_that_is_let_go_stands_nowhere_in_the_code_of_its_type(leaf, texts, let_go):
    document = a_document(
        "M",
        direction="target",
        leaves=[leaf],
        never={leaf: "never sent at all"},
        modules=["translators.x"],
    )
    figure = only(counted([document], (), {"translators.x": frozenset(texts)}))
    assert figure.complete is let_go
    assert figure.faults == (
        () if let_go else (f"{leaf}: c.doc lets it go, and the code of M names it",)
    )


def test_a_document_names_the_code_that_its_type_rests_on():
    document = a_document(leaves=["a"], handled={"a": "translators.x"}, modules=["translators.y"])
    assert document.code == {"translators.x", "translators.y"}


def test_a_rule_that_reads_and_ignores_one_leaf_is_a_fault():
    rule = a_source(ignored=[{"field": "value", "reason": "no use"}], **READS_VALUE)
    figure = only(counted([a_document(leaves=["opModX/value"])], [rule]))
    assert figure.faults == ("opModX/value: t.rule@1.0.0 both uses it and lets it go",)


def test_an_entry_is_for_all_revisions_and_needed_in_one():
    document = a_document(
        revisions=["2018", "2023"], leaves=["a"], only={"2023": ["b"]},
        ignored={"a": "of no effect", "b": "of no effect"},
    )  # fmt: skip
    old, new = counted([document])
    assert (len(old.leaves), len(new.leaves)) == (1, 2)
    assert old.complete
    assert new.complete


def test_a_leaf_that_no_schema_has_is_a_fault_of_the_rule():
    figures = counted([a_document(leaves=["opModX/amount"])], [a_source(**READS_VALUE)])
    assert figures[-1].faults == ("opModX/value: t.rule@1.0.0 names it and no schema has it",)


def test_a_leaf_of_a_later_revision_is_none_where_the_rule_is_for_both():
    document = a_document(revisions=["2018", "2023"], leaves=[], only={"2023": ["opModX/value"]})
    figures = counted([document], [a_source(revisions=["2018", "2023"], **READS_VALUE)])
    assert [figure.complete for figure in figures] == [True, True]


def test_what_a_profile_or_a_station_may_say_is_no_fault_where_no_list_has_it():
    rule = a_source(
        "CURVE", parent="event", protocol="openadr", revisions=["3.1"],
        quantity={"setpoint": {"from": "binding/y", "unit": "W"}},
    )  # fmt: skip
    document = a_document("event", protocol="openadr", revisions=["3.1"], leaves=["CURVE"])
    assert only(counted([document], [rule])).complete


def test_a_type_that_no_document_covers_is_a_fault():
    (figure,) = counted([], [a_target(variants=[{"slot": "curve"}], emit={"a": {"const": 1}})])
    assert figure.faults == ("no coverage document, but t.rule@1.0.0",)
    assert figure.subject.type == "SetDERControlRequest"


def test_a_type_that_only_a_view_names_needs_no_document():
    rule = a_source("CURVE", parent="event", protocol="openadr", revisions=["3.1"])
    document = a_document("event", protocol="openadr", revisions=["3.1"], leaves=["CURVE"])
    profile = a_model("Profile", profile="mesa", aliases={"DWMX": {"LimW": "WMaxSpt"}})
    assert [figure.complete for figure in counted([document], [rule, profile])] == [True]


def test_a_reason_for_a_member_is_one_for_all_below_it_and_a_star_for_everything():
    document = a_document(leaves=["opModX/vRef/multiplier", "opModX/vRef/value"])
    rule = a_source(ignored=[{"field": "vRef", "reason": "no member"}])
    assert only(counted([document], [rule])).complete


def test_a_type_with_its_own_document_is_told_there():
    asked = []

    class Schemas:
        def leaves(self, document, revision, apart):
            asked.append((document.subject.type, revision, sorted(apart)))
            return frozenset()

    from translators.rules.coverage.counting import count  # noqa: PLC0415

    count([a_document("A", id="c.a"), a_document("B", id="c.b")], [], Schemas(), {})
    assert asked == [("A", "2018", ["B"]), ("B", "2018", ["A"])]


def test_a_document_has_the_reasons_of_its_direction():
    with pytest.raises(ValidationError, match="a source has no 'never'"):
        a_document(never={"a": "never sent at all"})
    with pytest.raises(ValidationError, match="neither 'ignored' nor 'refused'"):
        a_document(direction="target", refused={"a": "never sent at all"})


def test_the_table_says_what_is_missing_and_ends_with_a_figure_per_source_and_target():
    documents = [
        a_document(leaves=["opModX/value", "opModY"], ignored={"old": "of no effect"}),
        a_document(
            "M", id="c.m", protocol="ocpp", revisions=["2.1"], direction="target", leaves=[]
        ),
    ]
    assert table(documents, [a_source(**READS_VALUE)]) == [
        "      1/2  ieee2030_5 2018 DERControlBase source  (1 by rule, 0 by code, 0 let go)",
        "           missing  opModY",
        "           fault    old: fits no leaf that is left",
        "      0/0  ocpp 2.1 M target  (0 by rule, 0 by code, 0 let go)",
        "ieee2030_5 2018 source 1/2, ocpp 2.1 target 0/0",
    ]
