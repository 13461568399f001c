"""Responses, registration and status: the tables, one case for each line."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from support.upward import der_availability, der_status, end_device, response, status_code
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome, GridFault

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
OLD, NEW = Revision.IEEE2030_5_2018, Revision.IEEE2030_5_2023


@pytest.mark.parametrize(
    ("outcome", "old", "new"),
    [
        (ControlOutcome.RECEIVED, 1, 1),
        (ControlOutcome.STARTED, 2, 2),
        (ControlOutcome.COMPLETED, 3, 3),
        (ControlOutcome.OPTED_OUT, 4, 4),
        (ControlOutcome.OPTED_IN, 5, 5),
        (ControlOutcome.CANCELLED, 6, 6),
        (ControlOutcome.SUPERSEDED, 7, 7),
        (ControlOutcome.COMPLETED_OPTED_OUT, 8, 8),
        (ControlOutcome.COMPLETED_OPTED_IN, 9, 9),
        (ControlOutcome.OUTRANKED, 7, 7),
        (ControlOutcome.NO_PARTICIPATION, 10, 10),
        (ControlOutcome.OVERRULED, 13, 13),
        (ControlOutcome.NOT_SUPPORTED, 252, 251),
        (ControlOutcome.NOT_APPLICABLE, 252, 252),
        (ControlOutcome.INVALID, 253, 253),
        (ControlOutcome.LATE, 254, 254),
    ],
)
def test_the_code_of_every_outcome(outcome, old, new):
    assert (status_code(outcome, OLD), status_code(outcome, NEW)) == (old, new)


def test_no_outcome_is_forgotten():
    assert {status_code(outcome, NEW) for outcome in ControlOutcome} == {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 251, 252, 253, 254,
    }  # fmt: skip


def texts(resource):
    return {child.name: child.text for child in resource.children}


def test_a_response_of_2018_names_device_event_and_time():
    made = response(
        ControlOutcome.STARTED, OLD, mrid="AB", lfdi=LFDI, created=AT + timedelta(seconds=0.9)
    )
    assert made.name == "DERControlResponse"
    assert texts(made) == {
        "createdDateTime": str(int(AT.timestamp())),
        "endDeviceLFDI": LFDI,
        "status": "2",
        "subject": "AB",
    }


def test_a_response_of_2023_names_the_modes():
    elements = ("opModConnect", "opModMaxLimWInject", "rampTms", "opModImpLimW")
    made = response(
        ControlOutcome.STARTED, NEW, mrid="AB", lfdi=LFDI, created=AT, elements=elements
    )
    assert texts(made)["modesResponded"] == "00000004"
    assert texts(made)["modesResponded2"] == "00000100"


def test_registration_says_evse():
    made = texts(end_device(OLD, LFDI, AT))
    assert made["deviceCategory"] == "00020000"
    assert (made["lFDI"], made["sFDI"]) == (LFDI, "167261211391")


ALARMS = list(GridFault)


@pytest.mark.parametrize(("bit", "fault"), list(enumerate(ALARMS)))
def test_each_alarm_has_its_bit(bit, fault):
    made = der_status(OLD, connected=True, alarms=frozenset({fault}), at=AT)
    assert made.text_at("alarmStatus") == f"{1 << bit:08X}"


@pytest.mark.parametrize(
    ("revision", "connected", "present", "absent"),
    [
        pytest.param(OLD, True, "genConnectStatus", "connectStatus", id="2018"),
        pytest.param(NEW, True, "connectStatus", "genConnectStatus", id="2023"),
    ],
)
def test_the_connection_is_told_in_the_words_of_the_revision(revision, connected, present, absent):
    made = der_status(revision, connected=connected, alarms=frozenset(), at=AT)
    assert made.text_at(f"{present}/value") == "03"
    assert made.first(absent) is None
    assert made.text_at("operationalModeStatus/value") == "2"


@pytest.mark.parametrize("revision", [OLD, NEW])
def test_a_silent_station_says_nothing_of_its_contacts(revision):
    made = der_status(revision, connected=False, alarms=frozenset(), at=AT)
    assert [child.name for child in made.children] == [
        "alarmStatus",
        "operationalModeStatus",
        "readingTime",
    ]
    assert made.text_at("operationalModeStatus/value") == "0"


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"power": -7000}, {"genConnectStatus": "07", "inverterStatus": "4", "storageModeStatus": "0"}),
        ({"power": 7000}, {"genConnectStatus": "07", "inverterStatus": "4", "storageModeStatus": "1"}),
        ({"power": 0}, {"genConnectStatus": "03", "inverterStatus": "3", "storageModeStatus": "2"}),
        ({"faulted": True}, {"genConnectStatus": "13", "inverterStatus": "7"}),
        ({"state_of_charge": Fraction(5, 8)}, {"genConnectStatus": "03", "stateOfChargeStatus": "6250"}),
        ({"opted_out": True}, {"genConnectStatus": "03", "localControlModeStatus": "0"}),
        ({"opted_out": False}, {"genConnectStatus": "03", "localControlModeStatus": "1"}),
    ],
)  # fmt: skip
def test_what_is_known_of_a_station_is_told(known, told):
    known = {name: Fraction(v) if name == "power" else v for name, v in known.items()}
    made = der_status(OLD, connected=True, alarms=frozenset(), at=AT, **known)
    values = {child.name: child.text_at("value") for child in made.children if child.children}
    assert values == {"operationalModeStatus": "2", **told}
    times = {child.text_at("dateTime") for child in made.children if child.children}
    assert times == {str(int(AT.timestamp()))}


@pytest.mark.parametrize(
    ("revision", "names"),
    [
        (OLD, ["readingTime", "statVarAvail", "statWAvail"]),
        (NEW, ["readingTime", "statVarAbsorbAvail", "statVarAvail", "statWAbsorbAvail", "statWAvail"]),
    ],
)  # fmt: skip
def test_availability_is_told_in_the_words_of_the_revision(revision, names):
    known = {
        f"{way}_{unit}": Fraction(40000) for way in ("inject", "absorb") for unit in ("w", "var")
    }
    told = der_availability(revision, at=AT, **known)
    assert [child.name for child in told.value.children] == names
    assert told.value.text_at("statWAvail/value") == "4000"
    assert told.value.text_at("statWAvail/multiplier") == "1"
    assert told.losses == ()


def test_a_reserve_is_never_promised_beyond_what_it_is():
    told = der_availability(OLD, at=AT, duration=Fraction("59.9"), reserve=Fraction("45.678"))
    assert told.value.text_at("availabilityDuration") == "59"
    assert told.value.text_at("reservePercent") == "4567"
    assert [loss.kind for loss in told.losses] == ["round", "round"]
