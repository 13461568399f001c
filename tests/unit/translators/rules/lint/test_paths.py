"""Wire names that no schema has, revisions that nothing speaks, fields that nobody reads."""

import pytest

from support.lintbench import (
    CURVE_SOURCE,
    CURVE_TARGET,
    LIMIT_SOURCE,
    LIMIT_TARGET,
    SOURCE,
    TARGET,
    found,
    lines,
    the_one,
)
from support.rulefiles import edited
from translators.rules.lint.findings import Known


@pytest.mark.parametrize(
    ("source", "target", "change", "line"),
    [
        pytest.param(
            SOURCE,
            TARGET,
            ("refType,", "refTyp,"),
            "source.yaml:1: error: ieee2030_5.fixed_var@1.0.0: opModFixedVar/refTyp stands in no schema "
            "of DERControlBase; did you mean 'opModFixedVar/refType'?",
            id="a switch",
        ),
        pytest.param(
            LIMIT_SOURCE,
            LIMIT_TARGET,
            ("elements: [opModMaxLimW]", "elements: [opModMaxLimWatt]"),
            "source.yaml:1: error: ieee2030_5.limit@1.0.0: opModMaxLimWatt stands in no schema "
            "of DERControlBase; did you mean 'opModMaxLimW'?",
            id="an element",
        ),
        pytest.param(
            LIMIT_SOURCE,
            LIMIT_TARGET,
            ("pctMaxDischargePower: {from", "pctMaxDischarge: {from"),
            "target.yaml:10: error: ocpp21.limit@1.0.0: limitMaxDischarge/pctMaxDischarge stands in no "
            "schema of SetDERControlRequest; did you mean 'limitMaxDischarge/pctMaxDischargePower'?",
            id="a member",
        ),
        pytest.param(
            SOURCE,
            TARGET,
            ("controlType: FixedVar", "controlType: FixedVars"),
            "target.yaml:7: error: ocpp21.fixed_var@1.0.0: controlType=FixedVars stands in no schema of "
            "SetDERControlRequest; did you mean 'controlType=FixedVar'?",
            id="a control type",
        ),
        pytest.param(
            SOURCE,
            TARGET,
            ('"pct[setMaxVar]": PctMaxVar', '"pct[setMaxVar]": PctMaxVars'),
            "target.yaml:15: error: ocpp21.fixed_var@1.0.0: fixedVar/unit=PctMaxVars stands in no schema "
            "of SetDERControlRequest; did you mean 'fixedVar/unit=PctMaxVar'?",
            id="a unit",
        ),
    ],
)
def test_a_name_that_no_schema_has_is_an_error(source, target, change, line):
    assert the_one(found(source, target, change)) == line


def test_a_wrong_slot_makes_each_of_its_members_wrong():
    said = lines(found(SOURCE, TARGET, ("slot: fixedVar", "slot: fixVar")))
    assert [line.split(": ")[3].split()[0] for line in said] == [
        "fixVar/setpoint",
        "fixVar/unit",
        "fixVar/unit=PctMaxVar",
    ]


def test_a_name_that_one_revision_of_the_rule_has_is_none():
    both = found(SOURCE, TARGET, ('revisions: ["2018"]', 'revisions: ["2018", "2023"]'))
    assert lines(both) == [
        "source.yaml:4: error: ieee2030_5.fixed_var@1.0.0: nothing speaks ieee2030_5 2023; one of 2018"
    ]


def test_names_of_a_protocol_without_a_schema_are_not_checked():
    known = Known(leaves={}, codes={})
    assert found(SOURCE, TARGET, ("refType,", "refTyp,"), known=known) == ()


def test_a_version_that_no_station_speaks_is_an_error():
    line = the_one(found(SOURCE, TARGET, ('["2.1"]', '["2.1", "2.2"]')))
    assert line == (
        "target.yaml:4: error: ocpp21.fixed_var@1.0.0: nothing speaks ocpp 2.2; one of 2.1"
    )


def test_a_control_that_no_rule_carries_on_is_an_error():
    said = lines(found(SOURCE, LIMIT_TARGET))
    assert said == [
        (
            "source.yaml:5: error: ieee2030_5.fixed_var@1.0.0: makes FixedVar, which no rule carries to "
            "OCPP 2.1; add a target rule, or one that refuses"
        ),
        "target.yaml:5: warning: ocpp21.limit@1.0.0: carries PowerLimit, which no source makes",
    ]


def test_a_field_that_no_target_reads_is_an_error():
    unread = ("  responseTime: {from: response_time, unit: s, omit_if_absent: true}\n", "")
    assert the_one(found(CURVE_SOURCE, CURVE_TARGET, unread)) == (
        "source.yaml:12: error: ieee2030_5.volt_watt@1.0.0: sets response_time, which no target reads; "
        "emit it, or list it under ignored: with a loss"
    )


def test_a_field_that_a_target_lets_go_with_a_loss_is_read():
    let_go = (
        "  responseTime: {from: response_time, unit: s, omit_if_absent: true}\n",
        "ignored:\n  - {field: response_time, loss: drop, reason: no such member}\n",
    )
    assert found(CURVE_SOURCE, CURVE_TARGET, let_go) == ()


def test_a_field_that_only_a_condition_reads_is_read():
    lost = (
        'losses:\n  - {kind: semantic, reason: "the source bounds generation only", when: generation_only}\n',
        "",
    )
    line = the_one(found(CURVE_SOURCE, CURVE_TARGET, lost))
    assert "sets generation_only, which no target reads" in line


def test_a_floor_reads_the_side_of_the_power_factor():
    source = edited(
        SOURCE[: SOURCE.index("quantity:")], ("canonical: FixedVar", "canonical: FixedPowerFactor")
    ) + (
        "fields:\n"
        '  displacement: {from: value, range: [0, 100], scale10: -2, unit: "1"}\n'
        "  excitation: {from: refType, cases: {over: over, under: under}}\n"
        "  flow: {const: injecting}\n"
        "tests:\n  - {name: one, source: {value: 95, refType: over}, expect: {displacement: '0.95'}}\n"
    )
    target = edited(
        TARGET[: TARGET.index("emit:")],
        ("canonical: [FixedVar]", "canonical: [FixedPowerFactor]"),
        ("{controlType: FixedVar, slot", "{match: {flow: injecting}, controlType: FixedVar, slot"),
    ) + (
        'emit:\n  setpoint: {from: displacement, unit: "1", floor: {over: setMinPFOverExcited, '
        "under: setMinPFUnderExcited}}\n"
        "tests:\n  - name: one\n    control: {class: FixedPowerFactor, displacement: 0.95, "
        "excitation: over, flow: injecting}\n    expect: {setpoint: 0.95}\n"
    )
    assert found(source, target) == ()
    assert "sets excitation" in the_one(
        found(
            source,
            target,
            (", floor: {over: setMinPFOverExcited, under: setMinPFUnderExcited}", ""),
        )
    )


def test_a_control_that_is_refused_everywhere_has_no_unread_field():
    refused = CURVE_TARGET[: CURVE_TARGET.index("variants:")].replace(
        "message: SetDERControl, operator: der_control", "message: none, operator: refuse"
    )
    refused += (
        'tests:\n  - name: two\n    control: {class: VoltWatt, points: [], x_unit: "pct[V_ref]"}\n'
        "    refused: not_supported\n"
    )
    assert found(CURVE_SOURCE, refused) == ()
