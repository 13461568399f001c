"""Reports to a VTN: payloads, their frames and units, and the form of both editions."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from support.translation import F, an_evse, book
from translators.canonical.averages import Average
from translators.canonical.capability import Ratings, StationProfile
from translators.canonical.commands import Revision
from translators.canonical.status import Availability, StationStatus
from translators.canonical.telemetry import ControlOutcome, Quality
from translators.openadr.binding import binding_of
from translators.openadr.outbound import (
    Slot,
    Wanted,
    measured,
    payload,
    report,
    resource_attributes,
)
from translators.rules import facts
from translators.rules.book import link
from translators.units import Kind

START = datetime(2026, 11, 22, 12, 14, 28, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
OLD, NEW = Revision.OPENADR_3_0, Revision.OPENADR_3_1


def wanted(payload_type="READING", **changes):
    told = {"event": "1", "program": "0", "client": "gateway-1", "resource": "CS001-1"}
    return Wanted(payload_type, **{**told, **changes})


def a_mean(value, kind=Kind.POWER, *, quality=Quality.GOOD, start=START, duration=QUARTER):
    known = facts.measurement(Average(kind, Fraction(value), quality), start, duration.seconds)
    return Slot(start, duration, known)


def a_slot(known):
    return Slot(START, QUARTER, known)


def one(payload_type, slot, *, revision=NEW, **changes):
    """Return value and units of a report of one interval."""
    told = report(book(), revision, wanted(payload_type, **changes), [slot])
    assert told.refusals == ()
    (interval,) = told.value["resources"][0]["intervals"]
    said = interval["payloads"][0]
    assert said["type"] == payload_type
    return said["values"][0], told.value["payloadDescriptors"][0].get("units")


@pytest.mark.parametrize("revision", [OLD, NEW])
@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (Kind.POWER, -7000, (7, "KW")),
        (Kind.POWER, "7000.5", (-7, "KW")),
        (Kind.REACTIVE, 1500, (-1.5, "KVAR")),
        (Kind.VOLTAGE, "230.25", (230.25, "VOLTS")),
        (Kind.CURRENT, -16, (16, "AMPS")),
    ],
)
def test_a_reading_is_of_the_load_unless_a_contract_says_otherwise(revision, kind, value, told):
    assert one("READING", a_mean(value, kind), revision=revision) == told


@pytest.mark.parametrize(
    ("sign", "value"),
    [("export_positive", -7), ("inject_positive", -7), ("import_positive", 7)],
)
def test_the_contract_of_a_program_turns_a_reading(sign, value):
    bound = binding_of({"program": "0", "payload": "READING", "y_sign": sign})
    assert one("READING", a_mean(-7000), binding=bound) == (value, "KW")


@pytest.mark.parametrize(
    ("payload_type", "value", "told"),
    [("DEMAND", -7200, (7.2, "KW")), ("DEMAND", 0, (0, "KW")), ("USAGE", -7200, (1.8, "KWH"))],
)
def test_what_is_taken_is_usage_and_demand(payload_type, value, told):
    assert one(payload_type, a_mean(value)) == told


@pytest.mark.parametrize("payload_type", ["USAGE", "DEMAND"])
def test_what_is_given_is_neither_usage_nor_demand(payload_type):
    told = report(book(), NEW, wanted(payload_type), [a_mean(1)])
    assert told.value is None
    (refusal,) = told.refusals
    assert (refusal.outcome, refusal.function) == (ControlOutcome.NOT_APPLICABLE, payload_type)


def test_usage_confesses_that_no_register_was_read():
    told = report(book(), NEW, wanted("USAGE"), [a_mean(-7200)])
    assert [loss.kind for loss in told.losses] == ["approximate"]


def test_a_questionable_mean_is_reported_as_bad():
    told = report(book(), NEW, wanted(), [a_mean(-1000, quality=Quality.QUESTIONABLE)])
    (interval,) = told.value["resources"][0]["intervals"]
    assert interval["payloads"][1] == {"type": "DATA_QUALITY", "values": ["BAD"]}


def test_each_number_leaves_its_steps():
    told = report(book(), NEW, wanted(), [a_mean("-7000.25")])
    operations = [step.operation for step in told.steps if step.target == "READING/value"]
    assert operations == ["take", "unit W -> kW", "sign", "round 3 half_even"]
    assert [loss.residual for loss in told.losses] == ["0.00025"]


def the_capture(captures, name):
    text = (captures / "openadr" / name).read_text(encoding="utf-8")
    return json.loads(text.replace("PT15M", "PT900S").replace('"usage"', '"USAGE"'))


@pytest.mark.parametrize(
    ("revision", "name"),
    [
        (OLD, "vtn-reference-3.0.1/099_POST_reports.request.json"),
        (NEW, "vtn-reference-3.1.0-main/120_POST_reports.request.json"),
    ],
)
def test_a_report_has_the_form_that_the_reference_vtn_took(captures, revision, name):
    slots = [a_mean(-12800), a_mean(-8400, start=START + QUARTER)]
    assert report(book(), revision, wanted("USAGE"), slots).value == the_capture(captures, name)


def test_intervals_that_leave_a_gap_state_their_own_periods():
    slots = [a_mean(-1000), a_mean(1000), a_mean(-2000, start=START + 2 * QUARTER)]
    told = report(book(), NEW, wanted("DEMAND"), slots)
    first, second = told.value["resources"][0]["intervals"]
    assert first["intervalPeriod"] == {"start": "2026-11-22T12:14:28Z", "duration": "PT900S"}
    assert second["intervalPeriod"]["start"] == "2026-11-22T12:44:28Z"
    assert (first["id"], second["id"]) == (0, 1)
    assert len(told.refusals) == 1


def a_status(**known):
    return a_slot(facts.status(StationStatus(START, **{"connected": True, **known})))


@pytest.mark.parametrize(
    ("payload_type", "slot", "told"),
    [
        ("SETPOINT", a_status(setpoint=F(-5500)), (5.5, "KW")),
        ("STORAGE_CHARGE_LEVEL", a_status(state_of_charge=F("0.625")), (0.625, "PERCENT")),
        ("LOAD_SHED_DELTA_AVAILABLE", a_status(power=F(-11000)), (11, "KW")),
        (
            "UP_REGULATION_AVAILABLE",
            a_slot(facts.availability(Availability(START, up_w=F(17000)))),
            (17, "KW"),
        ),
        (
            "DOWN_REGULATION_AVAILABLE",
            a_slot(facts.availability(Availability(START, down_w=F("1999.9")))),
            (1.999, "KW"),
        ),
        (
            "GENERATION_DELTA_AVAILABLE",
            a_slot(facts.availability(Availability(START, inject_w=F(10000)))),
            (10, "KW"),
        ),
    ],
)
def test_what_a_station_does_and_could_do(payload_type, slot, told):
    assert one(payload_type, slot) == told


@pytest.mark.parametrize(
    ("known", "outcome", "state"),
    [
        ({}, None, "NORMAL"),
        ({"in_session": False}, None, "IDLE_NORMAL"),
        ({"in_session": True}, ControlOutcome.STARTED, "RUNNING_NORMAL"),
        ({"power": F(-7000)}, None, "RUNNING_NORMAL"),
        ({"power": F(0), "in_session": True}, None, "IDLE_NORMAL"),
        ({"power": F(-700), "curtailed": True}, ControlOutcome.STARTED, "RUNNING_CURTAILED"),
        ({"power": F(0), "curtailed": True}, None, "IDLE_CURTAILED"),
        ({"power": F(7000), "heightened": True}, None, "RUNNING_HEIGHTENED"),
        ({"power": F(0), "heightened": True}, None, "IDLE_HEIGHTENED"),
        ({"power": F(7000), "opted_out": True}, None, "RUNNING_OPTED_OUT"),
        ({"power": F(0)}, ControlOutcome.INVALID, "IDLE_OPTED_OUT"),
        ({"power": F(1)}, ControlOutcome.NOT_SUPPORTED, "RUNNING_OPTED_OUT"),
        ({}, ControlOutcome.LATE, "IDLE_OPTED_OUT"),
        ({"faulted": True, "power": F(1)}, None, "ERROR"),
        ({"connected": False}, ControlOutcome.STARTED, "ERROR"),
    ],
)
def test_the_operating_state_says_whether_a_command_is_followed(known, outcome, state):
    status = StationStatus(START, **{"connected": True, **known})
    assert one("OPERATING_STATE", a_slot(facts.status(status, outcome))) == (state, None)


def a_station(*ratings):
    evses = [an_evse(n) for n in range(1, 1 + len(ratings))]
    made = [type(evse)(evse.id, evse.current, 3, r) for evse, r in zip(evses, ratings, strict=True)]
    return StationProfile("CS1", "2.1", F(50), tuple(made))


FULL = Ratings(max_charge_rate_w=F(11000), max_discharge_rate_w=F(10000), energy_capacity=F(77000))


@pytest.mark.parametrize(
    ("payload_type", "told"),
    [
        ("STORAGE_MAX_CHARGE_POWER", (22, "KW")),
        ("STORAGE_MAX_DISCHARGE_POWER", (20, "KW")),
        ("STORAGE_USABLE_CAPACITY", (154, "KWH")),
    ],
)
def test_a_nameplate_is_reported_as_storage(payload_type, told):
    assert one(payload_type, a_slot(facts.nameplate(a_station(FULL, FULL)))) == told


@pytest.mark.parametrize("revision", [OLD, NEW])
@pytest.mark.parametrize(
    ("profile", "attributes"),
    [
        (a_station(FULL, FULL), {"MAX_POWER_CONSUMPTION": [22], "MAX_POWER_EXPORT": [20]}),
        (a_station(Ratings(max_charge_rate_w=F("7400.5"))), {"MAX_POWER_CONSUMPTION": [7.4]}),
        (a_station(FULL, Ratings()), {}),
    ],
)
def test_a_resource_says_what_its_station_takes_and_gives(revision, profile, attributes):
    told = resource_attributes(book(), revision, profile).value
    assert {item["type"]: item["values"] for item in told} == attributes


@pytest.mark.parametrize(
    ("payload_type", "units", "kind"),
    [
        ("READING", "", Kind.POWER),
        ("READING", "KVAR", Kind.REACTIVE),
        ("READING", "VOLTS", Kind.VOLTAGE),
        ("READING", "KVA", None),
        ("USAGE", "KWH", Kind.POWER),
        ("SETPOINT", "", None),
        ("BASELINE", "", None),
    ],
)
def test_units_say_which_quantity_is_asked_for(payload_type, units, kind):
    assert measured(book(), NEW, wanted(payload_type, units=units)) is kind


@pytest.mark.parametrize(
    ("payload_type", "units", "slot", "outcome", "problem"),
    [
        ("BASELINE", "", a_mean(1), "not_supported", "no rule tells it"),
        ("SETPOINT", "", a_mean(1), "not_supported", "no rule tells it of measurement"),
        ("DEMAND", "KWH", a_mean(-1), "not_applicable", "is told in KW, not in KWH"),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_reason(payload_type, units, slot, outcome, problem):
    told = payload(book(), NEW, wanted(payload_type, units=units), slot.facts)
    assert told.value is None
    assert [(item.outcome, item.problem) for item in told.refusals] == [(outcome, problem)]


def test_a_report_may_have_a_name_of_its_own():
    told = report(book(), NEW, wanted("DEMAND", name="DEMAND/1"), [a_mean(-1)])
    assert told.value["reportName"] == "DEMAND/1"


def test_what_is_not_known_leaves_a_report_due():
    told = report(book(), NEW, wanted("SETPOINT"), [a_status()])
    assert told.value is None
    assert [loss.kind for loss in told.losses] == ["drop"]


def test_a_book_without_rules_for_resources_says_so():
    told = resource_attributes(link({}, {}), NEW, a_station(FULL))
    assert told.value == []
    assert [loss.detail for loss in told.losses] == ["no rule tells it"]


def test_a_book_without_quality_reports_the_value_alone():
    files = {"t.yaml": DEMAND_ONLY}
    told = report(link(files, {}), NEW, wanted("DEMAND"), [a_mean(-1000)])
    (interval,) = told.value["resources"][0]["intervals"]
    assert interval["payloads"] == [{"type": "DEMAND", "values": [1000]}]


DEMAND_ONLY = """
apiVersion: dergate/mapping.v1
kind: ReportMapping
metadata: {id: t.demand, version: 1.0.0, cites: [here]}
report: {protocol: openadr, revisions: ["3.1"], document: DEMAND}
facts: measurement
match: {kind: W}
emit:
  value: {from: mean, unit: W, negate: true}
tests:
  - {name: t, given: {mean: -1}, expect: {value: 1}}
"""
