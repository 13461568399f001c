"""Stations of a site that are away, on hold, or do not do what they are told; the others make room."""

from fractions import Fraction

from gateway.core.effects import SendToStation
from gateway.core.engine import Engine
from gateway.core.events import CommandReceived, CommandWithdrawn, Withdrawal
from gateway.core.orders import HoldChanged
from gateway.core.slots import Slot
from gateway.core.station import StationRules
from support.engine_bench import a_command, limit, the_book
from support.site_worlds import RATED, for_the_site, joined, shares, three
from translators.canonical.commands import Target
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlOutcome as Told


def with_one_that_refuses_less():
    """A site whose limit fell to a half: CS1 refused its smaller share."""
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.append("reject")
    world.serve(for_the_site("E2", watts=15000, created=world.now), told=False)
    return world


def test_who_never_came_counts_with_its_rating():
    world = three()
    world.join("CS1", "CS2")
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == {"CS1": 4000, "CS2": 4000, "CS3": 22000}
    world.join("CS3")
    assert world.bounds() == shares(10000)


def test_a_default_of_its_own_is_what_a_station_that_is_away_counts_with():
    world = three(member={"away": Fraction(6000)})
    world.join("CS1", "CS2")
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == {"CS1": 12000, "CS2": 12000, "CS3": 22000}
    world.join("CS3")
    world.leave("CS3")
    assert {p[1]: s.amount for p, s in world.site.shares.items()} == shares(10000)


def test_a_station_on_hold_has_a_line_and_counts_with_its_rating():
    world = joined(member={"away": Fraction(6000)})
    world.hear(HoldChanged(on=True, reason="work", actor="me", station="CS1"))
    world.serve(for_the_site(watts=30000))
    assert world.bounds() == {"CS1": 22000, "CS2": 4000, "CS3": 4000}


def test_who_leaves_counts_with_what_it_confirmed():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.leave("CS1")
    assert world.bounds() == shares(10000)
    world.serve(for_the_site("E2", watts=18000, created=world.now), told=False)
    assert world.bounds() == {"CS1": 10000, "CS2": 4000, "CS3": 4000}


def test_an_excess_that_cannot_be_cured_is_audited_with_its_reason_and_its_end():
    world = three()
    world.join("CS1")
    world.serve(for_the_site(watts=30000))
    (excess,) = world.audited("site.excess")
    assert excess.details["excess"] == {"W": "14000"}
    assert excess.details["because"] == dict.fromkeys(("CS2", "CS3"), "away or on hold")
    assert world.told() == [Told.RECEIVED]
    world.join("CS2", "CS3")
    assert [e.details["excess"] for e in world.audited("site.excess_cured")] == [{}]
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_a_limit_that_was_never_kept_ends_without_participation():
    world = three()
    world.join("CS1")
    world.serve(for_the_site(watts=30000, minutes=5))
    world.wait(301)
    assert world.told() == [Told.RECEIVED, Told.NO_PARTICIPATION]


def test_a_station_that_refuses_keeps_what_it_took_and_others_make_room():
    world = with_one_that_refuses_less()
    assert world.bounds() == {"CS1": 10000, "CS2": 2500, "CS3": 2500}
    world.wait(5)
    world.leave("CS1")
    world.join("CS1")
    assert world.bounds() == shares(5000)


def test_a_looser_limit_of_its_own_does_not_free_who_keeps_the_share_before_the_one_that_it_refused():
    world = with_one_that_refuses_less()
    own = a_command("M1", limit(watts=20000), start=0, target=Target("CS1"))
    world.hear(CommandReceived(own))
    world.flow()
    assert world.bounds() == {"CS1": 10000, "CS2": 2500, "CS3": 2500}
    assert world.site.views["CS1"].without(Slot.CHARGE) == "refuses"
    world.wait(5)
    world.leave("CS1")
    world.join("CS1")
    assert world.bounds() == shares(5000)


def test_what_a_station_refused_while_it_was_on_hold_is_told_anew_once_that_ends():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.append("reject")
    lower = for_the_site("E2", watts=15000, created=world.now)
    world.hear(CommandReceived(lower))
    world.hear(HoldChanged(on=True, reason="work", actor="me", station="CS1"))
    world.flow()
    assert world.bounds() == {"CS1": 10000, "CS2": 2500, "CS3": 2500}
    world.wait(5)
    world.hear(HoldChanged(on=False, reason="done", actor="me", station="CS1"))
    world.flow()
    assert world.bounds() == shares(5000)


def test_a_station_that_never_says_that_a_limit_started_does_not_count_as_bound_by_it():
    world = three(version="2.1")
    world.notices = False
    world.join()
    world.serve(for_the_site(watts=30000, on=LimitOn.EXPORT), told=False)
    assert world.told() == [Told.RECEIVED]
    assert {world.site.held[Slot.DISCHARGE, name] for name in RATED} == {None}


def test_stations_that_cannot_feed_in_need_not_be_told():
    world = joined()
    world.serve(for_the_site(watts=5000, on=LimitOn.EXPORT), told=False)
    assert world.told() == [Told.RECEIVED, Told.STARTED]


