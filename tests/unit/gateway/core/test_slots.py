"""Limits of two commands that fill one slot of a station: the tightest that holds is the one in force."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.events import ReplyStatus, TransactionsChanged
from support.engine_bench import NOON, a_command, a_default, a_profile, held_from, limit, pf
from translators.canonical.capability import Transaction
from translators.canonical.controls import (
    ActiveSetpoint,
    Energize,
    LimitOn,
    PowerLimit,
    Quantity,
)
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import Base, parse_unit, percent

IMPORT, LOAD, EXPORT, GENERATION = LimitOn.IMPORT, LimitOn.LOAD, LimitOn.EXPORT, LimitOn.GENERATION
SETS = ("SetChargingProfile", "SetDERControl")


def spans(bench, since=0):
    """Return start, end and kilowatts of each control set so far, as minutes after noon."""
    return [span(call) for call in sets(bench)[since:]]


def sets(bench):
    return [call for call in bench.calls() if call.action in SETS]


def span(call):
    if call.action == "SetDERControl":
        body = call.payload["limitMaxDischarge"]
        kilo = body["pctMaxDischargePower"] * 20 / 100
        start, seconds = body.get("startTime"), body.get("duration")
    else:
        schedule = call.payload["chargingProfile"]["chargingSchedule"][0]
        kilo = schedule["chargingSchedulePeriod"][0]["limit"] / 1000
        start, seconds = schedule["startSchedule"], schedule.get("duration")
    if seconds is None:
        return "default", kilo
    begin = int(start[11:13]) * 60 + int(start[14:16]) - 720
    return begin, begin + seconds // 60, kilo


def order(bench):
    """Return what was done with each control, oldest first: action and id."""
    return [
        (call.action.removesuffix("ChargingProfile").removesuffix("DERControl"), identity(call))
        for call in bench.calls()
        if "Composite" not in call.action
    ]


def identity(call):
    payload = call.payload
    profile = payload.get("chargingProfile", {}).get("id") or payload.get("chargingProfileId")
    return payload.get("controlId") or profile


def losses(bench, index=-1):
    return [loss["detail"] for loss in bench.audited("control.dispatched")[index].details["losses"]]


def shown(bench):
    """Let the station show that all it holds is in force."""
    for call in bench.calls("SetDERControl"):
        bench.notice(call.payload["controlId"])
    bench.reply()


SIBLINGS = [
    (limit(IMPORT, 5000), limit(LOAD, 3000), 5, 3, 3),
    (limit(LOAD, 3000), limit(IMPORT, 5000), 3, 3, 5),
    (limit(EXPORT, 5000), limit(GENERATION, 3000), 5, 3, 3),
    (limit(GENERATION, 3000), limit(EXPORT, 5000), 3, 3, 5),
]


@pytest.mark.parametrize("primacy", [5, 10, 15])
@pytest.mark.parametrize(("first", "second", "before", "both", "after"), SIBLINGS)
def test_the_one_that_starts_later_carries_the_tighter_bound(
    ready, first, second, before, both, after, primacy
):
    ready.command(a_command("M1", first, start=10, minutes=60))
    ready.reply()
    ready.command(a_command("M2", second, start=40, minutes=60, primacy=primacy))
    for _ in range(3):
        ready.reply()
    assert sorted(spans(ready, 1)) == [(10, 40, before), (40, 100, both)]
    ready.at(70)
    assert spans(ready, 3) == ([(40, 100, after)] if after != both else [])


@pytest.mark.parametrize("swap", [False, True])
def test_a_short_one_inside_a_long_one_gives_the_slot_back(ready, swap):
    outer, inner = limit(EXPORT, 5000), limit(GENERATION, 3000)
    if swap:
        outer, inner = limit(EXPORT, 3000), limit(GENERATION, 5000)
    ready.command(a_command("M1", outer, start=10, minutes=110))
    ready.command(a_command("M2", inner, start=30, minutes=10))
    for _ in range(3):
        ready.reply()
    assert sorted(spans(ready, 1)) == [(10, 30, 3 if swap else 5), (30, 40, 3)]
    ready.at(30)
    assert spans(ready, 3) == [(40, 120, 3 if swap else 5)]


def test_nothing_is_sent_twice(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000), start=10, minutes=60))
    ready.command(a_command("M2", limit(LOAD, 3000), start=40, minutes=60))
    for minute in range(12):
        ready.reply()
        ready.at(minute)
    assert len(sets(ready)) == 3


def test_the_newcomer_is_held_before_the_incumbent_is_cut(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000), start=0, minutes=60))
    ready.reply()
    ready.command(a_command("M2", limit(LOAD, 3000), start=20, minutes=60))
    assert spans(ready, 1) == [(20, 80, 3)]
    ready.reply(ReplyStatus.NOT_SENT, call=sets(ready)[-1])
    ready.reply(call=sets(ready)[-1])
    assert spans(ready, 2) == [(20, 80, 3), (0, 20, 5)]


def test_a_newcomer_that_the_station_refuses_changes_nothing(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000), start=0, minutes=60))
    ready.reply()
    ready.command(a_command("M2", limit(LOAD, 3000), start=20, minutes=60))
    ready.reply(ReplyStatus.REJECTED, call=sets(ready)[-1])
    assert len(sets(ready)) == 2
    assert ready.told("M2") == [Told.RECEIVED, Told.NOT_APPLICABLE]


@pytest.mark.parametrize(
    ("looser", "tighter"),
    [(limit(IMPORT, 5000), limit(LOAD, 3000)), (limit(EXPORT, 5000), limit(GENERATION, 3000))],
)
def test_cancelling_the_tighter_one_restores_the_looser_one_first(ready, looser, tighter):
    ready.command(a_command("M1", looser, start=-20, minutes=60))
    ready.command(a_command("M2", tighter, start=-10, minutes=60))
    for _ in range(3):
        ready.reply()
    shown(ready)
    ready.withdraw("M2")
    ready.reply()
    ready.reply()
    own, other = identity(sets(ready)[0]), identity(sets(ready)[1])
    assert order(ready)[-2:] == [("Set", own), ("Clear", other)]
    assert span(sets(ready)[-1]) == (0, 40, 5)
    assert ready.told("M2")[-1] is Told.CANCELLED
    assert ready.told("M1") == [Told.RECEIVED, Told.STARTED]


def test_commands_of_one_interval_are_carried_by_one_control_and_each_is_told(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000)))
    ready.command(a_command("M2", limit(LOAD, 3000)))
    ready.reply()
    ready.reply()
    ready.at(10)
    ready.reply(ReplyStatus.NOT_SUPPORTED)
    assert ready.told("M1") == ready.told("M2") == [Told.RECEIVED, Told.STARTED]
    assert [item[-1] for item in spans(ready)] == [5, 3]
    ready.at(70)
    assert ready.told("M1")[-1] is ready.told("M2")[-1] is Told.COMPLETED


def test_who_is_carried_has_not_started_before_the_carrier_was_shown_to(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000)))
    ready.command(a_command("M2", limit(LOAD, 3000)))
    ready.reply()
    ready.at(10)
    ready.at(12)
    assert Told.STARTED not in ready.told("M1") + ready.told("M2")


def test_another_control_of_the_carrier_is_no_evidence_for_who_is_carried(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000)))
    ready.command(a_command("M2", limit(LOAD, 3000), pf()))
    ready.reply()
    ready.at(10)
    ready.notice(ready.control_id())
    assert Told.STARTED not in ready.told("M1")


def test_a_carrier_that_runs_on_under_another_start_is_still_evidence(ready):
    ready.command(a_command("M1", limit(EXPORT, 1000), start=-1, minutes=30))
    ready.reply()
    ready.notice(ready.control_id())
    ready.command(a_command("M1", limit(EXPORT, 1000), start=0, minutes=30, version=1))
    ready.reply()
    ready.command(a_command("M2", limit(GENERATION, 9000), start=-1, minutes=20))
    ready.reply()
    assert ready.told("M2") == [Told.RECEIVED, Told.STARTED]


def test_a_carried_limit_goes_on_after_a_restart(ready, book):
    ready.command(a_command("M1", limit(IMPORT, 3000), start=10, minutes=60))
    ready.command(a_command("M2", limit(LOAD, 5000), start=20, minutes=20))
    for _ in range(3):
        ready.reply()
    held = [held_from(sets(ready)[index]) for index in (1, 2)]
    fresh = ready.restart(book)
    fresh.connect(held=held)
    assert sets(fresh) == []
    fresh.at(20)
    assert spans(fresh) == [(40, 70, 3)]


def test_a_carried_limit_that_the_station_cannot_keep_is_refused(bench):
    bench.connect(without_rating(a_profile()))
    rated = PowerLimit(IMPORT, Quantity(Fraction(50), percent(Base.MAX_CHARGE_W)))
    bench.command(a_command("M1", rated))
    bench.command(a_command("M2", limit(LOAD, 3000)))
    assert bench.told("M1") == [Told.RECEIVED, Told.NOT_APPLICABLE]
    assert spans(bench) == [(10, 70, 3)]


def without_rating(profile):
    (evse,) = profile.evses
    return replace(
        profile, evses=(replace(evse, ratings=replace(evse.ratings, max_charge_rate_w=None)),)
    )


def test_a_percentage_and_watts_compare_as_watts(ready):
    rated = PowerLimit(LOAD, Quantity(Fraction(25), percent(Base.MAX_CHARGE_W)))
    ready.command(a_command("M1", limit(IMPORT, 6000)))
    ready.reply()
    ready.command(a_command("M2", rated, start=20))
    assert spans(ready, 1) == [(20, 80, 5.5)]


def test_where_the_station_cannot_discharge_both_are_followed_without_a_message(bench):
    bench.connect(a_profile(der=False))
    bench.command(a_command("M1", limit(EXPORT, 5000)))
    bench.command(a_command("M2", limit(GENERATION, 3000)))
    bench.at(10)
    assert bench.calls() == []
    assert bench.told("M1") == bench.told("M2") == [Told.RECEIVED, Told.STARTED]


def test_a_station_of_2_0_1_in_amps_gets_the_tighter_bound(bench):
    profile = a_profile(version="2.0.1", der=False)
    (evse,) = profile.evses
    bench.connect(replace(profile, evses=(replace(evse, charging_rate_units=("A",)),)))
    bench.command(a_command("M1", limit(IMPORT, 3600)))
    bench.command(a_command("M2", limit(LOAD, 7200), start=20))
    schedule = sets(bench)[-1].payload["chargingProfile"]["chargingSchedule"][0]
    (period,) = schedule["chargingSchedulePeriod"]
    assert (schedule["chargingRateUnit"], period["limit"], period["numberPhases"]) == ("A", 5, 3)


def test_an_event_carries_the_tighter_default_of_the_sibling_function(ready):
    ready.command(a_default("D1", limit(EXPORT, 1500)))
    ready.reply()
    ready.command(a_command("M1", limit(GENERATION, 5000)))
    assert spans(ready) == [("default", 1.5), (10, 70, 1.5)]
    assert "PowerLimit.export.connection_point beside it is tighter: 1500 W" in losses(ready)


def test_an_event_of_its_own_function_lifts_a_default(ready):
    ready.command(a_default("D1", limit(EXPORT, 1500)))
    ready.command(a_command("M1", limit(EXPORT, 5000)))
    assert spans(ready) == [("default", 1.5), (10, 70, 5)]


def test_a_default_that_comes_back_before_the_end_counts_from_the_start(ready):
    ready.command(a_default("D1", limit(EXPORT, 1500)))
    ready.command(a_command("M1", limit(EXPORT, 4000), start=10, minutes=30))
    ready.command(a_command("M2", limit(GENERATION, 5000), start=20, minutes=60))
    assert (20, 80, 1.5) in spans(ready)


def test_a_default_that_goes_frees_the_event(ready):
    ready.command(a_default("D1", limit(LOAD, 1500)))
    ready.command(a_command("M1", limit(IMPORT, 5000)))
    ready.reply()
    ready.withdraw("D1")
    assert span(sets(ready)[-1]) == (10, 70, 5)


def test_of_two_defaults_in_one_slot_the_better_program_carries_both(ready):
    ready.command(a_default("D1", limit(IMPORT, 5000), pf(), primacy=2))
    ready.reply()
    ready.command(a_default("D2", limit(LOAD, 3000), primacy=3))
    assert [item[-1] for item in spans_of_profiles(ready)] == [5, 3]
    assert len({identity(call) for call in ready.calls("SetChargingProfile")}) == 1


def test_a_default_that_the_station_put_aside_is_set_again_when_the_better_one_goes(ready):
    ready.command(a_default("D1", limit(EXPORT, 5000), primacy=2))
    ready.command(a_command("M1", limit(EXPORT, 6000), start=-1, primacy=1))
    ready.reply()
    ready.command(a_default("D2", limit(EXPORT, 4000), primacy=1))
    own = identity(sets(ready)[0])
    ready.reply(payload={"status": "Accepted", "supersededIds": [own]})
    ready.withdraw("D2")
    ready.reply()
    assert order(ready)[-1] == ("Set", own)


def test_a_default_takes_the_slot_when_the_one_that_carried_it_goes(ready):
    ready.command(a_default("D1", limit(IMPORT, 5000), primacy=2))
    ready.command(a_default("D2", limit(LOAD, 3000), primacy=3))
    ready.reply()
    ready.reply()
    ready.withdraw("D1")
    assert [kind for kind, _ in order(ready)][-2:] == ["Clear", "Set"]
    assert spans_of_profiles(ready)[-1] == ("default", 3)


def spans_of_profiles(bench):
    return [span(call) for call in bench.calls("SetChargingProfile")]


def test_who_ceases_to_energize_keeps_the_slot(ready):
    ready.command(a_command("M1", Energize(energized=False), start=10, minutes=60))
    ready.command(a_command("M2", limit(IMPORT, 5000), start=20, minutes=110))
    assert spans(ready) == [(10, 70, 0), (70, 130, 5)]
    ready.reply()
    ready.at(20)
    ready.reply(ReplyStatus.NOT_SUPPORTED)
    assert ready.told("M2") == [Told.RECEIVED, Told.STARTED]


def test_a_default_that_ceases_to_energize_allows_no_charge(ready):
    ready.command(a_default("D1", Energize(energized=False)))
    ready.command(a_command("M1", limit(IMPORT, 5000)))
    assert spans(ready) == [("default", 0), (10, 70, 0)]


def test_a_limit_that_begins_later_counts_with_the_control_of_its_command(ready):
    ready.command(a_command("M1", limit(IMPORT, 4000), start=0, minutes=30, primacy=5))
    ready.command(a_command("M2", limit(IMPORT, 2000), limit(LOAD, 6000), start=10, minutes=60))
    assert (10, 70, 2) in spans(ready)
    assert any("before its time" in detail for detail in losses(ready))


def setpoints(bench):
    profiles = [call.payload["chargingProfile"] for call in bench.calls("SetChargingProfile")]
    periods = [p["chargingSchedule"][0]["chargingSchedulePeriod"][0] for p in profiles]
    return [period["setpoint"] for period in periods]


@pytest.mark.parametrize("start", [0, 30])
def test_a_setpoint_keeps_within_the_limits_that_hold_now(ready, start):
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    setpoint = ActiveSetpoint(Quantity(Fraction(10000), parse_unit("W")))
    ready.command(a_command("M1", setpoint, limit(EXPORT, 5000), start=10, minutes=60))
    ready.command(a_command("M2", limit(GENERATION, 3000), start=start, minutes=20))
    for minute in (0, 10, start + 1, start + 21):
        ready.at(minute)
        ready.reply()
        ready.reply()
    assert setpoints(ready)[0] == -5000
    assert -3000 in setpoints(ready)
    assert setpoints(ready)[-1] == -5000
    assert set(setpoints(ready)) == {-5000, -3000}


def test_another_command_of_other_functions_is_not_touched(ready):
    ready.command(a_command("M1", limit(IMPORT, 5000), pf()))
    ready.command(a_command("M2", limit(LOAD, 3000), start=20))
    powers = [c for c in ready.calls("SetDERControl") if "fixedPFInject" in c.payload]
    assert len(powers) == 1
    assert powers[0].payload["fixedPFInject"]["duration"] == 3600


def test_what_is_held_serves_what_an_update_adds_without_a_call(ready):
    ready.command(a_command("M1", limit(EXPORT, 3000)))
    ready.reply()
    ready.command(a_command("M1", limit(EXPORT, 3000), limit(GENERATION, 4000), version=1))
    ready.now = NOON + timedelta(minutes=10)
    ready.notice(ready.control_id())
    assert len(sets(ready)) == 1
    assert ready.told() == [Told.RECEIVED, Told.STARTED]
