"""What a client reads: attributes by the nearest profile's rule, and AddCause."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from support.operated import CEI, ED2, MESA, NL, PROFILES
from support.translation import a_station, an_evse, book
from translators.canonical.status import StationStatus
from translators.canonical.telemetry import ControlOutcome, GridFault
from translators.chain import load_book
from translators.errors import MappingError
from translators.iec61850.outbound import add_cause, attributes
from translators.rules.facts import Facts, nameplate, status

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def told(profile, node, facts):
    return {member.path: member.value for member in attributes(book(), profile, node, facts).value}


def measured(kind, value, **more):
    known = {
        "kind": kind,
        "mean": Fraction(value),
        "phase": "all",
        "quality": "good",
        "start": NOON,
    }
    return Facts("measurement", {**known, **more})


@pytest.mark.parametrize(
    ("profile", "value"), [(ED2, 3500), (NL, 3500), (MESA, 3500), (CEI, Fraction(7, 2))]
)
def test_power_feeds_in_with_a_plus_in_the_unit_of_the_profile(profile, value):
    assert told(profile, "MMXU", measured("W", 3500))["TotW.mag.f"] == value
    assert told(profile, "MMXU", measured("W", -3500))["TotW.mag.f"] == -value


@pytest.mark.parametrize("profile", PROFILES)
def test_a_frequency_is_in_hertz_in_every_profile(profile):
    assert told(profile, "MMXU", measured("Hz", "49.98")) == {
        "Hz.mag.f": Fraction("49.98"),
        "Hz.q": "good",
        "Hz.t": "2026-12-01T12:00:00Z",
    }


def test_ratings_are_those_of_the_whole_station():
    station = a_station(an_evse(1), an_evse(2))
    assert told(ED2, "DGEN", nameplate(station))["WMaxRtg.setMag.f"] == 32000
    assert told(CEI, "DPCC", nameplate(station))["VArRtg.setMag.f"] == 20
    assert told(CEI, "DSTO", nameplate(station))["ChaWMaxRtg.setMag.f"] == 44000


def test_a_state_is_told_of_the_moment():
    facts = status(StationStatus(NOON, connected=True, in_session=True))
    assert told(MESA, "DGEN.DEROpSt", facts)["DEROpSt.stVal"] == 6


@pytest.mark.parametrize(("number", "fault"), list(enumerate(GridFault, start=1)))
def test_every_fault_has_its_own_alarm(number, fault):
    facts = status(StationStatus(NOON, connected=True, alarms=frozenset({fault})))
    raised = [path for path, value in told(ED2, "GGIO", facts).items() if value is True]
    assert raised == [f"Alm{number}.stVal"]


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (ControlOutcome.RECEIVED, 25),
        (ControlOutcome.STARTED, 25),
        (ControlOutcome.COMPLETED, 25),
        (ControlOutcome.OPTED_OUT, 2),
        (ControlOutcome.OPTED_IN, 25),
        (ControlOutcome.COMPLETED_OPTED_OUT, 2),
        (ControlOutcome.COMPLETED_OPTED_IN, 25),
        (ControlOutcome.NO_PARTICIPATION, 16),
        (ControlOutcome.CANCELLED, 15),
        (ControlOutcome.SUPERSEDED, 24),
        (ControlOutcome.OUTRANKED, 24),
        (ControlOutcome.OVERRULED, 27),
        (ControlOutcome.NOT_SUPPORTED, 1),
        (ControlOutcome.NOT_APPLICABLE, 9),
        (ControlOutcome.INVALID, 26),
        (ControlOutcome.LATE, 16),
    ],
)
def test_an_outcome_ends_a_command_with_its_cause(outcome, cause):
    assert {add_cause(book(), profile, outcome) for profile in PROFILES} == {cause}


@pytest.mark.parametrize("outcome", ControlOutcome)
def test_a_termination_is_positive_where_there_is_no_cause_against_it(outcome):
    ends = told(ED2, "CommandTermination", Facts("outcome", {"outcome": outcome.value}))
    assert ends["positive"] is (ends["addCause"] == 25)


def test_a_node_that_no_profile_tells_is_named():
    with pytest.raises(MappingError, match="no rule of profile nl-rti tells status"):
        attributes(book(), NL, "DXXX", Facts("status", {}))


def test_a_cause_that_a_rule_spells_out_is_no_number():
    profile = """
apiVersion: dergate/mapping.v1
kind: Profile
metadata: {id: iec61850.t, version: 1.0.0, cites: ["IEC 61850-7-2 Control"]}
profile: t
---
apiVersion: dergate/mapping.v1
kind: ReportMapping
metadata: {id: iec61850.c, version: 1.0.0, cites: ["IEC 61850-7-2 AddCause"]}
report: {protocol: iec61850, revisions: [t], document: CommandTermination}
facts: outcome
emit: {addCause: {const: none}}
tests:
  - {name: a, given: {}, expect: {addCause: none}}
"""
    with pytest.raises(MappingError, match="is no number"):
        add_cause(load_book({"t.yaml": profile}), "t", ControlOutcome.LATE)