def test_a_hold_takes_no_share_back_and_its_utility_sees_an_opt_out():
    world = joined()
    world.serve(for_the_site(watts=30000), told=False)
    world.hear(HoldChanged(on=True, reason="work", actor="me", release=True))
    world.flow()
    assert world.told()[-1] is Told.OPTED_OUT
    assert world.bounds() == RATED
    world.hear(HoldChanged(on=False, reason="done", actor="me"))
    world.flow()
    assert world.bounds() == shares(10000)


def test_a_station_on_hold_keeps_what_it_has_and_others_make_room():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.hear(HoldChanged(on=True, reason="work", actor="me", station="CS1"))
    world.serve(for_the_site("E2", watts=15000, created=world.now), told=False)
    assert world.bounds() == {"CS1": 10000, "CS2": 2500, "CS3": 2500}
    world.hear(HoldChanged(on=False, reason="done", actor="me", station="CS1"))
    world.flow()
    assert world.bounds() == shares(5000)


def test_what_a_station_refused_is_not_told_again_after_a_restart_where_others_took_the_room():
    world = joined()
    world.serve(for_the_site("E2", watts=30000), told=False)
    world.chargers["CS1"].fates.append("reject")
    world.serve(for_the_site("E3", watts=36000, created=world.now), told=False)
    assert world.bounds() == {"CS1": 10000, "CS2": 13000, "CS3": 13000}
    world.wait(1)
    world.restart()
    assert world.bounds() == shares(12000)


def test_a_station_that_never_answers_cannot_be_told():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.extend(["lost"] * 3)
    world.serve(for_the_site("E2", watts=15000, created=world.now), told=False)
    assert world.site.views["CS1"].without(Slot.CHARGE) == "does not answer"
    assert world.bounds() == {"CS1": 10000, "CS2": 2500, "CS3": 2500}


def test_growth_that_a_station_never_confirmed_is_not_told_to_it_again_when_it_is_back():
    world = joined()
    world.serve(for_the_site(watts=15000), told=False)
    world.chargers["CS1"].fates.append("late")
    world.serve(for_the_site("E2", watts=30000, created=world.now), told=False)
    world.leave("CS1")
    assert world.site.shares[Slot.CHARGE, "CS1"].amount == 5000
    assert world.site.held[Slot.CHARGE, "CS1"] == 10000
    world.serve(for_the_site("E3", watts=6000, created=world.now, primacy=1), told=False)
    world.join("CS1")
    assert world.bounds() == shares(2000)


def test_who_left_while_its_share_was_taken_back_holds_on_to_it_where_a_new_bound_comes():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.chargers["CS1"].fates.append("late")
    world.withdraw("E1")
    world.leave("CS1")
    world.serve(for_the_site("E2", watts=15000, created=world.now))
    assert world.bounds()["CS1"] == 10000
    world.join("CS1")
    assert world.bounds() == shares(5000)
    assert not [e for e in world.audited("control.cleared") if e.actor == "CS1"]


def test_what_is_held_on_to_is_what_was_confirmed():
    world = joined()
    world.serve(for_the_site(watts=15000), told=False)
    world.chargers["CS1"].fates.append("late")
    world.serve(for_the_site("E2", watts=30000, created=world.now), told=False)
    world.withdraw("E2")
    world.leave("CS1")
    world.serve(for_the_site("E3", watts=6000, created=world.now), told=False)
    assert world.site.shares[Slot.CHARGE, "CS1"].amount == 5000
    world.join("CS1")
    assert world.bounds() == shares(2000)


def test_a_station_that_is_back_keeps_a_limit_that_is_over_until_it_has_its_share():
    world = three()
    rules = [StationRules(name, ("dso",)) for name in RATED]
    world.engine = Engine(the_book(), rules, sites=[world.rules])
    world.join()
    own = for_the_site("OWN", watts=3000, target=Target("CS1"))
    world.hear(CommandReceived(own))
    world.flow()
    assert world.bounds()["CS1"] == 3000
    world.leave("CS1")
    world.hear(CommandWithdrawn("dso", "CS1", "OWN", Withdrawal.CANCELLED))
    world.serve(for_the_site(watts=12000))
    world.effects.clear()
    world.join("CS1")  # each growth is judged
    sent = [
        e.action for e in world.effects if isinstance(e, SendToStation) and "Profile" in e.action
    ]
    assert sent[0] == "SetChargingProfile"
    assert "ClearChargingProfile" in sent
    assert sum(world.bounds().values()) <= 12000


def test_a_station_that_is_back_and_forgot_all_is_told_its_new_share_alone():
    world = joined()
    world.serve(for_the_site(watts=30000))
    world.leave("CS1")
    world.serve(for_the_site("E2", watts=12000, created=world.now), told=False)
    world.leave("CS2")
    world.effects.clear()
    world.join("CS1", forgets=True)
    assert [told_watts(call) for call in world.effects if is_limit(call, "CS1")] == [5500]
    assert world.bounds() == {"CS1": 5500, "CS2": 1000, "CS3": 5500}


def is_limit(effect, station):
    named = isinstance(effect, SendToStation) and effect.action == "SetChargingProfile"
    return named and effect.station == station


def told_watts(call):
    (schedule,) = call.payload["chargingProfile"]["chargingSchedule"]
    return schedule["chargingSchedulePeriod"][0]["limit"]
