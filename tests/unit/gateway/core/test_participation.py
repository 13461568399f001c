"""Opt-out of an event, and the hold of all dispatch."""

from dataclasses import replace

import pytest

from gateway.core.effects import Table
from gateway.core.events import CommandReceived, ReplyStatus
from gateway.core.orders import DrainMode, DrainRequested, HoldChanged, ParticipationChanged
from support.engine_bench import a_command, a_default, limit, pf
from translators.canonical.commands import Origin, Protocol, Revision, Target
from translators.canonical.telemetry import ControlOutcome as Told

RECEIVED, STARTED, COMPLETED = Told.RECEIVED, Told.STARTED, Told.COMPLETED
OUT, IN = Told.OPTED_OUT, Told.OPTED_IN
PART_OUT, PART_IN = Told.COMPLETED_OPTED_OUT, Told.COMPLETED_OPTED_IN


def optout(bench, mrid="M1", *, back=False, **changes):
    words = {"reason": "a fair", "actor": "ann"} | changes
    return bench.hear(ParticipationChanged(mrid, not back, **words))


def hold(bench, *, on=True, release=False, station=""):
    return bench.hear(HoldChanged(on, "works on the feeder", "ann", release, station))


def scheduled(bench, *controls, mrid="M1", **changes):
    """Let the station take an event that starts in ten minutes."""
    bench.command(a_command(mrid, *controls, **changes))
    bench.reply()


def running(bench, *controls):
    """Let an event run."""
    scheduled(bench, *controls)
    bench.at(10)
    for call in bench.calls("SetDERControl"):
        bench.notice(call.payload["controlId"])


def test_a_declined_event_is_taken_back_and_told_at_once_and_at_its_end(ready):
    scheduled(ready)
    optout(ready)
    assert ready.told() == [RECEIVED, OUT]
    assert [call.action for call in ready.outstanding()] == ["ClearDERControl"]
    ready.reply()
    ready.at(71)
    assert ready.told() == [RECEIVED, OUT, Told.NO_PARTICIPATION]
    (declined,) = ready.audited("command.declined")
    assert (declined.actor, declined.details["reason"]) == ("ann", "a fair")


def test_who_declines_part_way_ends_with_8(ready):
    running(ready)
    optout(ready)
    ready.reply()
    ready.at(71)
    assert ready.told() == [RECEIVED, STARTED, OUT, PART_OUT]


def test_who_comes_back_part_way_ends_with_9(ready):
    running(ready)
    optout(ready)
    ready.reply()
    ready.at(20)
    optout(ready, back=True)
    ready.reply()
    assert ready.calls("SetDERControl")[-1].payload["controlId"] == ready.control_id(0)
    ready.at(71)
    assert ready.told() == [RECEIVED, STARTED, OUT, IN, PART_IN]


def test_who_comes_back_before_the_start_has_its_whole_part(ready):
    scheduled(ready)
    optout(ready)
    ready.reply()
    optout(ready, back=True)
    ready.reply()
    ready.at(10)
    ready.notice(ready.control_id())
    ready.at(71)
    assert ready.told() == [RECEIVED, OUT, IN, STARTED, COMPLETED]


def test_going_out_twice_is_told_twice_and_once_each(ready):
    scheduled(ready)
    for back in (False, False, True, True, False):
        optout(ready, back=back)
    assert ready.told() == [RECEIVED, OUT, IN, OUT]
    assert len(set(ready.engine.world.owed)) == 4


def test_one_station_of_several_declines(ready):
    scheduled(ready)
    other = replace(a_command("M1"), target=Target("CS2"))
    ready.hear(CommandReceived(other))
    optout(ready, stations=frozenset({"CS2"}))
    states = {
        name: record.declined
        for name in ("CS1", "CS2")
        for record in ready.engine.world.records[name].values()
    }
    assert states == {"CS1": "", "CS2": "operator"}


