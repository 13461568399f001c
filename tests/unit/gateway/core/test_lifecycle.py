"""The table of a command's life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.lifecycle import CLAIMING, ENDED, OWED, TRANSITIONS, State, Trigger, after
from translators.canonical.telemetry import ControlOutcome

STORIES = {
    "runs to its end": (["planned", "started", "ended"], State.COMPLETED),
    "never seen to start": (["planned", "ended"], State.UNFOLLOWED),
    "cancelled before it started": (["planned", "withdrawn", "cleared"], State.CANCELLED),
    "cancelled while active": (["planned", "started", "withdrawn", "cleared"], State.CANCELLED),
    "cancelled, never confirmed": (["planned", "withdrawn", "ended"], State.CANCELLED),
    "superseded while active": (["planned", "started", "beaten"], State.SUPERSEDED),
    "superseded before it started": (["planned", "beaten"], State.SUPERSEDED),
    "refused at once": (["refused"], State.REFUSED),
    "refused by the station": (["planned", "refused"], State.REFUSED),
    "refused, then a better edition": (["refused", "updated", "planned"], State.SCHEDULED),
    "seen too late": (["expired"], State.LATE),
    "started twice": (["planned", "started", "started"], State.ACTIVE),
    "ended, then withdrawn": (["planned", "started", "ended", "withdrawn"], State.COMPLETED),
}


@pytest.mark.parametrize(("triggers", "end"), STORIES.values(), ids=STORIES)
def test_a_story_ends_where_the_table_says(triggers, end):
    state = State.RECEIVED
    for trigger in triggers:
        state = after(state, Trigger(trigger))
    assert state is end


@given(st.lists(st.sampled_from(Trigger), max_size=12))
def test_nothing_leaves_an_ended_state_in_any_order_of_triggers(triggers):
    state = State.RECEIVED
    for trigger in triggers:
        before, state = state, after(state, trigger)
        if before in ENDED:
            assert state is before


def test_every_state_is_reached_by_the_table():
    assert set(TRANSITIONS.values()) | {State.RECEIVED} == set(State)


def test_every_ended_state_owes_its_utility_one_outcome_of_its_own():
    assert {OWED[state] for state in ENDED - {State.CLOSED}} == {
        ControlOutcome.COMPLETED,
        ControlOutcome.NO_PARTICIPATION,
        ControlOutcome.CANCELLED,
        ControlOutcome.SUPERSEDED,
        ControlOutcome.OUTRANKED,
        ControlOutcome.OVERRULED,
        ControlOutcome.LATE,
    }


def test_no_ended_state_claims_a_function():
    assert not CLAIMING & ENDED
