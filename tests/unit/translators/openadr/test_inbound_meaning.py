"""What payloads mean: by themselves, by contract, by policy; what means nothing is refused by name."""

from fractions import Fraction

import pytest

from support.openadr import (
    LIMIT,
    a_context,
    a_payload,
    an_event,
    an_interval,
    commands,
    lost,
    read,
    refused,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    Alert,
    Energize,
    LimitOn,
    Price,
    Quantity,
)
from translators.openadr.wire import Descriptor, Program
from translators.units import parse_unit


@pytest.mark.parametrize(
    ("kind", "values", "binding"),
    [
        pytest.param(
            "CONTROL_SETPOINT",
            [{"x": 0.036, "y": 0.05}, {"x": 0.1, "y": 0.05}],
            {"control": "droop", "response_time_s": 5},
            id="points",
        ),
        pytest.param(LIMIT, ["9", 8], {"payload": LIMIT, "units": "KW"}, id="a text and a number"),
    ],
)
def test_several_values_where_one_is_read_are_refused(kind, values, binding):
    event = an_event(an_interval(a_payload(kind, *values)))
    (refusal,) = read(event, a_context(binding)).refusals
    assert refusal.problem == f"{kind} lists several values where one is read"


def test_several_texts_are_lines_of_one():
    event = an_event(an_interval(a_payload("ALERT_OTHER", "Stage 3", "until noon")))
    assert commands(event)[0].controls == (Alert("OTHER", "Stage 3; until noon"),)


def test_several_instructions_are_none_that_a_contract_knows():
    event = an_event(an_interval(a_payload("DISPATCH_INSTRUCTION", "CONNECT", "DISCONNECT")))
    contract = {"payload": "DISPATCH_INSTRUCTION", "control": "connect"}
    (refusal,) = read(event, a_context(contract)).refusals
    assert refusal.problem.startswith("is 'CONNECT; DISCONNECT', not one of")


def test_one_bad_payload_leaves_its_neighbours_alone():
    payloads = (a_payload(LIMIT, "a lot"), a_payload("EXPORT_CAPACITY_LIMIT", 5))
    result = read(an_event(an_interval(*payloads)))
    assert [control.on for control in result.value[0].controls] == [LimitOn.EXPORT]
    (refusal,) = result.refusals
    assert (refusal.where, refusal.rule) == (
        "intervals[0]/payloads[0]",
        "openadr.import_limit@1.0.0",
    )


def test_what_is_refused_alike_is_refused_once_and_counted():
    ((outcome, function, problem),) = refused(an_event(*[an_interval(a_payload("X_OWN", 1))] * 3))
    assert (outcome, function) == ("not_supported", "X_OWN")
    assert problem.startswith("X_OWN is no payload type of OpenADR 3 that stations follow")
    assert problem.endswith(" (and 2 more)")


def test_a_function_asked_for_twice_is_refused_the_second_time():
    payloads = (a_payload(LIMIT, 10), a_payload(LIMIT, 20))
    result = read(an_event(an_interval(*payloads)))
    assert [control.value.value for control in result.value[0].controls] == [10000]
    assert [(r.where, r.problem) for r in result.refusals] == [
        ("intervals[0]/payloads[1]", "the interval asks for this twice")
    ]


@pytest.mark.parametrize(
    ("kind", "values", "problem"),
    [
        ("CURVE", [{"x": 1, "y": 1}], "names no curve, axis, base or sign"),
        ("CONTROL_SETPOINT", [1], "says neither what it controls"),
        ("DISPATCH_INSTRUCTION", ["GO"], "a named action"),
        ("CONTROL_LEVEL_OFFSET", [3], "no contract says what a level is"),
        ("CONTROL_LEVEL_OFFSET_PERCENT", [-0.5], "no contract says what a level is"),
        ("CTA2045_REBOOT", [1], "stations are no CTA-2045 devices"),
        ("CTA2045_SET_OVERRIDE_STATUS", [1], "stations are no CTA-2045 devices"),
        ("CHARGE_STATE_SETPOINT", [0.8], "in units None is not known"),
        ("X_PRIVATE", [1], "nothing binds it"),
    ],
)
def test_what_means_nothing_by_itself_is_refused_with_the_reason(kind, values, problem):
    event = an_event(an_interval(a_payload(kind, *values)), payloadDescriptors=[])
    (refusal,) = read(event).refusals
    assert refusal.function == kind
    assert problem in refusal.problem