@pytest.mark.parametrize(
    "changes", [{"mrid": "M9"}, {"utility": "other"}, {"stations": frozenset({"CS2"})}]
)
def test_what_nobody_knows_is_audited_and_changes_nothing(ready, changes):
    scheduled(ready)
    optout(ready, **changes)
    assert ready.told() == [RECEIVED]
    assert len(ready.audited("command.unknown")) == 1


def test_a_default_and_a_refused_event_are_not_declined(ready):
    ready.command(a_default("D1"))
    ready.command(a_command("M1"))
    ready.reply(ReplyStatus.REJECTED)
    before = ready.told()
    optout(ready, "D1")
    optout(ready)
    assert ready.told() == before
    assert ready.audited("command.declined") == []


def test_a_new_edition_of_a_declined_event_stays_declined(ready):
    scheduled(ready)
    optout(ready)
    ready.reply()
    ready.command(a_command("M1", pf("0.9"), version=1))
    assert ready.outstanding() == []


def test_another_event_takes_the_place_of_a_declined_one(ready):
    scheduled(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=20))
    optout(ready)
    ready.reply()
    assert ready.calls("SetDERControl")[-1].payload["fixedPFInject"]["displacement"] == 0.9


def test_while_all_is_held_nothing_is_sent_and_what_runs_goes_on(ready):
    running(ready)
    sent = len(ready.calls())
    hold(ready)
    ready.command(a_command("M2", limit()))
    ready.command(a_default("D1", limit(watts=5000)))
    ready.withdraw()
    ready.at(20)
    assert len(ready.calls()) == sent
    assert ready.told("M2") == [RECEIVED, OUT]
    assert ready.told() == [RECEIVED, STARTED]
    hold(ready, on=False)
    assert {call.action for call in ready.outstanding()} == {
        "ClearDERControl",
        "SetChargingProfile",
    }
    assert ready.told("M2") == [RECEIVED, OUT, IN]


def test_what_a_hold_declines_is_taken_back_where_a_station_would_start_it_by_itself(ready):
    scheduled(ready)
    hold(ready)
    (call,) = ready.outstanding()
    assert (call.action, call.payload["controlId"]) == ("ClearDERControl", ready.control_id())
    ready.reply()
    ready.at(71)
    assert ready.told() == [RECEIVED, OUT, Told.NO_PARTICIPATION]
    assert ready.outstanding() == []


def test_who_declines_what_runs_during_a_hold_has_it_taken_back(ready):
    running(ready)
    hold(ready)
    assert ready.outstanding() == []
    optout(ready)
    assert [call.action for call in ready.outstanding()] == ["ClearDERControl"]
    ready.reply()
    ready.at(71)
    assert ready.told() == [RECEIVED, STARTED, OUT, PART_OUT]


def test_what_a_hold_took_back_is_sent_again_when_it_ends(ready):
    scheduled(ready)
    hold(ready)
    ready.reply()
    hold(ready, on=False)
    assert [call.action for call in ready.outstanding()] == ["SetDERControl"]
    assert ready.told() == [RECEIVED, OUT, IN]


def test_a_hold_with_release_takes_events_back_and_leaves_defaults(ready):
    ready.command(a_default("D1", pf("0.9")))
    ready.reply()
    running(ready)
    hold(ready, release=True)
    (call,) = ready.outstanding()
    assert (call.action, call.payload["controlId"]) == ("ClearDERControl", ready.control_id(1))
    assert ready.told() == [RECEIVED, STARTED, OUT]
    ready.reply()
    hold(ready, on=False)
    assert ready.calls()[-1].payload["controlId"] == ready.control_id(1)
    assert ready.told() == [RECEIVED, STARTED, OUT, IN]


def test_what_an_operator_declined_stays_declined_when_a_hold_ends(ready):
    scheduled(ready)
    optout(ready)
    ready.reply()
    hold(ready)
    hold(ready, on=False)
    assert ready.told() == [RECEIVED, OUT]
    assert ready.outstanding() == []


