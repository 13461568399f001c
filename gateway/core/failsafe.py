"""When a utility counts as silent, and when as back: moved by its words and by time.

              no word for `silent_s`            no word for `limited_s`, and no event of it runs out
    HEARD ───────────────────────────> SILENT ──────────────────────────────────────────> LIMITED
      ^                                  │                                                   │
      └── words for `return_s`, each within `silent_s` of the one before ────────────────────┘

A word is an answer by which the utility's controls can be followed. HEARD: its commands count. SILENT:
what runs goes on to its end, then its default controls hold. LIMITED: the fail-safe controls hold
besides, most restrictive, whatever else is in force. What comes counts at once in every stage; only the
way back to HEARD waits. At a cold start that asks for it LIMITED holds until the first word.

Times are monotonic seconds: no clock that is set makes a utility silent, or hides that it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from gateway.core.events import Now
from translators.canonical.controls import DerControl

OWN = "failsafe:"
"""What the name of a utility is preceded by in the origin of what holds while it is silent."""
_POLLS = 3
"""Poll intervals without a word, where no silence is given."""
_EARLY = 0.9
"""How much of an interval has gone, at least, when a utility is polled again."""
_MEETING_S = 60.0
"""How long a utility has after a start of the gateway, at least, before it counts as silent."""


class Stage(StrEnum):
    """How far things have come with one utility at one station."""

    HEARD = "heard"
    SILENT = "silent"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class UtilityRules:
    """What the settings say of a utility: of its silence and its clock, in seconds, and what it is told.

    `silent_s` and `return_s` follow the poll interval where they are None; `poll_s` is that interval until
    the utility is heard. `starts`: its known events begin while it is silent. `keep_offset_s` is how long
    its clock offset counts after it was last confirmed. `states`: it is told what stations do whenever
    that changes.
    """

    silent_s: float | None = None
    return_s: float | None = None
    poll_s: float = 300.0
    starts: bool = True
    keep_offset_s: float = 86_400.0
    states: bool = False


@dataclass(frozen=True, slots=True)
class FailSafe:
    """What holds at a station while a utility of it is silent for longer than `after_s`.

    `cold`: it holds from each start of the gateway to the first word, too.
    """

    controls: tuple[DerControl, ...] = ()
    after_s: float = 3_600.0
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long silences are, in seconds; `limited_s` is None where no fail-safe controls are given."""

    silent_s: float | None = None
    return_s: float | None = None
    poll_s: float = 300.0
    limited_s: float | None = None
    cold: bool = False

    @classmethod
    def of(cls, utility: UtilityRules, station: FailSafe) -> Self:
        """Return how long silences of a utility are at a station."""
        return cls(
            silent_s=utility.silent_s,
            return_s=utility.return_s,
            poll_s=utility.poll_s,
            limited_s=station.after_s if station.controls else None,
            cold=station.cold and bool(station.controls),
        )


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard of a utility: its last word, and since when it is heard without a gap.

    `word` is when waiting began where there was none. `row` is None while HEARD and while nothing comes.
    `cold` is a LIMITED of a start, which the first word ends.
    """

    word: float
    poll_s: float
    stage: Stage = Stage.HEARD
    row: float | None = None
    cold: bool = False

    def silent_s(self, patience: Patience) -> float:
        """Return after how long without a word it counts as silent."""
        return _POLLS * self.poll_s if patience.silent_s is None else patience.silent_s

    def return_s(self, patience: Patience) -> float:
        """Return for how long it has to be heard again."""
        return _EARLY * self.poll_s if patience.return_s is None else patience.return_s

    def silent_at(self, patience: Patience) -> float:
        """Return when it is silent unless a word comes."""
        return self.word + self.silent_s(patience)

    def limited_at(self, patience: Patience) -> float | None:
        """Return when fail-safe controls begin to hold unless a word comes, None where there are none."""
        if patience.limited_s is None:
            return None
        return self.word + max(patience.limited_s, self.silent_s(patience))


def heard(hearing: Hearing, patience: Patience, poll_s: float, now: float) -> Hearing:
    """Return what a word makes of it; time up to `now` has been let pass before."""
    after = replace(hearing, word=now, poll_s=poll_s)
    if hearing.stage is Stage.HEARD:
        return after
    row = now if hearing.row is None else hearing.row
    if hearing.cold or now - row >= after.return_s(patience):
        return replace(after, stage=Stage.HEARD, row=None, cold=False)
    return replace(after, row=row)


def passed(hearing: Hearing, patience: Patience, now: float, *, runs: bool = False) -> Hearing:
    """Return what time alone makes of it; `runs` says that an event of the utility has yet to end."""
    if now < hearing.silent_at(patience):
        return hearing
    stage, at = hearing.stage, hearing.limited_at(patience)
    if stage is Stage.HEARD:
        stage = Stage.SILENT
    if stage is Stage.SILENT and at is not None and at <= now and not runs:
        stage = Stage.LIMITED
    return replace(hearing, stage=stage, row=None)


def due(hearing: Hearing, patience: Patience) -> float | None:
    """Return when time alone changes it next; what has passed waits for an event to end."""
    if hearing.stage is Stage.HEARD or hearing.row is not None:
        return hearing.silent_at(patience)
    return hearing.limited_at(patience) if hearing.stage is Stage.SILENT else None


def begin(document: dict[str, Any] | None, patience: Patience, now: Now) -> Hearing:
    """Return what is known at a start of the gateway, from what was kept of the run before.

    A silence lives on. Who was heard before, or never, has a while to be met.
    """
    known = document or {}
    age_s, poll_s = 0.0, known.get("poll_s", patience.poll_s)
    if "word" in known:  # a clock that went back since then makes nobody silent
        age_s = max(0.0, (now.utc - datetime.fromisoformat(known["word"])).total_seconds())
    hearing = Hearing(now.monotonic - age_s, poll_s, Stage(known.get("stage", Stage.HEARD)))
    if hearing.stage is not Stage.HEARD:
        return replace(hearing, cold=known.get("cold", False))
    if patience.cold:
        return replace(hearing, word=now.monotonic, stage=Stage.LIMITED, cold=True)
    met_by = now.monotonic - max(0.0, hearing.silent_s(patience) - _MEETING_S)
    return replace(hearing, word=max(hearing.word, met_by))


def document(hearing: Hearing, now: Now) -> dict[str, Any]:
    """Return the JSON document by which the next run can `begin`."""
    word = now.utc - timedelta(seconds=now.monotonic - hearing.word)
    return {
        "stage": hearing.stage.value,
        "word": word.isoformat(),
        "poll_s": hearing.poll_s,
        "cold": hearing.cold,
    }
