"""From one command to what a station is owed: ids, groups, refusals, dialect codecs."""

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from support.rulefiles import TARGET, edited, linked
from support.translation import (
    EVERY_CONTROL,
    NOON,
    F,
    a_command,
    a_station,
    curve,
    kinds,
    limit,
    payloads,
    pf,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.capability import Dialect, Situation
from translators.canonical.controls import ActiveSetpoint, Connect, FixedVar, VoltVar
from translators.chain import to_station
from translators.errors import MappingError
from translators.ocpp.desk import instant
from translators.ocpp.dialect import CODECS
from translators.ocpp.identifiers import PROFILE_IDS, control_id, profile_id
from translators.rules.bases import Bases


def ids(translation):
    return {message.id for message in translation.value.messages}


def test_a_control_id_is_a_uuid_of_mrid_station_and_type():
    first = control_id("0A", "CS1", "VoltVar")
    assert str(uuid.UUID(first)) == first
    assert first == control_id("0a", "CS1", "VoltVar")
    others = [
        ("0B", "CS1", "VoltVar"),
        ("0A", "CS2", "VoltVar"),
        ("0A", "CS1", "WattVar"),
        ("0A", "cs1", "VoltVar"),
    ]
    assert len({first, *(control_id(*key) for key in others)}) == 5


def test_a_profile_id_lies_in_our_own_range_and_tells_purposes_and_evses_apart():
    other = [
        ("0A", "CS1", "TxProfile", 2),
        ("0B", "CS1", "TxProfile", 1),
        ("0A", "CS2", "TxProfile", 1),
    ]
    keys = [("0A", "CS1", "TxProfile", 1), ("0A", "CS1", "ChargingStationMaxProfile", 1), *other]
    found = [profile_id(*key) for key in keys]
    assert len(set(found)) == len(keys)
    assert all(number in PROFILE_IDS for number in found)
    assert PROFILE_IDS.stop <= 2**31
    assert profile_id("0a", "CS1", "TxProfile", 1) == found[0]


def test_the_same_command_has_the_same_messages_whenever_and_however_often_it_comes():
    state = situation(running(5000))
    first = translated(*EVERY_CONTROL, situation=state)
    again = translated(*EVERY_CONTROL, situation=state, server_time=NOON + timedelta(days=1))
    assert json.dumps([m.payload for m in first.value.messages]) == json.dumps(
        [m.payload for m in again.value.messages]
    )


def test_another_time_or_priority_keeps_the_ids():
    moved = translated(pf(), limit("import", "1 W"), primacy=1, created=NOON)
    assert ids(moved) == ids(translated(pf(), limit("import", "1 W")))
    assert ids(translated(pf(), mrid="0B")) != ids(translated(pf()))


def test_no_two_messages_of_a_command_share_an_id():
    every = [control for control in EVERY_CONTROL if not isinstance(control, Connect)]
    messages = translated(*every, situation=situation(running(5000))).value.messages
    keys = [(m.action, m.id) for m in messages if "limitAtSoC" not in json.dumps(m.payload)]
    assert len(set(keys)) == len(keys)


def test_each_schedule_and_profile_bears_the_id_of_its_message():
    (message,) = translated(limit("import", "1 W")).value.messages
    profile = message.payload["chargingProfile"]
    assert message.id == str(profile["id"]) == str(profile["chargingSchedule"][0]["id"])


def test_the_ramp_of_one_event_has_no_field_where_a_message_leaves():
    assert kinds(translated(pf(), ramp_time=F(5))) == ["drop"]
    assert kinds(translated(pf(), ramp_time=None)) == []
    silent = translated(limit("export", "1 W"), ramp_time=F(5), station=a_station(version="2.0.1"))
    assert kinds(silent) == []


def test_a_refused_control_takes_none_of_its_neighbours_along():
    translation = translated(
        VoltVar(curve("95 1", "pct[setMaxW]")), pf(), station=a_station(vref="native")
    )
    assert len(translation.value.messages) == 2
    broken = translated(
        VoltVar(curve("95 1"), v_ref_auto=True, v_ref=F(97)),
        pf(),
        station=a_station(vref="bake_additive"),
    )
    assert [p["controlType"] for p in payloads(broken)] == ["FixedPFInject"]
    assert refused(broken) == [("not_applicable", "VoltVar")]
    assert kinds(broken) == ["unsupported"]


def test_what_a_refused_control_lost_on_its_way_is_forgotten():
    translation = translated(
        FixedVar(q("10 pct[setMaxW]")), default=False, station=a_station(version="2.0.1")
    )
    assert kinds(translation) == ["unsupported"]
    assert all(
        step.control != "FixedVar" or step.rule.startswith("ocpp201") for step in translation.steps
    )


def test_a_control_without_any_rule_is_refused_by_name():
    bare = linked()
    translation = to_station(bare, a_command(pf()), a_station(), Situation())
    assert refused(translation) == [("not_supported", "FixedPowerFactor.injecting")]
    assert translation.refusals[0].problem == "no rule for FixedPowerFactor on OCPP 2.1"


def test_a_rule_that_draws_what_is_no_curve_is_its_authors_fault():
    text = edited(TARGET, ("emit:", "points: {x: {unit: s}, y: {unit: s}}\nemit:"))
    with pytest.raises(MappingError, match="is no curve"):
        to_station(
            linked(target=text),
            a_command(FixedVar(q("1 pct[setMaxVar]"))),
            a_station(),
            Situation(),
        )


def test_bounds_are_composed_before_what_they_bound_whatever_their_order():
    controls = [ActiveSetpoint(q("9000 W")), limit("export", "8000 W"), limit("import", "7000 W")]
    state = situation(running())
    forth, back = (translated(*order, situation=state) for order in (controls, controls[::-1]))
    assert sorted(map(str, payloads(forth))) == sorted(map(str, payloads(back)))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOON, "2026-12-01T12:00:00Z"),
        (datetime(2026, 12, 1, 13, tzinfo=timezone(timedelta(hours=1))), "2026-12-01T12:00:00Z"),
        (datetime(2026, 12, 1, 12, 0, 0, 500000, tzinfo=UTC), "2026-12-01T12:00:00.500000Z"),
    ],
)
def test_instants_leave_in_utc(at, text):
    assert instant(at) == text


@pytest.mark.parametrize(
    ("codec", "dialect", "value", "expected"),
    [
        ("droop", {}, "0.05", "0.05"),
        ("droop", {"droop": "percent"}, "0.05", "5"),
        ("gradient", {}, "0.5", "0.5"),
        ("gradient", {"gradient": "seconds_full_scale"}, "0.5", "200"),
        ("gradient", {"gradient": "seconds_full_scale"}, "0", "0"),
        ("enter_service_voltage", {}, "105", "105"),
        ("enter_service_voltage", {"enter_service_voltage": "volts"}, "105", "252"),
        ("enter_service_ramp", {}, "300", "300"),
        ("enter_service_ramp", {"enter_service_ramp": "pct_per_s"}, "300", "1/3"),
        ("wattpf_y", {}, "0.9", "0.9"),
        ("wattpf_y", {"wattpf_y": "inverted"}, "0.9", "-0.9"),
    ],
)
def test_a_dialect_reads_a_field_its_own_way_and_the_schema_text_by_default(
    codec, dialect, value, expected
):
    bases = Bases(a_station(), Situation())
    assert CODECS[codec](F(value), Dialect(**dialect), bases, "here") == F(expected)
