"""One rule on its page: what it takes and gives, by which clause, what is lost, whether its tests hold."""

import pytest
from lxml import etree

from support.pages import words
from support.rulefiles import SOURCE, TARGET, edited, linked
from translators.documentation.excerpts import excerpts
from translators.documentation.rules import source_rule, target_rule
from translators.rules.examples import Example


def told(source=SOURCE, target=TARGET, faults=()):
    """Return what a page says of the source rule and of the target rule."""
    book = linked(source, target)
    texts = excerpts({"a/source.yaml": source, "b/target.yaml": target})
    found = []
    for rule in book.rules:
        tell = target_rule if rule.model.kind == "TargetMapping" else source_rule
        examples = {}
        if faults is not None:
            examples = {test.name: Example(rule.id, test.name, faults) for test in rule.model.tests}
        found.append(etree.fromstring(tell(rule.model, texts[rule.model.metadata.id], examples)))
    return found


def rows(section):
    return [[words(cell) for cell in row] for row in section.xpath(".//tbody/tr")]


def members(section):
    """Return the rows of the table that says what becomes of each member."""
    return rows(section.xpath(".//div[@class = 'scroll']")[0])


def test_a_source_rule_says_what_it_reads_by_which_clause_and_where_it_stands():
    section, _ = told()
    text = words(section)
    assert section.xpath("string(h3/@id)") == "rule-t.source"
    assert "t.source@1.0.0" in text
    assert "Clauses: clause 1" in text
    assert "Reads opModFixedVar of DERControlBase (IEEE 2030.5 2018)" in text
    assert "a/source.yaml:1-" in text
    assert rows(section)[0] == ["setpoint", "value", "pct100[setMaxVar]", ""]


def test_the_text_of_a_rule_keeps_its_line_numbers():
    section, _ = told()
    lines = section.xpath("string(.//pre)").splitlines()
    assert lines[2].split(maxsplit=1) == ["3", SOURCE.splitlines()[2]]


@pytest.mark.parametrize(
    ("change", "row"),
    [
        pytest.param(
            ("{from: value, unit", "{from: value, range: [0, 5], scale10: multiplier, unit"),
            ["setpoint", "value", "pct100[setMaxVar]", "range [0, 5] scale10 multiplier"],
            id="operations",
        ),
        pytest.param(
            (
                'unit: "pct100[setMaxVar]"',
                'unit: {switch: refType, cases: {1: "pct[setMaxVar]"}, since: {1: ["2018"]}}',
            ),
            ["setpoint", "value", "by refType 1 is pct[setMaxVar] (2018)", ""],
            id="a unit by a field",
        ),
    ],
)
def test_fields_are_told_with_unit_and_operations(change, row):
    section, _ = told(edited(SOURCE, change))
    assert rows(section)[0] == row


def test_guards_losses_and_what_is_left_out_are_told():
    more = (
        'guards:\n  - {id: g, expr: "setpoint < 5.0"}\n'
        "losses:\n  - {kind: semantic, reason: means less}\n"
        "ignored:\n  - {field: a, loss: drop, reason: no field}\n  - {field: b, reason: a name}\n"
        "tests:\n"
    )
    section, _ = told(edited(SOURCE, ("tests:\n", more)))
    found = rows(section)
    assert ["g", "setpoint < 5.0", "invalid"] in found
    assert ["semantic", "means less", "always"] in found
    assert ["drop", "a : no field", "present"] in found
    assert ["none", "b : a name", "present"] in found


def test_a_test_shows_what_is_given_and_expected_and_whether_it_holds():
    section, _ = told()
    assert rows(section)[-1] == ["one", '{"value": 1}', "{}", "", "holds"]
    section, _ = told(faults=("setpoint: expected 1, got 2",))
    assert rows(section)[-1][-1] == "fails: setpoint: expected 1, got 2"
    section, _ = told(faults=None)
    assert rows(section)[-1][-1] == "not run"


def test_a_target_rule_says_what_it_sends_and_how_it_is_composed():
    _, section = told()
    assert "OCPP 2.1: SetDERControl , composed by der_control ." in words(section)
    assert members(section) == [["setpoint", "setpoint", "pct[setMaxVar]", ""]]


def test_units_of_a_member_are_told_with_their_wire_names():
    units = 'units: {"pct[setMaxVar]": PctMaxVar}, clip: [-100.0, 100.0]'
    constant = "  unit: {const: PctMaxVar}\n"
    target = edited(TARGET, ('unit: "pct[setMaxVar]"', units)) + constant
    _, section = told(target=target)
    assert members(section) == [
        ["setpoint", "setpoint", "pct[setMaxVar] as PctMaxVar", "clip [-100.0, 100.0]"],
        ["unit", "always PctMaxVar", "", ""],
    ]


def test_a_rule_that_refuses_says_why():
    refusing = edited(
        TARGET,
        ("message: SetDERControl, operator: der_control", "message: none, operator: refuse"),
        ("  - {controlType: FixedVar, slot: fixedVar}\n", ""),
        ("variants:\n", ""),
        ('emit:\n  setpoint: {from: setpoint, unit: "pct[setMaxVar]"}\n', "reason: no field\n"),
    )
    _, section = told(target=refusing)
    assert "OCPP 2.1: no message, composed by refuse ." in words(section)
    assert "Refused (not_supported): no field" in words(section)
