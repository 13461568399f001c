"""A recorded run decided once more: the same engine, what it began with, what it heard, and when.

Nothing is sent, stored or told: effects are compared, or shown, and go nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.core.effects import Effect
from gateway.core.engine import Documents, Engine
from gateway.core.events import Event, Now
from gateway.core.inputs import Books, Setup, digest


@dataclass(frozen=True, slots=True)
class Beginning:
    """What one run of a gateway began with; `effects` is the digest of what it did at once."""

    setup: Setup
    kept: Documents
    now: Now
    effects: str


@dataclass(frozen=True, slots=True)
class Input:
    """One event that was heard; `effects` is None where the gateway ended before it had decided."""

    number: int
    now: Now
    event: Event
    effects: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of an input this time (`event` is None for the beginning), and whether it is the same.

    `same` is None where nothing is known to compare with.
    """

    number: int
    now: Now
    event: Event | None
    effects: list[Effect]
    same: bool | None


def begin(beginning: Beginning, books: Books) -> tuple[Engine, Decision]:
    """Return the engine as the run began, and what it did at once."""
    setup = beginning.setup
    engine = setup.engine(books(setup.rules))
    effects = engine.restore(beginning.kept, beginning.now)
    same = digest(effects) == beginning.effects
    return engine, Decision(0, beginning.now, None, effects, same)


def decide(engine: Engine, item: Input) -> Decision:
    """Return what the engine makes of one input."""
    effects = engine.handle(item.event, item.now)
    same = None if item.effects is None else digest(effects) == item.effects
    return Decision(item.number, item.now, item.event, effects, same)


def replay(beginning: Beginning, inputs: Iterable[Input], books: Books) -> Iterator[Decision]:
    """Yield every decision of a run, the beginning first."""
    engine, first = begin(beginning, books)
    yield first
    for item in inputs:
        yield decide(engine, item)
