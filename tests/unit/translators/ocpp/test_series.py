"""Commands of one event: profiles that follow each other become one schedule, everything else stays apart."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.translation import (
    NOON,
    a_command,
    a_station,
    an_evse,
    book,
    charge_only,
    kinds,
    limit,
    payloads,
    q,
    running,
    situation,
)
from translators.canonical.capability import Situation
from translators.canonical.commands import Interval
from translators.canonical.controls import (
    ActiveSetpoint,
    Alert,
    ChargeStateTarget,
    Energize,
    RelativeReactiveSetpoint,
)
from translators.chain import to_station
from translators.ocpp.identifiers import control_id
from translators.ocpp.series import to_station_series

HOUR = timedelta(hours=1)


def at(number, *controls, length=HOUR, **changes):
    """A command of the interval at a place: an hour each, unless it says otherwise."""
    start = NOON + HOUR * number
    end = None if length is None else start + length
    name = "e" if not number else f"e#{number}"
    return a_command(*controls, **{"mrid": name, "interval": Interval(start, end), **changes})


def imports(*watts, **changes):
    return [at(n, limit("import", f"{w} W"), **changes) for n, w in enumerate(watts)]


def series(*commands, station=None, situation=None):
    return to_station_series(book(), commands, station or a_station(), situation or Situation())


def schedules(translation):
    """The schedules made: start and length in hours from NOON, and (startPeriod, limit) of each period."""
    found = []
    for payload in payloads(translation, "SetChargingProfile"):
        (schedule,) = payload["chargingProfile"]["chargingSchedule"]
        start = int(schedule["startSchedule"][11:13]) - 12
        periods = [
            (p["startPeriod"], p.get("limit", p.get("setpoint", p.get("operationMode"))))
            for p in schedule["chargingSchedulePeriod"]
        ]
        found.append((start, schedule.get("duration"), periods))
    return found


def test_one_command_is_translated_as_it_always_was():
    (command,) = imports(5000)
    assert series(command) == to_station(book(), command, a_station(), Situation())


def test_no_command_is_no_message():
    assert series().value.messages == ()


def test_profiles_that_follow_each_other_are_one_schedule():
    assert schedules(series(*imports(5000, 3000, 0))) == [
        (0, 10800, [(0, 5000), (3600, 3000), (7200, 0)])
    ]


def test_a_schedule_has_the_ids_of_its_first_interval():
    joined, alone = series(*imports(5000, 3000)), series(*imports(5000))
    (message,), (first,) = joined.value.messages, alone.value.messages
    assert message.id == first.id
    profile, expected = (m.payload["chargingProfile"] for m in (message, first))
    assert profile["id"] == expected["id"]
    assert profile["chargingSchedule"][0]["id"] == expected["chargingSchedule"][0]["id"]


def test_a_last_interval_without_end_makes_a_schedule_without_duration():
    first, last = imports(5000, 3000)
    endless = replace(last, interval=Interval(last.interval.start, None))
    assert schedules(series(first, endless)) == [(0, None, [(0, 5000), (3600, 3000)])]


def test_a_gap_begins_a_new_schedule():
    first, _, last = imports(5000, 4000, 3000)
    assert schedules(series(first, last)) == [(0, 3600, [(0, 5000)]), (2, 3600, [(0, 3000)])]


def test_what_follows_a_gap_is_joined_again():
    first, _, third, fourth = imports(1000, 2000, 3000, 4000)
    assert schedules(series(first, third, fourth)) == [
        (0, 3600, [(0, 1000)]),
        (2, 7200, [(0, 3000), (3600, 4000)]),
    ]


def test_setpoints_of_one_transaction_are_one_schedule():
    commands = [at(n, ActiveSetpoint(q(f"-{w} W"))) for n, w in enumerate((7000, 3000))]
    made = series(*commands, situation=situation(running()))
    assert schedules(made) == [(0, 7200, [(0, 7000), (3600, 3000)])]


def test_a_cease_is_two_schedules_of_as_many_periods():
    commands = [at(n, Energize(energized=False)) for n in range(2)]
    made = series(*commands, situation=situation(running()))
    assert schedules(made) == [
        (0, 7200, [(0, 0), (3600, 0)]),
        (0, 7200, [(0, "Idle"), (3600, "Idle")]),
    ]


def test_limits_that_differ_in_more_than_time_stay_apart():
    targets = [
        at(n, ChargeStateTarget(soc))
        for n, soc in enumerate((q("0.8 pu").value, q("0.9 pu").value))
    ]
    made = series(*targets, situation=situation(running()))
    assert [span[:2] for span in schedules(made)] == [(0, 3600), (1, 3600)]
    first, second = imports(5000, 3000)
    assert len(schedules(series(first, replace(second, primacy=9)))) == 2


def test_a_der_control_stays_one_message_for_each_interval_with_an_id_of_its_own():
    commands = [at(n, limit("export", f"{w} W")) for n, w in enumerate((8000, 4000))]
    first, second = payloads(series(*commands), "SetDERControl")
    assert first["controlId"] == control_id("e", "CS1", "LimitMaxDischarge")
    assert second["controlId"] == control_id("e#1", "CS1", "LimitMaxDischarge")
    assert second["limitMaxDischarge"]["startTime"] == "2026-12-01T13:00:00Z"


def test_messages_say_which_interval_they_began_with():
    both = [at(n, limit("import", "5000 W"), limit("export", "8000 W")) for n in range(2)]
    made = series(*both).value.messages
    assert [(message.action, message.interval) for message in made] == [
        ("SetChargingProfile", 0),
        ("SetDERControl", 0),
        ("SetDERControl", 1),
    ]


def test_amps_are_joined_as_watts_are():
    made = series(*imports(6900, 3450), station=charge_only())
    assert schedules(made) == [(0, 7200, [(0, 10), (3600, 5)])]


def test_a_loss_of_every_interval_is_declared_once():
    commands = [at(n, limit("import", "5000 W", "connection_point")) for n in range(3)]
    assert kinds(series(*commands)) == ["scope"]


def test_a_loss_stands_at_the_period_that_has_it():
    made = series(*imports(6900, 5000), station=charge_only())
    places = {loss.kind.value: loss.where for loss in made.losses}
    periods = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod"
    assert places["round"] == f"{periods}[1]/limit"
    assert places["approximate"] == f"{periods}[0]/limit"


@pytest.mark.parametrize(("most", "told"), [(1, 1), (2, 2), (3, 3), (4, 3), (None, 3)])
def test_a_station_is_told_as_many_periods_as_it_holds(most, told):
    station = a_station(replace(an_evse(), periods_per_schedule=most))
    made = series(*imports(3000, 2000, 1000), station=station)
    ((_, duration, periods),) = schedules(made)
    assert (duration, len(periods)) == (3600 * told, told)
    assert kinds(made) == (["drop"] if told < 3 else [])


def test_the_station_that_holds_least_counts():
    evses = [
        replace(an_evse(n), periods_per_schedule=held) for n, held in ((1, 5), (2, 2), (3, None))
    ]
    ((_, _, periods),) = schedules(series(*imports(3000, 2000, 1000), station=a_station(*evses)))
    assert len(periods) == 2


def test_more_than_1024_periods_are_declared_dropped():
    commands = [
        at(
            n,
            limit("import", "5000 W"),
            interval=Interval(NOON + n * delta, NOON + (n + 1) * delta),
        )
        for delta in [timedelta(seconds=1)]
        for n in range(1026)
    ]
    made = series(*commands)
    ((_, duration, periods),) = schedules(made)
    assert (duration, len(periods)) == (1024, 1024)
    (loss,) = made.losses
    assert loss.detail == (
        "the station holds 1024 periods of a schedule: told until 2026-12-01 12:17:04+00:00"
    )


def test_what_is_refused_in_every_interval_is_refused_once():
    commands = [at(n, RelativeReactiveSetpoint(q("500 var"))) for n in range(2)]
    assert len(series(*commands).refusals) == 1


def test_what_needs_no_message_is_named_once():
    commands = [at(n, Alert("WIND", f"day {n}")) for n in range(2)]
    assert series(*commands).value.vacuous == ("Alert.WIND",)


def test_the_numbers_of_each_interval_have_names_of_their_own():
    steps = series(*imports(5000, 3000)).steps
    periods = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod"
    emitted = {s.target: (s.source, s.after) for s in steps if s.operation == "emit"}
    assert emitted[f"{periods}[0]/limit"] == ("watts", "5000")
    assert emitted[f"{periods}[1]/limit"] == ("[1] watts", "3000")


def test_times_of_a_joined_schedule_are_traced():
    steps = series(*imports(5000, 3000)).steps
    schedule = "chargingProfile/chargingSchedule[0]"
    made = [(s.operation, s.target, s.after) for s in steps if s.rule == "ocpp.series"]
    assert made == [
        ("sum", f"{schedule}/duration", "7200"),
        ("offset", f"{schedule}/chargingSchedulePeriod[0]/startPeriod", "0"),
        ("offset", f"{schedule}/chargingSchedulePeriod[1]/startPeriod", "3600"),
    ]
    starts = [s.after for s in steps if s.target == f"{schedule}/startSchedule"]
    assert starts == ["2026-12-01T12:00:00Z"]


def test_a_schedule_after_a_gap_is_traced_under_the_names_of_its_interval():
    first, _, third, fourth = imports(1000, 2000, 3000, 4000)
    steps = series(first, third, fourth).steps
    periods = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod"
    emitted = {
        s.target: s.after for s in steps if s.operation == "emit" and s.target.endswith("limit")
    }
    assert emitted == {
        f"{periods}[0]/limit": "1000",
        f"[1] {periods}[0]/limit": "3000",
        f"[1] {periods}[1]/limit": "4000",
    }
