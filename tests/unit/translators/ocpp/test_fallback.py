"""Each cell of the fallback table does what it says, at a station of its column."""

from dataclasses import replace

import pytest

from gateway.settings.mappings import mapping_files
from support.columns import CHARGES_NOW, CHARGING, STATIONS, carried, control_of
from support.translation import (
    EVERY_CONTROL,
    a_command,
    a_station,
    an_evse,
    book,
    kinds,
    limit,
    q,
    translated,
    trip,
)
from translators.canonical.controls import (
    Flow,
    ReactiveLimit,
    function_of,
)
from translators.chain import load_book, to_station
from translators.errors import MappingError
from translators.ocpp.fallback import carrier, cell_for, lies_in
from translators.rules.fallback_schema import COLUMNS, Cell, Fallback
from translators.rules.values import Unmet

(TABLE,) = book().of(Fallback)

CELLS = [
    pytest.param(row, column, cell, id=f"{row.name}-{column}")
    for row in TABLE.rows
    for column, cell in row.cells()
]


@pytest.mark.parametrize(("row", "column", "cell"), CELLS)
def test_a_cell_does_what_it_says(row, column, cell):
    control = control_of(row)
    made = carried(control, column)
    function = function_of(control)
    told = {f for m in made.value.messages for f in m.functions}
    refused = {r.function: r.outcome.value for r in made.refusals}
    if cell.refused is not None:
        assert refused == {function: cell.refused}
        assert "unsupported" in kinds(made)
    elif cell.carried == "followed":
        assert (function in made.value.vacuous, told, kinds(made)) == (True, set(), [])
    else:
        assert function in told | set(made.value.vacuous)
        assert not refused
        assert ("approximate" in kinds(made)) is (cell.carried == "approximate")


@pytest.mark.parametrize(("row", "column", "cell"), CELLS)
def test_a_cell_is_carried_by_the_rule_that_it_names(row, column, cell):
    control = control_of(row)
    if cell.refused is not None:
        with pytest.raises(Unmet) as caught:
            carrier(book(), STATIONS[column], control)
        assert caught.value.problem == cell.reason
        return
    rule = carrier(book(), STATIONS[column], control)
    assert ("" if rule is None else rule.model.metadata.id) == cell.by


@pytest.mark.parametrize("column", COLUMNS)
def test_a_station_lies_in_its_column(column):
    assert lies_in(STATIONS[column], column)


def test_a_station_that_lacks_one_control_type_is_served_from_the_next_column():
    station = a_station(an_evse(modes={"VoltVar"}))
    row = next(row for row in TABLE.rows if row.control == "FreqWatt")
    column, cell, rule = cell_for(book(), row, station, control_of(row))
    assert (column, cell.by, rule.name) == ("v2x", *["ocpp21.freq_watt_local"] * 2)


def test_a_station_rated_to_discharge_is_not_taken_for_one_that_cannot():
    """Without V2X modes nothing holds an export limit at it, so it is refused and not called followed."""
    station = a_station(an_evse(modes=(), v2x=()))
    made = translated(limit("export", "5000 W"), station=station)
    assert [r.outcome.value for r in made.refusals] == ["not_supported"]
    assert made.value.vacuous == ()


TEXT = mapping_files()["ocpp/fallback.yaml"]


def with_table(text):
    return load_book({**mapping_files(), "ocpp/fallback.yaml": text})


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("by: ocpp21.volt_var,", "by: ocpp21.no_such,", "VoltVar.der: ocpp21.no_such is no rule"),
        ("by: ocpp21.volt_var,", "by: ocpp21.trip,", "does not carry VoltVar on OCPP 2.1"),
        ("by: ocpp201.cease,", "by: ocpp21.cease,", "does not carry Connect on OCPP 2.0.1"),
        ("control: VoltVar", "control: VoltVarr", "is no canonical control"),
        ("control: GridConnectPermit", "control: IslandPermit", "no row for GridConnectPermit"),
        ('match: {"on": export}', "match: {onto: export}", "onto is no field of PowerLimit"),
    ],
)
def test_a_table_that_cannot_be_carried_out_is_refused_at_load(old, new, problem):
    assert old in TEXT
    with pytest.raises(MappingError, match=problem):
        with_table(TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ({}, "either carried or refused"),
        ({"carried": "exact", "refused": "not_supported"}, "either carried or refused"),
        ({"carried": "exact"}, "names no rule"),
        ({"carried": "approximate", "by": "r", "reason": "so"}, "a reason and a bound"),
        ({"carried": "approximate", "by": "r", "bound": "1 W"}, "a reason and a bound"),
        ({"carried": "followed"}, "has no reason"),
        ({"refused": "not_supported"}, "has no reason"),
    ],
)
def test_a_cell_says_all_that_it_must(cell, problem):
    with pytest.raises(ValueError, match=problem):
        Cell.model_validate(cell)


def test_a_book_without_a_table_takes_the_first_rule_that_serves():
    files = {name: text for name, text in mapping_files().items() if name.startswith("ocpp/2.1")}
    bare = load_book(files)
    control = EVERY_CONTROL[0]
    assert carrier(bare, STATIONS["der"], control).model.metadata.id == "ocpp21.fixed_pf"
    with pytest.raises(Unmet, match=r"no rule for FixedPowerFactor on OCPP 2\.0\.1"):
        carrier(bare, STATIONS["ocpp201"], control)


def bare_book():
    """The rules toward 2.1 without the table: operators defend themselves."""
    return load_book({"2.1.yaml": mapping_files()["ocpp/2.1.yaml"]})


@pytest.mark.parametrize(
    ("control", "problem"),
    [
        (EVERY_CONTROL[0], "is not among the station's DER modes"),
        (trip("49 1", quantity="frequency", side="low", region="may_trip"), "no such control type"),
        (ReactiveLimit(Flow.INJECTING, q("1 var")), "OCPP 2.1 has no message for it"),
    ],
)
def test_without_a_table_operators_refuse_what_cannot_be(control, problem):
    made = to_station(bare_book(), a_command(control), STATIONS["charge_only"], CHARGES_NOW)
    (refusal,) = made.refusals
    assert refusal.outcome.value == "not_supported"
    assert problem in refusal.problem


def test_a_control_that_no_row_serves_is_refused():
    rows = [row for row in TABLE.rows if row.match != {"on": "load"}]
    table = TABLE.model_copy(update={"rows": rows})
    short = replace(book(), fallback=table.by_control())
    made = to_station(short, a_command(limit("load", "1 W")), STATIONS["der"], CHARGES_NOW)
    assert [r.problem for r in made.refusals] == ["stands in no row of the table"]


def test_the_last_column_of_a_version_decides_without_a_need():
    with pytest.raises(MappingError, match="needs nothing"):
        with_table(
            TEXT.replace(
                "charge_only: {carried: exact, by",
                "charge_only: {needs: [discharge], carried: exact, by",
                1,
            )
        )


def test_nothing_of_what_is_never_sent_is_sent():
    never = {(item.field, item.value) for item in TABLE.never}
    for control in EVERY_CONTROL:
        for column in COLUMNS:
            for message in carried(CHARGING.get(type(control), control), column).value.messages:
                assert ("action", message.action) not in never
                profile = message.payload.get("chargingProfile")
                if profile is None:
                    continue
                (schedule,) = profile["chargingSchedule"]
                found = {
                    (name, profile[name])
                    for name in profile
                    if name.startswith("charging") and isinstance(profile[name], str)
                }
                found |= {
                    ("operationMode", p.get("operationMode", ""))
                    for p in schedule["chargingSchedulePeriod"]
                }
                assert not found & never
