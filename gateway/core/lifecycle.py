"""The life of one command at one station, as a table.

    RECEIVED ─ planned ─> SCHEDULED ─ started ─> ACTIVE ─ ended ─> COMPLETED
        │ refused, expired     │ ended ─> UNFOLLOWED    │ ignored ─> UNFOLLOWED
        │                      │                        │ beaten ─> SUPERSEDED, outranked ─> OUTRANKED
        │                      │                        │ overruled ─> OVERRULED
        └─> REFUSED, LATE      └──── withdrawn ─────┴─> CANCELLING ─ cleared ─> CANCELLED
              └─ ended ─> CLOSED

A trigger without a row changes nothing. What a state owes its utility stands in `OWED`.
"""

from __future__ import annotations

from enum import StrEnum

from translators.canonical.telemetry import ControlOutcome


class State(StrEnum):
    """Where a command stands."""

    RECEIVED = "received"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    """Every part has started, by the station's evidence."""
    COMPLETED = "completed"
    UNFOLLOWED = "unfollowed"
    """Its end came without evidence that the station took part, or the meter showed that it did not."""
    CANCELLING = "cancelling"
    """Withdrawn; the station has not yet confirmed that it let go."""
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    OUTRANKED = "outranked"
    """Superseded, and by commands of other programs alone."""
    OVERRULED = "overruled"
    """A utility with precedence holds all of it from now to its end."""
    REFUSED = "refused"
    """Its utility was told why; limits among its controls may still be in force."""
    CLOSED = "closed"
    """It was refused, and its end has come."""
    LATE = "late"


class Trigger(StrEnum):
    """What happens to a command."""

    PLANNED = "planned"
    STARTED = "started"
    ENDED = "ended"
    IGNORED = "ignored"
    """Ended, and a part of it was never followed."""
    WITHDRAWN = "withdrawn"
    CLEARED = "cleared"
    BEATEN = "beaten"
    OUTRANKED = "outranked"
    OVERRULED = "overruled"
    REFUSED = "refused"
    EXPIRED = "expired"
    UPDATED = "updated"
    REGAINED = "regained"
    """Wanted again before the station had let go: a site's share."""


_S, _T = State, Trigger
TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (_S.RECEIVED, _T.PLANNED): _S.SCHEDULED,
    (_S.RECEIVED, _T.REFUSED): _S.REFUSED,
    (_S.RECEIVED, _T.EXPIRED): _S.LATE,  # 2030.5 response 254
    (_S.RECEIVED, _T.WITHDRAWN): _S.CANCELLING,
    (_S.SCHEDULED, _T.STARTED): _S.ACTIVE,
    (_S.SCHEDULED, _T.REFUSED): _S.REFUSED,
    (_S.SCHEDULED, _T.ENDED): _S.UNFOLLOWED,
    (_S.SCHEDULED, _T.BEATEN): _S.SUPERSEDED,
    (_S.SCHEDULED, _T.OUTRANKED): _S.OUTRANKED,
    (_S.SCHEDULED, _T.OVERRULED): _S.OVERRULED,
    (_S.SCHEDULED, _T.WITHDRAWN): _S.CANCELLING,
    (_S.SCHEDULED, _T.UPDATED): _S.RECEIVED,
    (_S.ACTIVE, _T.ENDED): _S.COMPLETED,
    (_S.ACTIVE, _T.IGNORED): _S.UNFOLLOWED,
    (_S.ACTIVE, _T.REFUSED): _S.REFUSED,
    (_S.ACTIVE, _T.BEATEN): _S.SUPERSEDED,
    (_S.ACTIVE, _T.OUTRANKED): _S.OUTRANKED,
    (_S.ACTIVE, _T.OVERRULED): _S.OVERRULED,
    (_S.ACTIVE, _T.WITHDRAWN): _S.CANCELLING,
    (_S.REFUSED, _T.ENDED): _S.CLOSED,
    (_S.REFUSED, _T.WITHDRAWN): _S.CANCELLING,
    (_S.REFUSED, _T.UPDATED): _S.RECEIVED,
    (_S.CANCELLING, _T.CLEARED): _S.CANCELLED,
    (_S.CANCELLING, _T.ENDED): _S.CANCELLED,
    (_S.CANCELLING, _T.REGAINED): _S.SCHEDULED,
}

OWED: dict[State, ControlOutcome] = {
    State.ACTIVE: ControlOutcome.STARTED,
    State.COMPLETED: ControlOutcome.COMPLETED,
    State.UNFOLLOWED: ControlOutcome.NO_PARTICIPATION,
    State.CANCELLED: ControlOutcome.CANCELLED,
    State.SUPERSEDED: ControlOutcome.SUPERSEDED,
    State.OUTRANKED: ControlOutcome.OUTRANKED,
    State.OVERRULED: ControlOutcome.OVERRULED,
    State.LATE: ControlOutcome.LATE,
}
"""What the utility is told on entering a state; a refusal tells its own outcome."""

CLAIMING = frozenset({State.SCHEDULED, State.ACTIVE, State.REFUSED, State.CANCELLING})
"""States in which a command may hold functions (a refused one keeps its limits)."""

ENDED = frozenset(
    {
        State.COMPLETED,
        State.UNFOLLOWED,
        State.CANCELLED,
        State.SUPERSEDED,
        State.OUTRANKED,
        State.OVERRULED,
        State.CLOSED,
        State.LATE,
    }
)
"""States that nothing leaves."""


def after(state: State, trigger: Trigger) -> State:
    """Return the state after `trigger`; the same state where the table has no row."""
    return TRANSITIONS.get((state, trigger), state)