def test_a_contract_whose_reading_has_no_rule_is_refused():
    event = an_event(an_interval(a_payload("CURVE", {"x": 1, "y": 1})))
    (refusal,) = read(event, a_context({"curve": "volt_var"})).refusals
    assert refusal.problem == "CURVE read as CURVE.volt_var has no rule"


def test_a_contract_holds_for_its_program_and_payload_alone():
    event = an_event(an_interval(a_payload("DISPATCH_SETPOINT", -5)))
    contract = {"negative": "discharge"}
    assert read(event, a_context(contract)).value[0].controls == (
        ActiveSetpoint(Quantity(Fraction(5000), parse_unit("W"))),
    )
    for other in ({**contract, "program": "other"}, {**contract, "payload": "OTHER"}):
        assert read(event, a_context(other)).value == ()


def test_a_unit_comes_from_the_event_then_the_program_then_the_contract():
    bare = an_event(payloadDescriptors=[])
    program = Program("flex", "", {LIMIT: Descriptor("W")})
    contract = {"payload": LIMIT, "units": "KW"}

    def watts(event, **context):
        return commands(event, a_context(contract, **context))[0].controls[0].value.value

    assert watts(an_event(), program=program) == 10000
    assert watts(bare, program=program) == 10
    assert watts(bare) == 10000
    assert lost(bare, a_context(contract, program=program)) == []
    assert lost(bare, a_context(contract)) == ["binding"]


def test_a_contract_is_declared_once_even_where_it_states_the_unit_too():
    event = an_event(an_interval(a_payload("CONTROL_SETPOINT", 2)), payloadDescriptors=[])
    contract = {"control": "reactive_setpoint", "y_sign": "inject_positive", "units": "KVAR"}
    assert lost(event, a_context(contract)) == ["binding"]


@pytest.mark.parametrize(
    ("kind", "values", "policy", "control"),
    [
        ("ALERT_GRID_EMERGENCY", ["now"], {}, Alert("GRID_EMERGENCY", "now")),
        (
            "ALERT_GRID_EMERGENCY",
            ["now"],
            {"alert_grid_emergency": "log"},
            Alert("GRID_EMERGENCY", "now"),
        ),
        (
            "ALERT_GRID_EMERGENCY",
            [],
            {"alert_grid_emergency": "zero_envelope"},
            Energize(energized=False),
        ),
        ("SIMPLE", [2], {"simple_3": "zero_envelope"}, Alert("SIMPLE", "high")),
        ("SIMPLE", [3], {"simple_3": "zero_envelope"}, Energize(energized=False)),
        ("ALERT_WIND", ["gusts"], {}, Alert("WIND", "gusts")),
        ("PRICE", [0.17], {"price": "zero_envelope"}, Price(Fraction("0.17"), "?/KW")),
        ("IMPORT_CAPACITY_RESERVATION", [5], {}, Alert("IMPORT_CAPACITY_RESERVATION", "5 KW")),
    ],
)
def test_what_a_site_does_about_an_alert_is_its_policy(kind, values, policy, control):
    event = an_event(an_interval({"type": kind, "values": values}))
    assert commands(event, a_context(policy=policy))[0].controls == (control,)


def test_a_policy_without_a_rule_is_refused_and_not_logged():
    event = an_event(an_interval(a_payload("ALERT_WIND", "gusts")))
    (refusal,) = read(event, a_context(policy={"alert_wind": "zero_envelope"})).refusals
    assert refusal.problem == "ALERT_WIND read as ALERT_WIND.zero_envelope has no rule"