def test_who_was_cancelled_during_a_hold_does_not_take_part_again(ready):
    scheduled(ready)
    hold(ready)
    ready.withdraw()
    hold(ready, on=False)
    ready.reply()
    assert ready.told() == [RECEIVED, OUT, Told.CANCELLED]


def test_a_hold_and_what_was_declined_survive_a_restart(ready, book):
    running(ready)
    hold(ready, release=True)
    ready.reply()
    again = ready.restart(book)
    assert again.engine.world.hold.reason == "works on the feeder"
    again.connect()
    assert again.calls() == []
    hold(again, on=False)
    assert [call.action for call in again.calls()] == ["SetDERControl"]
    assert again.kept[Table.SITE] == {}


def test_beginning_and_end_of_a_hold_are_audited(ready):
    hold(ready, release=True)
    hold(ready, on=False)
    (begun,), (ended,) = ready.audited("hold.begun"), ready.audited("hold.ended")
    assert (begun.actor, begun.details["reason"]) == ("ann", "works on the feeder")
    assert begun.details["release"]
    assert ended.subject == "dispatch"


def test_one_station_on_hold_leaves_the_others_alone(ready):
    hold(ready, station="CS2")
    scheduled(ready)
    assert ready.told() == [RECEIVED]
    assert len(ready.calls("SetDERControl")) == 1
    hold(ready, on=False, station="CS2")
    assert ready.told() == [RECEIVED]
    hold(ready, station="CS1")
    assert ready.told() == [RECEIVED, OUT]
    begun, mine = ready.audited("hold.begun")
    assert (begun.subject, mine.subject) == ("CS2", "CS1")


def test_a_station_that_is_on_hold_itself_stays_so_when_the_hold_of_all_ends(ready):
    hold(ready, station="CS1")
    hold(ready)
    scheduled(ready)
    hold(ready, on=False)
    assert ready.told() == [RECEIVED, OUT]
    hold(ready, on=False, station="CS1")
    assert ready.told() == [RECEIVED, OUT, IN]
    assert len(ready.outstanding()) == 1


def test_the_hold_of_one_station_survives_a_restart(ready, book):
    hold(ready, station="CS1", release=True)
    again = ready.restart(book)
    again.connect()
    scheduled(again)
    assert again.told() == [RECEIVED, OUT]
    assert again.engine.world.hold is None
    hold(again, on=False, station="CS1")
    assert not again.engine.world.holds
    assert not again.kept[Table.SITE]


def test_what_the_site_itself_asks_is_not_declined(ready):
    scheduled(ready, origin=Origin("site:home", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018))
    hold(ready, station="CS1")
    assert not ready.audited("command.declined")


def test_what_was_to_make_way_for_an_event_that_a_hold_declines_goes_on_to_its_own_end(ready):
    ready.command(a_command("M2", pf("0.9"), primacy=1, start=30, minutes=10))
    ready.reply()
    running(ready)
    first = ready.calls("SetDERControl")[-1].payload
    assert first["fixedPFInject"]["duration"] == 20 * 60
    hold(ready)
    while ready.outstanding():
        ready.reply()
    last = ready.calls("SetDERControl")[-1].payload
    assert (last["controlId"], last["fixedPFInject"]["duration"]) == (first["controlId"], 60 * 60)
    assert [call.action for call in ready.calls()[-2:]] == ["ClearDERControl", "SetDERControl"]
    assert ready.told("M2") == [RECEIVED, OUT]
    ready.at(71)
    assert ready.told() == [RECEIVED, STARTED, COMPLETED]


@pytest.mark.parametrize(
    ("mode", "taken_back"),
    [
        (DrainMode.KEEP, []),
        (DrainMode.DEFAULT, ["ClearDERControl"]),
        (DrainMode.CLEAR, ["ClearDERControl"]),
    ],
)
def test_what_the_settings_take_back_at_the_end_they_take_back_during_a_hold(
    ready, mode, taken_back
):
    running(ready)
    hold(ready)
    ready.hear(DrainRequested(mode))
    assert [call.action for call in ready.outstanding()] == taken_back
