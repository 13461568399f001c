"""What a station does: told whenever it changes, to utilities that are told of states."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import Doing, ReportStation
from gateway.core.engine import Engine
from gateway.core.events import CommandWithdrawn, Now, TransactionsChanged, Withdrawal
from gateway.core.failsafe import UtilityRules
from gateway.core.orders import HoldChanged, ParticipationChanged
from gateway.core.station import StationRules
from support.engine_bench import Bench, a_command, a_profile, limit, the_book
from support.site_worlds import SITE, for_the_site, three
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, Connect, LimitOn, PowerLimit, Quantity
from translators.units import Base, parse_unit, percent

STATES = {"vtn": UtilityRules(states=True)}


@pytest.fixture
def bench():
    stations = [StationRules(name, ("vtn", "dso")) for name in ("CS1", "CS2")]
    made = Bench(Engine(the_book(), stations, STATES), others={"vtn": timedelta()})
    made.connect()
    return made


def shown(bench, utility="vtn", station="CS1"):
    reports = [it for it in bench.effects if isinstance(it, ReportStation)]
    return [it.doing for it in reports if (it.utility, it.station) == (utility, station)]


def charging(bench):
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))


def in_force(bench, *controls, **changes):
    """Let a command begin of which the station takes all."""
    command = a_command("M1", *controls, start=0, **{"utility": "vtn", **changes})
    bench.command(command)
    bench.reply()
    bench.at(1)
    bench.reply()
    for call in bench.calls("SetDERControl"):
        bench.notice(call.payload["controlId"])
    bench.at(2)


def test_sessions_are_told_as_they_come_and_go(bench):
    charging(bench)
    bench.hear(TransactionsChanged("CS1", ()))
    sessions = [it.sessions for it in shown(bench)]
    assert sessions == [frozenset(), frozenset({1}), frozenset()]


def test_nothing_is_told_twice(bench):
    before = len(shown(bench))
    for minute in (1, 2, 3):
        bench.at(minute)
    assert len(shown(bench)) == before


def test_a_utility_that_is_not_told_of_states_hears_of_none(bench):
    before = len(shown(bench, "dso"))
    charging(bench)
    assert shown(bench, "dso") == [None] * before


@pytest.mark.parametrize(
    ("control", "curtailed"),
    [
        (limit(watts=7000), True),
        (limit(watts=22000), False),
        (limit(LimitOn.EXPORT, 7000), False),
        (PowerLimit(LimitOn.IMPORT, Quantity(Fraction(50), percent(Base.MAX_CHARGE_W))), True),
        (PowerLimit(LimitOn.IMPORT, Quantity(Fraction(100), percent(Base.MAX_CHARGE_W))), False),
        (Connect(connected=False), True),
    ],
)
def test_a_station_is_curtailed_by_what_lets_it_take_less_than_it_could(bench, control, curtailed):
    charging(bench)
    in_force(bench, control)
    assert shown(bench)[-1].curtailed is curtailed


def test_a_setpoint_is_told_and_curtails_where_it_asks_for_less(bench):
    charging(bench)
    in_force(bench, ActiveSetpoint(Quantity(Fraction(-5500), parse_unit("W"))))
    assert shown(bench)[-1] == Doing(frozenset({1}), curtailed=True, setpoint=Fraction(-5500))


def test_a_setpoint_of_all_that_a_station_takes_curtails_nothing(bench):
    charging(bench)
    in_force(bench, ActiveSetpoint(Quantity(Fraction(-22000), parse_unit("W"))))
    assert shown(bench)[-1] == Doing(frozenset({1}), setpoint=Fraction(-22000))


def test_who_declines_opts_out_of_the_utility_whose_event_it_is(bench):
    bench.command(a_command("M1", limit(), start=10, utility="vtn"))
    bench.command(a_command("M2", limit(), start=10, utility="dso"))
    for out in (True, False):
        bench.hear(ParticipationChanged("M1", out, "guests", "somebody"))
    bench.hear(ParticipationChanged("M2", True, "guests", "somebody"))
    assert [it.opted_out for it in shown(bench)] == [False, True, False]


def test_a_hold_is_an_opt_out(bench):
    bench.hear(HoldChanged(on=True, reason="works", actor="somebody"))
    bench.at(1)
    assert shown(bench)[-1].opted_out


def test_after_a_restart_it_is_told_at_once(bench):
    charging(bench)
    stations = [StationRules(name, ("vtn",)) for name in ("CS1", "CS2")]
    fresh = Bench(Engine(the_book(), stations, STATES), bench.now, kept=bench.kept)
    fresh.take(fresh.engine.restore(bench.kept, Now(bench.now, 0.0, {})))
    assert shown(fresh) == [Doing(frozenset({1}))]


def test_a_site_is_curtailed_while_a_limit_of_it_holds():
    world = three(version="2.1")
    world.engine.world.utilities["dso"] = UtilityRules(states=True)
    world.join()
    world.serve(for_the_site("E1", limit(watts=9000)), told=False)
    assert shown(world, "dso", SITE)[-1] == Doing(None, curtailed=True)
    world.hear(CommandWithdrawn("dso", SITE, "E1", Withdrawal.CANCELLED))
    world.flow()
    assert shown(world, "dso", SITE)[-1] == Doing(None)


def test_a_station_of_which_nothing_is_rated_is_curtailed_by_any_limit(bench):
    profile = a_profile()
    (evse,) = profile.evses
    unrated = replace(evse, ratings=replace(evse.ratings, max_charge_rate_w=None))
    bench.connect(replace(profile, evses=(unrated,)))
    charging(bench)
    in_force(bench, limit(watts=7000))
    assert shown(bench)[-1].curtailed
