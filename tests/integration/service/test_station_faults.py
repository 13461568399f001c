"""Every fault of a station, against a whole gateway: what its utility was told, and what was kept of it."""

from dataclasses import dataclass, replace

import pytest

from gateway.simulators.station import Personality
from gateway.simulators.station_dialect import Dialect
from support.fault_play import (
    Fault,
    droop_beside_a_setpoint,
    high_voltage_trip,
    import_limit,
    play_once,
    setpoint,
)

SET = frozenset({"SetDERControl"})
TWICE = frozenset({"SetDERControl", "NotifyDERStartStop"})
IGNORES = frozenset({"FixedPFInject"})
OLD = {"versions": ("ocpp2.0.1",)}
CHARGES = {"demand_w": 9_000, "discharge_w": 0}

FOLLOWED, REFUSED, NEVER_STARTED, IGNORED = [1, 2, 3], [1, 252], [1, 10], [1, 2, 10]
"""Received, started, completed; not applicable (2018 knows no 251); completed without participation."""


@dataclass(frozen=True)
class Case:
    """A fault; the Responses; what the audit has and has not; watts and var two seconds before the end."""

    fault: Fault
    responses: list
    audit: tuple = ()
    never: tuple = ()
    watts: float | None = 10_000
    var: float | None = -3_287


def wrong(**reading):
    return Personality(dialect=Dialect(**reading))


