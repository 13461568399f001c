"""The device model: a value that reports replace or add to, and events change."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.settings.packs import shipped_book
from gateway.stations.device_model import (
    MOST_VARIABLES,
    DeviceModel,
    Variable,
    instant_of,
    kept_names,
    named,
    place_of,
    read_names,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
NAMES = {"DCDERCtrlr": frozenset({"MaxW", "ModesSupported"}), "EVSE": frozenset({"Power"})}
MAX_W = Variable("DCDERCtrlr", "MaxW", 1)
MODES = Variable("DCDERCtrlr", "ModesSupported", 1)


def an_item(variable, *values, watchable=None):
    attributes = [v if isinstance(v, dict) else {"value": v} for v in values]
    item = {**variable.where(), "variableAttribute": attributes}
    if watchable is not None:
        item["variableCharacteristics"] = {"dataType": "string", "supportsMonitoring": watchable}
    return item


def a_model(*items, at=NOON, whole=True, before=None):
    return (before or DeviceModel()).reported(items, NAMES, at, whole=whole)


@pytest.mark.parametrize(
    ("number", "place"),
    [(None, None), (0, 0), (2.0, 2), (1e22, 2**31 - 1), (-1e22, 1 - 2**31)],
)
def test_the_number_of_a_place_fits_every_store(number, place):
    found = place_of(number)
    assert (type(found), found) == (type(place), place)


def test_a_report_is_kept_as_far_as_it_is_used():
    model = a_model(
        an_item(MAX_W, "22000"),
        an_item(Variable("Fridge", "Light"), "on"),
        an_item(Variable("EVSE", "Available", 1), "true"),
    )
    assert model.values == {MAX_W: "22000"}


def test_the_actual_value_counts():
    targets = {"type": "Target", "value": "1"}, {"type": "Actual", "value": "2"}
    assert a_model(an_item(MAX_W, *targets)).values == {MAX_W: "2"}
    assert a_model(an_item(MAX_W, {"type": "Target", "value": "1"})).values == {}
    assert a_model(an_item(MAX_W, {"mutability": "WriteOnly"})).values == {}


def test_a_whole_report_replaces_and_a_part_adds():
    before = a_model(an_item(MAX_W, "22000", watchable=True), an_item(MODES, "VoltVar"))
    whole = a_model(an_item(MODES, "FixedVar"), before=before, at=LATER)
    assert (whole.values, whole.watchable, whole.as_of) == ({MODES: "FixedVar"}, set(), LATER)
    part = a_model(an_item(MODES, "FixedVar", watchable=True), before=before, at=LATER, whole=False)
    assert part.values == {MAX_W: "22000", MODES: "FixedVar"}
    assert (part.watchable, part.as_of) == ({MAX_W, MODES}, NOON)


def test_a_report_changes_no_value_that_somebody_holds():
    before = a_model(an_item(MAX_W, "22000"))
    a_model(an_item(MAX_W, "1"), before=before)
    before.changed(MAX_W, "2", LATER)
    assert before.values == {MAX_W: "22000"}


def test_a_change_is_a_new_value():
    before = a_model(an_item(MAX_W, "22000"))
    after = before.changed(MAX_W, "9000", LATER)
    assert (after.values[MAX_W], after.changed_at) == ("9000", {MAX_W: LATER})


def test_what_is_older_than_the_report_changes_nothing():
    before = a_model(an_item(MAX_W, "22000"))
    assert before.changed(MAX_W, "9000", NOON - timedelta(seconds=1)) is before


def test_what_is_said_again_is_newer_than_what_overtakes_it():
    before = a_model(an_item(MAX_W, "22000"))
    again = before.changed(MAX_W, "22000", LATER)
    assert again.values is before.values
    assert again.changed(MAX_W, "9000", LATER - timedelta(seconds=1)) is again


def test_events_that_overtake_each_other_leave_the_newest():
    model = a_model(an_item(MAX_W, "1"), an_item(MODES, "VoltVar"))
    newest = model.changed(MAX_W, "3", LATER)
    assert newest.changed(MAX_W, "2", LATER - timedelta(seconds=1)) is newest
    assert newest.changed(MODES, "", LATER - timedelta(seconds=1)).values[MODES] == ""


def test_an_event_without_an_instant_counts():
    assert a_model(an_item(MAX_W, "1")).changed(MAX_W, "2", None).values[MAX_W] == "2"


def test_a_whole_report_is_newer_than_the_events_before_it():
    model = a_model(an_item(MAX_W, "1")).changed(MAX_W, "2", LATER)
    again = a_model(an_item(MAX_W, "3"), before=model, at=LATER + timedelta(minutes=1))
    assert again.changed_at == {}
    assert again.changed(MAX_W, "2", LATER) is again


def test_the_model_reads_as_a_report():
    items = [an_item(MAX_W, "22000"), an_item(Variable("EVSE", "Power", 1), "0")]
    assert list(a_model(*items).items()) == items


def many(count, before=0):
    return [
        an_item(MAX_W._replace(evse=n), "1", watchable=True) for n in range(before, before + count)
    ]


def test_a_report_without_end_is_kept_up_to_a_bound():
    model = a_model(*many(MOST_VARIABLES + 5))
    assert len(model.values) == len(model.watchable) == MOST_VARIABLES
    more = model.changed(MAX_W._replace(evse=5000), "2", LATER)
    assert more is model
    assert model.changed(MAX_W._replace(evse=7), "2", LATER).values[MAX_W._replace(evse=7)] == "2"


def test_parts_that_add_up_without_end_are_kept_up_to_a_bound():
    model = a_model(*many(MOST_VARIABLES))
    model = a_model(*many(10, before=2000), before=model, whole=False)
    assert len(model.values) == len(model.watchable) == 10


@pytest.mark.parametrize(
    ("switch", "value", "modes"),
    [
        (Variable("DCDERCtrlr", "Enabled", 1), "false", ""),
        (Variable("DCDERCtrlr", "Available", 1), "false", ""),
        (Variable("DCDERCtrlr", "Enabled"), "false", ""),
        (Variable("DCDERCtrlr", "Enabled", 2), "false", "VoltVar"),
        (Variable("ACDERCtrlr", "Enabled", 1), "false", "VoltVar"),
        (Variable("DCDERCtrlr", "Enabled", 1), "true", "VoltVar"),
    ],
)
def test_what_is_switched_off_has_ratings_and_no_modes(switch, value, modes):
    model = DeviceModel({MODES: "VoltVar", MAX_W: "9000", switch: value})
    found = dict(model.in_force())
    assert (found[MODES], found[MAX_W]) == (modes, "9000")


def test_names_keep_instance_and_connector_and_are_one_object():
    item = {
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 2}},
        "variable": {"name": "AvailabilityState", "instance": "a"},
    }
    variable = named(item)
    assert variable == Variable("Connector", "AvailabilityState", 1, "a", 2)
    assert variable.where() == item
    assert named(item) is variable


@pytest.mark.parametrize(
    ("value", "number"),
    [("4", 4), ("0", 0), ("-1", None), ("many", None), ("9" * 10, None), ("", None)],
)
def test_a_count_is_a_number_that_makes_sense(value, number):
    most = Variable("EVSE", "Power")
    assert a_model(an_item(most, value)).number("EVSE", "Power") == number
    assert DeviceModel().number("EVSE", "Power") is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-01T12:00:00Z", NOON),
        ("2026-12-01T13:00:00+01:00", NOON),
        ("2026-12-01T12:00:00", NOON),
        ("noon", None),
        ("0001-01-01T00:00:00+23:00", None),
        (None, None),
    ],
)
def test_an_instant_is_utc_or_none(text, instant):
    assert instant_of(text) == instant


def test_what_rules_read_is_kept_with_the_switches_of_its_component():
    book = shipped_book()
    read = read_names(book, "2.1")
    assert {"MaxW", "ModesSupported", "Enabled", "Available"} <= read["ACDERCtrlr"]
    assert read["DCDERCtrlr"] == read["ACDERCtrlr"]
    assert {"DCDERCtrlr", "ACDERCtrlr", "V2XChargingCtrlr", "SmartChargingCtrlr"} <= read.keys()
    assert "V2XChargingCtrlr" not in read_names(book, "2.0.1")
    assert kept_names(book, "2.1")["MonitoringCtrlr"] >= {"MaxPeriodicEventStreams"}


def test_a_place_has_a_whole_number_however_json_writes_it():
    evse = {"id": 3.0, "connectorId": 2.0}
    found = named({"component": {"name": "Rare", "evse": evse}, "variable": {"name": "Rarer"}})
    assert (type(found.evse), type(found.connector)) == (int, int)
    assert (found.evse, found.connector) == (3, 2)
