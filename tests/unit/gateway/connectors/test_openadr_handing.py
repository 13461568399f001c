"""What changes at the engine when other commands are wanted of a station."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.connectors.openadr.handing import Handed, Handing, handed_before
from gateway.core.events import CommandReceived, CommandWithdrawn, Withdrawal
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from support.engine_bench import NOON, a_command, limit
from translators.canonical.commands import Interval
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Refusal

DAY = timedelta(days=1)
REFUSED = Refusal(ControlOutcome.INVALID, "CURVE", "", "is none", "r")


def wanted(mrid="M1", watts=7000, *, refusals=(), **changes):
    command = a_command(mrid, limit(LimitOn.IMPORT, watts), **changes)
    return CommandReceived(command, refusals=tuple(refusals), raw=(b"{}",))


def a_handing(known=()):
    return Handing("dso", "CS1", dict(known))


def plan(handing, *commands, now=NOON, whole=True):
    """Return what is posted: mRID and version, or the mRID that is withdrawn."""
    return [
        (event.command.mrid, event.command.version)
        if isinstance(event, CommandReceived)
        else event.mrid
        for event in handing.plan(commands, now, whole=whole)
    ]


def test_what_is_new_is_handed_on_once():
    handing = a_handing()
    assert plan(handing, wanted()) == [("M1", 0)]
    assert plan(handing, wanted()) == []


def test_a_change_is_a_new_edition():
    handing = a_handing()
    plan(handing, wanted())
    assert plan(handing, wanted(watts=5000)) == [("M1", 1)]
    assert plan(handing, wanted(watts=5000, minutes=90)) == [("M1", 2)]
    assert plan(handing, wanted(watts=5000, minutes=90)) == []


def test_a_part_that_is_refused_now_is_a_change():
    handing = a_handing()
    plan(handing, wanted())
    assert plan(handing, wanted(refusals=[REFUSED])) == [("M1", 1)]


def test_what_is_wanted_no_more_is_withdrawn_after_what_takes_its_place():
    handing = a_handing()
    plan(handing, wanted("M1"))
    assert plan(handing, wanted("M2")) == [("M2", 0), "M1"]
    assert plan(handing, wanted("M2")) == []


def test_a_withdrawal_releases_at_once():
    handing = a_handing()
    handing.plan([wanted()], NOON, whole=True)
    assert handing.plan([], NOON, whole=True) == [
        CommandWithdrawn("dso", "CS1", "M1", Withdrawal.VANISHED)
    ]


def test_what_comes_back_begins_anew_with_a_higher_version():
    handing = a_handing()
    plan(handing, wanted())
    plan(handing)
    assert plan(handing, wanted()) == [("M1", 1)]


def test_what_is_over_needs_no_withdrawal():
    handing = a_handing()
    plan(handing, wanted())
    assert plan(handing, now=NOON + timedelta(minutes=70)) == []


def test_nothing_is_withdrawn_before_all_was_read():
    handing = a_handing([("OLD", Handed(a_command("OLD")))])
    assert plan(handing, wanted(), whole=False) == [("M1", 0)]
    assert plan(handing, wanted()) == ["OLD"]


def a_record(state=State.ACTIVE, **changes):
    return CommandRecord(wanted().command, state=state, **changes)


@pytest.mark.parametrize(
    "state", [State.RECEIVED, State.SCHEDULED, State.ACTIVE, State.COMPLETED, State.REFUSED]
)
def test_what_an_earlier_run_handed_on_is_not_handed_on_again(state):
    handing = a_handing(handed_before([a_record(state)]))
    assert plan(handing, wanted()) == []


def test_what_changed_while_nobody_looked_is_a_new_edition():
    handing = a_handing(handed_before([a_record()]))
    assert plan(handing, wanted(watts=5000)) == [("M1", 1)]


@pytest.mark.parametrize("state", [State.CANCELLING, State.CANCELLED])
def test_what_an_earlier_run_withdrew_may_come_back(state):
    handing = a_handing(handed_before([a_record(state, withdraw_at=NOON)]))
    assert plan(handing) == []
    assert plan(handing, wanted()) == [("M1", 1)]


def test_what_the_engine_has_forgotten_is_forgotten():
    handing = a_handing()
    plan(handing, wanted())
    plan(handing)
    assert plan(handing, now=NOON + 9 * DAY) == []
    assert plan(handing, wanted(), now=NOON + 9 * DAY) == [("M1", 0)]


def test_versions_never_fall_while_the_engine_remembers():
    handing = a_handing()
    plan(handing, wanted())
    plan(handing)
    plan(handing, now=NOON + 7 * DAY)
    assert plan(handing, wanted(), now=NOON + 7 * DAY) == [("M1", 1)]


def part(mrid, start, end):
    times = Interval(NOON + timedelta(hours=start), end and NOON + timedelta(hours=end))
    received = wanted(mrid)
    return replace(received, command=replace(received.command, interval=times))


@pytest.mark.parametrize(
    ("known", "hours", "number", "start"),
    [
        pytest.param([], 0, 0, None, id="nothing is known"),
        pytest.param([("M", 0, 2)], 1, 0, 0, id="the first one runs"),
        pytest.param([("M", 0, 1), ("M~1", 2, 3)], 1, 1, 2, id="the first is over, the next ahead"),
        pytest.param([("M", 0, 1)], 2, 1, None, id="all that is known is over"),
        pytest.param([("M", 0, None)], 99, 0, 0, id="one without end"),
        pytest.param([("other", 0, 1)], 2, 0, None, id="another interval"),
        pytest.param([("M~1", 2, 3)], 1, 1, 2, id="the first was forgotten"),
        pytest.param([("M~x", 2, 3)], 1, 0, None, id="no number of a part"),
        pytest.param([("M/subscription", 0, 2)], 1, 0, 0, id="a subscription alone"),
    ],
)
def test_parts_of_an_interval_keep_their_numbers_and_starts(known, hours, number, start):
    handing = a_handing()
    plan(handing, *(part(*one) for one in known))
    now = NOON + timedelta(hours=hours)
    begun = None if start is None else NOON + timedelta(hours=start)
    assert handing.told(["M", "M/subscription"], now) == (number, begun)


def test_a_part_that_was_withdrawn_may_begin_otherwise():
    handing = a_handing()
    plan(handing, part("M", 0, 2))
    plan(handing)
    assert handing.told(["M"], NOON + timedelta(hours=1)) == (0, None)


def test_a_part_is_remembered_as_long_as_another_of_its_interval():
    handing = a_handing()
    plan(handing, part("M", 0, 1), part("M~1", 2, None))
    later = NOON + 30 * DAY
    plan(handing, part("M~1", 2, None), now=later)
    plan(handing, now=later + 9 * DAY)
    assert handing.told(["M"], later + 9 * DAY) == (1, None)