DROPS = "drops the line instead of an answer"
"""What it holds in the end depends on where its line broke last."""
UNANSWERED = ("control.unanswered", "control.read_back")
NOTICED = ("control.not_followed",)
DROOPING = Fault(wrong(droop="percent"), asks=droop_beside_a_setpoint, grid={"frequency_hz": 50.2})
RAMPING = Fault(
    wrong(gradient="seconds_full_scale"),
    asks=setpoint,
    settings={"setGradW": 10_000},
    options={"discharge_w": 0},
)
TRIPPING = Fault(wrong(trip_axes="time_x"), asks=high_voltage_trip, grid={"voltage_pu": 1.16})
CODES = (
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormatViolation",
    "PropertyConstraintViolation",
    "OccurrenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
    "MessageTypeNotSupported",
    "RpcFrameworkError",
)
CASES = {
    "sound": Case(Fault(), FOLLOWED, ("control.accepted",), ("control.unanswered", *NOTICED)),
    "silent": Case(Fault(Personality(silent=SET)), FOLLOWED, UNANSWERED),
    "slow": Case(Fault(Personality(late_s={"SetDERControl": 4})), FOLLOWED, UNANSWERED),
    "answers under a wrong id": Case(Fault(Personality(wrong_id=SET)), FOLLOWED, UNANSWERED),
    "answers no JSON": Case(Fault(Personality(garbles=SET)), FOLLOWED, UNANSWERED),
    "answers against the schema": Case(
        Fault(Personality(answers={"SetDERControl": {"status": "Sure"}})),
        FOLLOWED,
        ("answer.unusable", *UNANSWERED),
        ("control.refused",),
    ),
    "answers and tells twice": Case(Fault(Personality(twice=TWICE)), FOLLOWED),
    DROPS: Case(
        Fault(Personality(disconnects=SET)),
        NEVER_STARTED,
        ("station.disconnected", *UNANSWERED),
        watts=None,
        var=None,
    ),
    "refuses": Case(
        Fault(Personality(rejects=SET)), REFUSED, ("control.refused", "command.refused"), var=0
    ),
    "lacks the function": Case(
        Fault(Personality(unsupported=SET)), REFUSED, ("control.refused",), var=0
    ),
    **{
        f"CALLERROR {code}": Case(
            Fault(Personality(errors={"SetDERControl": code})),
            REFUSED,
            ("control.refused", "command.refused"),
            var=0,
        )
        for code in CODES
    },
    "reboots": Case(Fault(reboots=True), FOLLOWED, ("station.disconnected",)),
    "reboots and tells its starts again": Case(
        Fault(Personality(replays_notices=True), reboots=True), FOLLOWED
    ),
    "reboots and forgets": Case(
        Fault(Personality(forgets_on_reboot=True), reboots=True), FOLLOWED, ("control.read_back",)
    ),
    "accepts and does nothing": Case(Fault(Personality(ignores=IGNORES)), IGNORED, NOTICED, var=0),
    "does nothing, and no meter tells": Case(
        Fault(Personality(ignores=IGNORES, mute_meter=True)), FOLLOWED, (), NOTICED, var=0
    ),
    "tells no start": Case(Fault(Personality(mute_notices=True)), NEVER_STARTED, (), NOTICED),
    "tells late": Case(Fault(Personality(late_notices_s=5)), FOLLOWED, (), NOTICED),
    "a clock ahead": Case(Fault(Personality(clock_off_s=1)), FOLLOWED, (), NOTICED),
    "a clock behind": Case(Fault(Personality(clock_off_s=-6)), FOLLOWED, (), NOTICED),
    "half seconds in its composite schedule": Case(
        Fault(Personality(fractional_periods=True), import_limit, CHARGES),
        FOLLOWED,
        ("answer.unusable", "control.read_back"),
        watts=-4_000,
        var=0,
    ),
    "excitation inverted, not declared": Case(
        Fault(wrong(excitation="inverted")), IGNORED, NOTICED, var=3_287
    ),
    "excitation inverted, declared": Case(
        Fault(wrong(excitation="inverted"), dialect={"excitation": "inverted"}),
        FOLLOWED,
        (),
        NOTICED,
    ),
    "droop in per cent, not declared": Case(DROOPING, IGNORED, NOTICED, watts=-22_000, var=0),
    "droop in per cent, declared": Case(
        replace(DROOPING, dialect={"droop": "percent"}), FOLLOWED, (), NOTICED, 6_557, 0
    ),
    "gradient in seconds, not declared": Case(RAMPING, IGNORED, NOTICED, watts=None, var=0),
    "gradient in seconds, declared": Case(
        replace(RAMPING, dialect={"gradient": "seconds_full_scale"}),
        FOLLOWED,
        (),
        NOTICED,
        15_000,
        0,
    ),
    "trips by time on x, not declared": Case(TRIPPING, IGNORED, NOTICED, var=0),
    "trips by time on x, declared": Case(
        replace(TRIPPING, dialect={"trip_axes": "time_x"}),
        FOLLOWED,
        ("station.alarm",),
        NOTICED,
        0,
        0,
    ),
    "OCPP 2.0.1, asked for a power factor": Case(
        Fault(options=OLD), REFUSED, ("command.refused",), ("control.dispatched",), var=0
    ),
    "OCPP 2.0.1, asked for a limit": Case(
        Fault(asks=import_limit, options=OLD | CHARGES), FOLLOWED, watts=-4_000, var=0
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return what came of every fault, played at one time against one gateway."""
    faults = {name: case.fault for name, case in CASES.items()}
    return play_once(tmp_path_factory, faults)


@pytest.mark.parametrize("name", CASES)
def test_the_utility_is_told_what_became_of_its_event(told, name):
    assert told[name].responses == CASES[name].responses


@pytest.mark.parametrize("name", CASES)
def test_the_audit_says_what_happened(told, name):
    case, kinds = CASES[name], {record["kind"] for record in told[name].audit}
    assert set(case.audit) <= kinds
    assert kinds.isdisjoint(case.never)


STATES = {3: "completed", 10: "unfollowed", 252: "closed"}


@pytest.mark.parametrize("name", CASES)
def test_the_command_ends_as_it_was_told(told, name):
    assert told[name].state == STATES[CASES[name].responses[-1]]


MEASURED = [name for name, case in CASES.items() if {case.watts, case.var} != {None}]
"""Those of which it is known what flows."""


@pytest.mark.parametrize("name", MEASURED)
def test_the_power_is_what_the_station_makes_of_it(told, name):
    case, found = CASES[name], told[name]
    if case.watts is not None:
        assert found.watts == pytest.approx(case.watts, abs=400)
    if case.var is not None:
        assert found.var == pytest.approx(case.var, abs=100)


@pytest.mark.parametrize("name", CASES)
def test_derstatus_tells_a_fault_exactly_while_something_is_not_followed(told, name):
    noticed = "control.not_followed" in CASES[name].audit
    assert told[name].faults == ([False, True, False] if noticed else [False])


@pytest.mark.parametrize("name", CASES)
def test_derstatus_tells_the_alarms_of_the_station(told, name):
    over_voltage = 1 << 1
    tripped = "station.alarm" in CASES[name].audit
    assert told[name].alarms[:2] == ([0, over_voltage] if tripped else [0])


@pytest.mark.parametrize("name", sorted(CASES.keys() - {DROPS}))
def test_nothing_is_left_of_what_was_refused_and_all_else_was_held(told, name):
    """What the station lets go by itself stays in the ledger until it has swept for sure (R04.FR.10)."""
    left = [entry["state"] for entry in told[name].ledger if not entry["is_default"]]
    der = any("SetDERControl" in call for call in told[name].asked)
    refused = CASES[name].responses == REFUSED
    assert set(left) <= {"held"}
    assert not (refused and left)
    assert bool(left) is (der and not refused) or CASES[name].fault.settings


def test_a_fault_says_what_was_measured_and_what_should_be(told):
    (record,) = told["excitation inverted, not declared"].audited("control.not_followed")
    details = record["details"]
    assert details["measured"] == pytest.approx(3_287, abs=5)
    assert details["low"] < -3_287 < details["high"] < 1_500
    assert details["unit"] == "var"


def test_who_forgot_is_told_again_and_who_did_not_is_left_alone(told):
    assert told["reboots and forgets"].asked.count("SetDERControl") == 2
    assert told["reboots"].asked.count("SetDERControl") == 1


def test_a_refusal_carries_the_code_of_the_station(told):
    for code in CODES:
        (record,) = told[f"CALLERROR {code}"].audited("control.refused")
        assert code in record["details"]["reason"]
