"""What a site hands on: modes as they are, quantities in parts, answers from what the stations did."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import Audit, ReportStation
from gateway.core.events import (
    AlarmReceived,
    CommandWithdrawn,
    Now,
    StationDisconnected,
    Withdrawal,
)
from gateway.core.orders import DrainMode, DrainRequested, ParticipationChanged
from support.engine_bench import NOON, limit, pf
from support.site_worlds import (
    SITE,
    SiteWorld,
    a_member,
    for_the_site,
    setpoint,
    site_rules,
    three,
)
from translators.canonical.commands import Interval, Randomization
from translators.canonical.controls import (
    ActiveSetpoint,
    FixedVar,
    LimitOn,
    Quantity,
)
from translators.canonical.telemetry import Alarm, GridFault
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import Base, parse_unit, percent

NAMES = ("CS1", "CS2", "CS3")


def joined(**changes):
    world = three(**{"version": "2.1"} | changes)
    world.join()
    return world


def types(world):
    return {
        name: sorted(control["controlType"] for control in charger.controls.values())
        for name, charger in world.chargers.items()
    }


def setpoints(world):
    return {name: charger.setpoints() for name, charger in world.chargers.items()}


def test_a_mode_is_passed_on_to_every_station():
    world = joined()
    world.serve(for_the_site("E1", pf()), told=False)
    assert types(world) == {key: ["FixedPFInject"] for key in NAMES}
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_stations_know_of_it_in_advance_with_what_was_drawn_for_the_site():
    world = joined()
    spans = Randomization(start_s=600)
    world.serve(for_the_site("E1", pf(), start=10, randomization=spans), told=False)
    assert types(world) == {key: ["FixedPFInject"] for key in NAMES}
    starts = {
        control["fixedPFInject"]["startTime"]
        for charger in world.chargers.values()
        for control in charger.controls.values()
    }
    assert starts == {"2026-12-01T12:10:00Z"}
    assert world.told() == [Told.RECEIVED]


def test_the_time_of_the_utility_is_brought_to_ours():
    world = joined()
    ahead = timedelta(minutes=5)
    world._at = lambda: Now(world.now, (world.now - NOON).total_seconds(), {"dso": ahead})
    world.serve(for_the_site("E1", pf(), start=10), told=False)
    control = next(iter(world.chargers["CS1"].controls.values()))
    assert control["fixedPFInject"]["startTime"] == "2026-12-01T12:05:00Z"


def test_a_default_mode_is_passed_on_as_one():
    world = joined()
    default = for_the_site("D1", pf(), interval=None, is_default=True)
    world.serve(default, told=False)
    assert [c["isDefault"] for c in world.chargers["CS2"].controls.values()] == [True]
    world.hear(CommandWithdrawn("dso", SITE, "D1", Withdrawal.VANISHED))
    world.flow()
    assert types(world) == {key: [] for key in NAMES}
    world.serve(default, told=False)
    assert types(world) == {key: ["FixedPFInject"] for key in NAMES}


def test_what_is_withdrawn_is_taken_back_everywhere_before_that_is_told():
    world = joined()
    world.serve(for_the_site("E1", pf()), told=False)
    world.chargers["CS2"].fates.append("late")
    world.withdraw("E1")
    assert Told.CANCELLED not in world.told()
    world.chargers["CS2"].fates.clear()
    world.flow()
    assert types(world) == {key: [] for key in NAMES}
    assert world.told()[-1] is Told.CANCELLED


def test_a_randomised_cancel_ends_within_its_span():
    world = joined()
    world.serve(for_the_site("E1", pf(), randomization=Randomization(start_s=0)), told=False)
    record = next(iter(world.engine.world.records[SITE].values()))
    drawn = replace(record.command, randomization=Randomization(60, 0, 30, 0))
    world.engine.world.records[SITE][record.key] = replace(record, command=drawn)
    world.hear(CommandWithdrawn("dso", SITE, "E1", Withdrawal.CANCELLED_RANDOMIZED))
    world.flow()
    assert Told.CANCELLED not in world.told()
    world.wait(31)
    assert types(world) == {key: [] for key in NAMES}
    assert world.told()[-1] is Told.CANCELLED


def test_a_new_edition_reaches_every_station():
    world = joined()
    world.serve(for_the_site("E1", pf()), told=False)
    world.serve(for_the_site("E1", pf("0.9"), version=1), told=False)
    factors = [
        control["fixedPFInject"]["displacement"]
        for charger in world.chargers.values()
        for control in charger.controls.values()
    ]
    assert factors == [0.9, 0.9, 0.9]


def test_a_command_without_end_rolls_on_at_each_station():
    world = joined()
    world.serve(for_the_site("E1", pf(), interval=_from_now_on(world)), told=False)
    assert types(world) == {key: ["FixedPFInject"] for key in NAMES}


def _from_now_on(world):
    return Interval(world.now, None)


def test_watts_are_split_over_those_where_a_car_is_by_their_rating():
    members = [a_member("CS1", 22000), a_member("CS2", 11000), a_member("CS3", 22000)]
    world = SiteWorld(site_rules(*members), version="2.1")
    world.join("CS1", "CS2")
    world.join("CS3", charging=False)
    world.serve(for_the_site("E1", setpoint(-9000)), told=False)
    assert setpoints(world) == {"CS1": [6000], "CS2": [3000], "CS3": []}
    world.wait(1)
    world.leave("CS1")
    world.wait(1)
    assert setpoints(world)["CS2"] == [9000]


def test_parts_add_up_exactly():
    world = joined()
    world.serve(for_the_site("E1", setpoint(-10000)), told=False)
    parts = [
        control.value.value
        for name in NAMES
        for record in world.engine.world.records[name].values()
        for control in record.command.controls
    ]
    assert parts == [Fraction(-10000, 3)] * 3


def test_what_is_beyond_all_ratings_is_clipped_and_declared():
    world = joined()
    world.serve(for_the_site("E1", setpoint(-90, "kW")), told=False)
    assert setpoints(world) == {key: [22000] for key in NAMES}
    losses = [
        loss
        for effect in world.effects
        if isinstance(effect, Audit) and effect.kind == "command.received"
        for loss in effect.details["losses"]
    ]
    assert [loss["residual"] for loss in losses] == ["-24"] * 3


def test_a_percentage_is_each_ones_own():
    world = joined()
    half = ActiveSetpoint(Quantity(Fraction(-50), percent(Base.MAX_W, Base.MAX_CHARGE_W)))
    world.serve(for_the_site("E1", half), told=False)
    assert setpoints(world) == {key: [11000] for key in NAMES}


def test_var_are_split_by_the_nameplates():
    world = three(version="2.1")
    world.join("CS1", "CS2")
    fixed = FixedVar(Quantity(Fraction(4400), parse_unit("var")))
    world.serve(for_the_site("E1", fixed), told=False)
    assert types(world) == {"CS1": ["FixedVar"], "CS2": ["FixedVar"], "CS3": []}


def test_nothing_at_all_is_a_part_too():
    world = joined()
    world.serve(for_the_site("E1", setpoint(0)), told=False)
    assert setpoints(world) == {key: [0] for key in NAMES}


def test_a_car_that_comes_back_gets_its_part_again():
    world = joined()
    world.serve(for_the_site("E1", setpoint(-9000)), told=False)
    world.leave("CS1")
    world.wait(2)
    assert setpoints(world)["CS2"] == [4500]
    world.join("CS1")
    world.wait(2)
    assert setpoints(world) == {key: [3000] for key in NAMES}


def test_a_mode_that_some_refuse_starts_with_the_others_and_that_is_audited():
    world = joined()
    world.chargers["CS1"].fates.append("reject")
    world.serve(for_the_site("E1", pf()), told=False)
    assert world.told() == [Told.RECEIVED, Told.STARTED]
    (shared,) = world.audited("command.shared")
    assert (shared.details["extent"], shared.details["share"]) == ("some", "2/3")
    assert list(shared.details["without"]) == ["CS1"]
    assert shared.details["without"]["CS1"].startswith("refused FixedPowerFactor")


def test_a_mode_that_all_refuse_is_refused():
    world = joined()
    for charger in world.chargers.values():
        charger.fates.append("reject")
    world.serve(for_the_site("E1", pf()), told=False)
    assert world.told() == [Told.RECEIVED, Told.NOT_APPLICABLE]


def test_stations_that_are_away_do_not_keep_a_mode_from_starting():
    world = three(version="2.1")
    world.join("CS1")
    world.serve(for_the_site("E1", pf()), told=False)
    assert world.told() == [Told.RECEIVED, Told.STARTED]
    (shared,) = world.audited("command.shared")
    assert shared.details["without"] == dict.fromkeys(("CS2", "CS3"), "away or on hold")


def test_where_everybody_takes_part_the_extent_is_all():
    world = joined()
    world.serve(for_the_site("E1", pf(), limit(watts=30000)), told=False)
    (shared,) = world.audited("command.shared")
    assert (shared.details["extent"], shared.details["share"]) == ("all", "1")


def test_where_nobody_is_there_nothing_starts():
    world = three(version="2.1")
    world.serve(for_the_site("E1", pf(), minutes=5), told=False)
    world.wait(301)
    assert world.told() == [Told.RECEIVED, Told.NO_PARTICIPATION]


def test_a_limit_and_a_mode_of_one_command_start_together():
    world = three(version="2.1")
    world.join("CS1", "CS2")
    world.serve(for_the_site("E1", pf(), limit(watts=30000)), told=False)
    assert world.told() == [Told.RECEIVED, Told.STARTED]
    world = three(version="2.1")
    world.join("CS1")
    world.serve(for_the_site("E1", pf(), limit(watts=30000)), told=False)
    assert world.told() == [Told.RECEIVED]


def test_a_site_can_be_opted_out():
    world = joined()
    world.serve(for_the_site("E1", pf()), told=False)
    world.hear(ParticipationChanged("E1", out=True, reason="no", actor="me", utility="dso"))
    world.flow()
    assert types(world) == {key: [] for key in NAMES}
    assert world.told()[-1] is Told.OPTED_OUT
    world.hear(ParticipationChanged("E1", out=False, reason="yes", actor="me", utility="dso"))
    world.flow()
    assert types(world) == {key: ["FixedPFInject"] for key in NAMES}


def test_what_another_event_of_the_utility_takes_is_superseded():
    world = joined()
    world.serve(for_the_site("E1", pf()), told=False)
    world.serve(for_the_site("E2", pf("0.9"), primacy=1), told=False)
    assert world.told("E1")[-1] is Told.SUPERSEDED
    assert world.told("E2") == [Told.RECEIVED, Told.STARTED]


def test_while_the_gateway_ends_nothing_new_is_shared_out():
    world = joined()
    world.hear(DrainRequested(DrainMode.KEEP))
    world.serve(for_the_site(watts=30000), told=False)
    assert world.bounds() == dict.fromkeys(NAMES, 22000)


def test_a_site_is_reported_with_its_stations_in_sum():
    world = three(version="2.1")
    world.join("CS1")
    reports = [e for e in world.effects if isinstance(e, ReportStation) and e.station == SITE]
    last = reports[-1]
    assert (last.connected, last.faulted, last.profile.ocpp_version) == (True, False, "2.1")
    assert [evse.id for evse in last.profile.evses] == [1, 2, 3]
    assert sum(evse.ratings.max_charge_rate_w for evse in last.profile.evses) == 66000
    assert all(not evse.der_modes for evse in last.profile.evses)
    world.join("CS2", "CS3")
    reports = [e for e in world.effects if isinstance(e, ReportStation) and e.station == SITE]
    assert "FixedVar" in reports[-1].profile.evses[0].der_modes


def test_alarms_and_the_line_of_stations_are_those_of_the_site():
    world = joined()
    fault = Alarm("CS2", "OverVoltage", GridFault.OVER_VOLTAGE, world.now)
    world.hear(AlarmReceived(fault))
    for name in NAMES:
        world.hear(StationDisconnected(name))
    reports = [e for e in world.effects if isinstance(e, ReportStation) and e.station == SITE]
    assert reports[-1].alarms == {GridFault.OVER_VOLTAGE}
    assert [e.connected for e in reports][-1] is False


@pytest.mark.parametrize("on", [LimitOn.IMPORT, LimitOn.EXPORT])
def test_an_excess_is_a_fault_of_the_site(on):
    world = three(version="2.1")
    world.join("CS1")
    world.serve(for_the_site(watts=1000, on=on), told=False)
    reports = [e for e in world.effects if isinstance(e, ReportStation) and e.station == SITE]
    assert reports[-1].faulted
    assert any(world.site.excess.values())


def test_var_of_stations_that_nobody_knows_are_no_part_of_anything():
    world = three(version="2.1")
    fixed = FixedVar(Quantity(Fraction(4400), parse_unit("var")))
    world.serve(for_the_site("E1", fixed), told=False)
    assert not any(world.engine.world.records[name] for name in NAMES)


def test_the_end_of_a_declined_event_is_told_in_its_time():
    world = joined()
    world.serve(for_the_site("E1", pf(), start=10, minutes=10), told=False)
    world.hear(ParticipationChanged("E1", out=True, reason="no", actor="me", utility="dso"))
    world.wait(20 * 60)
    assert world.told()[-1] is Told.NO_PARTICIPATION


def test_who_is_away_may_be_back_before_others_refuse_for_all():
    world = joined()
    world.leave("CS1")
    for name in ("CS2", "CS3"):
        world.chargers[name].fates.append("reject")
    world.serve(for_the_site("E1", setpoint(-6000), start=10), told=False)
    assert world.told() == [Told.RECEIVED]
    world.join("CS1")
    assert world.told() == [Told.RECEIVED]
    assert setpoints(world)["CS1"] == [2000]


def test_who_ran_it_and_is_away_for_a_moment_does_not_leave_it_to_those_who_refused():
    world = joined()
    for name in ("CS2", "CS3"):
        world.chargers[name].fates.append("reject")
    world.serve(for_the_site("E1", setpoint(-6000)), told=False)
    assert world.told() == [Told.RECEIVED, Told.STARTED]
    for name in ("CS2", "CS3"):
        world.chargers[name].fates.append("reject")
    world.leave("CS1")
    world.join("CS1")
    assert world.told() == [Told.RECEIVED, Told.STARTED]
    assert setpoints(world)["CS1"] == [2000]


def test_where_the_others_refused_and_the_last_stays_away_that_is_told_at_the_start():
    world = joined()
    world.leave("CS1")
    for name in ("CS2", "CS3"):
        world.chargers[name].fates.append("reject")
    world.serve(for_the_site("E1", setpoint(-6000), start=10), told=False)
    world.wait(599)
    assert world.told() == [Told.RECEIVED]
    world.wait(2)
    assert world.told() == [Told.RECEIVED, Told.NOT_APPLICABLE]
