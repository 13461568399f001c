"""Tests beside target rules: what they state runs through the whole target side, and each fault is told."""

import pytest

from support.rulefiles import TARGET, edited
from translators.chain import examples, load_book
from translators.errors import MappingError

POINTS = """
apiVersion: dergate/mapping.v1
kind: TargetMapping
metadata: {id: t.curve, version: 1.0.0, cites: ["clause 3"]}
target: {versions: ["2.1"], message: SetDERControl, operator: der_control}
canonical: [VoltVar]
variants: [{controlType: VoltVar, slot: curve}]
points:
  x: {unit: "pct[V_ref]"}
  y: {unit: "pct[setMaxVar]", clip: [-100, 100]}
"""
IMPORT = """
apiVersion: dergate/mapping.v1
kind: TargetMapping
metadata: {id: t.import, version: 1.0.0, cites: ["clause 4"]}
target: {versions: ["2.0.1"], message: SetChargingProfile, operator: import_limit}
canonical: [PowerLimit]
variants: [{match: {"on": import}}]
emit:
  limit: {from: value, unit: W, round: {places: 1, mode: down}}
"""
CONTROL = 'control: {class: FixedVar, setpoint: "-44 pct[setMaxVar]"}'
CURVE = (
    "control: {class: VoltVar, x_unit: 'pct[V_ref]', y_unit: 'pct[setMaxVar]', "
    "points: [[90, 120], [110, 0]]}"
)
CUT = "[[90, 100], [93.33333333333333, 100], [110, 0]]"
MAX = "ChargingStationMaxProfile"
AMPS = "expect: {limit: 15.2, numberPhases: 3, unit: A}"
TWO = "evses: [{setMaxW: 1000}, {setMaxW: 2000}]"
LIMIT = 'control: {class: PowerLimit, "on": import, value: "50.06 pct[setMaxW]"}'


def faults(test, rule=TARGET):
    (example,) = examples(load_book({"t.yaml": f"{rule}tests:\n  - {{name: a, {test}}}\n"}))
    return list(example.faults)


@pytest.mark.parametrize(
    ("test", "rule"),
    [
        (f"{CONTROL}, expect: {{setpoint: -44}}", TARGET),
        (f"{CONTROL}, expect: {{setpoint: -44, controlType: FixedVar}}", TARGET),
        (f"{CONTROL}, default: true, expect: {{setpoint: -44}}", TARGET),
        (f"{CONTROL}, expect: [{{setpoint: -44}}]", TARGET),
        (f"{CONTROL}, station: {{modes: []}}, refused: not_supported", TARGET),
        (
            f"{CURVE}, expect: {{curveData: {CUT}}}, losses: [clip]",
            POINTS,
        ),
        (
            f"{LIMIT}, expect: {{limit: 11013.2, unit: W, purpose: {MAX}, evseId: 0}}",
            IMPORT,
        ),
        (f"{LIMIT}, station: {{ratings: {{setMaxW: 1000}}}}, expect: {{limit: 500.6}}", IMPORT),
        (f"{LIMIT}, station: {{{TWO}}}, refused: not_applicable", IMPORT),
        (
            f"{LIMIT}, station: {{{TWO}, policy: {{unequal_ratings: sum}}}}, expect: {{limit: 1501.8}}",
            IMPORT,
        ),
        (f"{LIMIT}, station: {{ratings: {{setMaxW: null}}}}, refused: not_applicable", IMPORT),
        (f"{LIMIT}, station: {{ratings: {{setMaxW: 0}}}}, refused: not_applicable", IMPORT),
        (f"{LIMIT}, station: {{rate_units: [A]}}, {AMPS}, losses: [round, approximate]", IMPORT),
    ],
)
def test_a_test_that_holds_has_no_fault(test, rule):
    assert faults(test, rule) == []


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        (f"{CONTROL}, expect: {{setpoint: -45}}", "setpoint: expected -45, got -44"),
        (f"{CONTROL}, expect: {{setpoint: true}}", "setpoint: expected True, got -44"),
        (f"{CONTROL}, expect: {{}}", "expected 0 messages, got 1"),
        (f"{CONTROL}, expect: [{{setpoint: -44}}, {{}}]", "expected 2 messages, got 1"),
        (f"{CONTROL}, expect: {{setpoint: -44, other: 1}}", "other: expected 1, got nothing"),
        (f"{CONTROL}, expect: {{controlType: FixedVar}}", "setpoint: expected nothing, got -44"),
        (
            f"{CONTROL}, expect: {{setpoint: -44}}, losses: [clip]",
            "losses: expected clip, got none",
        ),
        (f"{CONTROL}, refused: not_supported", "expected not_supported, got 1 messages"),
        (
            f"{CONTROL}, station: {{modes: []}}, refused: not_applicable",
            "expected not_applicable, got not_supported",
        ),
        (
            f"{CONTROL}, station: {{modes: []}}, expect: {{}}",
            "expected a message, got not_supported",
        ),
        (
            "control: {class: Fixed}, expect: {}",
            "control.class = 'Fixed': is no canonical control; did you mean 'FixedVar'?",
        ),
        ("control: {klass: FixedVar}, expect: {}", "control.class = '': is no canonical control"),
        (
            "control: {class: FixedVar, set: 1}, expect: {}",
            "control = 'set': is no field of the control",
        ),
        ("control: {class: FixedVar, setpont: 1}, expect: {}", "did you mean 'setpoint'?"),
        ("control: {class: FixedVar}, expect: {}", "makes no FixedVar"),
        ('control: {class: FixedVar, setpoint: "x W"}, expect: {}', "makes no FixedVar"),
        ("control: {class: Connect, connected: true}, expect: {}", "goes to another rule"),
        (
            f"{CONTROL}, station: {{dialect: {{droops: x}}}}, expect: {{}}",
            "station.dialect = 'droops': is no key of a dialect; did you mean 'droop'?",
        ),
        (
            f"{CONTROL}, station: {{ratings: {{MaxW: 1}}}}, expect: {{}}",
            "= 'MaxW': is no rating; did you mean 'setMaxW'?",
        ),
    ],
)
def test_a_test_that_fails_says_what_it_got(test, fault):
    found = faults(test)
    assert any(fault in item for item in found), found


@pytest.mark.parametrize("both", ["", ", expect: {}, refused: not_supported"])
def test_a_test_states_what_is_to_come_of_it_or_that_it_is_refused(both):
    with pytest.raises(MappingError, match="states either expect or refused"):
        faults(CONTROL + both)


def test_a_running_setpoint_and_a_power_factor_are_written_as_a_rule_writes_them():
    rule = edited(
        TARGET,
        ("[FixedVar]", "[FixedPowerFactor]"),
        (
            'setpoint: {from: setpoint, unit: "pct[setMaxVar]"}',
            'displacement: {from: displacement, unit: "1"}',
        ),
    )
    pf = "control: {class: FixedPowerFactor, displacement: 0.95, excitation: over, flow: injecting}"
    assert (
        faults(
            f"{pf}, station: {{transactions: [{{running: 500}}]}}, expect: {{displacement: 0.95}}",
            rule,
        )
        == []
    )
