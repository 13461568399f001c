"""`dergate replay`: a recorded day once more through the decisions, or through those of other rules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.cli.rules import book
from gateway.core.effects import Audit, Effect
from gateway.core.inputs import Books
from gateway.core.otherwise import Day, Difference, Otherwise, Told, differences, told
from gateway.core.replaying import Decision, begin, decide
from gateway.errors import StoreError
from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from gateway.store.inputs import Recorded, rule_texts, runs
from translators.chain import load_book
from translators.compare import MessageChange, NumberChange
from translators.rules.book import Book

_LINES = 20
"""Of what differs, as much is shown for each run."""


def replay(
    path: Annotated[
        Path, typer.Argument(metavar="LOG", help="Folder of the input log, or a part of a run.")
    ],
    *,
    against: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Other mapping rules: what would they have sent?"),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="X", help="So much faster than it was, and shown."),
    ] = None,
) -> None:
    """Decide a recorded day once more, and compare each decision; sends and stores nothing.

    Exit 1 where one differs; with --against where a station would have been told anything else.
    """
    books = _books(path if path.is_dir() else path.parent)
    other = None if against is None else book(against)
    found = runs(path)
    if not found:
        raise StoreError("holds no run", where=str(path), code="DG-1345")
    clean = True
    for run in found:
        played = _play(run, books, other, speed)
        for line in played.lines():
            typer.echo(line)
        clean = clean and not played.differs
    if not clean:
        raise typer.Exit(1)


@dataclass(slots=True)
class Played:
    """What became of one run."""

    name: str
    rules: str
    other: Book | None
    decisions: int = 0
    first: str = ""
    last: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    unlike: list[Decision] = field(default_factory=list)
    sent: list[Told] = field(default_factory=list)
    instead: list[Told] = field(default_factory=list)

    def take(self, decision: Decision) -> None:
        """Count one decision."""
        at = f"{decision.now.utc:%Y-%m-%dT%H:%M:%S.%fZ}"
        self.decisions, self.first, self.last = self.decisions + 1, self.first or at, at
        self.calls.update(type(effect).__name__ for effect in decision.effects)
        if decision.same is False:
            self.unlike.append(decision)

    @property
    def differences(self) -> list[Difference]:
        """Return what the other rules would have sent otherwise."""
        return [] if self.other is None else differences(self.sent, self.instead)

    @property
    def differs(self) -> bool:
        """Say whether a decision is another one now, or would be by the other rules."""
        return bool(self.unlike or self.differences)

    def lines(self) -> Iterator[str]:
        """Yield what there is to say, for people."""
        yield f"run      {self.name}, rules {self.rules[:12]}"
        yield f"         {self.decisions} decisions from {self.first} to {self.last}"
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.calls.items()))
        yield f"effects  {counts or 'none'}"
        if self.unlike:
            yield f"differs  {len(self.unlike)} decisions; the first:"
            yield from (f"         {line}" for line in _told(self.unlike[0]))
        else:
            yield "same     every decision has the same effects, byte for byte"
        if self.other is not None:
            yield from self._otherwise(self.other)

    def _otherwise(self, other: Book) -> Iterator[str]:
        found = self.differences
        yield f"against  rules {other.digest[:12]}: {len(self.instead)} calls in place of {len(self.sent)}"
        ways = Counter(change.direction.value for item in found for change in item.changes)
        told = ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))
        yield f"         {len(found)} controls differ{': ' if told else ''}{told}"
        for item in found[:_LINES]:
            yield f"         {item.station} {item.control}"
            yield from (f"           {_change(change)}" for change in item.changes)
        if len(found) > _LINES:
            yield f"         and {len(found) - _LINES} more"


def _play(run: Recorded, books: Books, other: Book | None, speed: float | None) -> Played:
    """Decide a run once more, beside it by the other rules where there are some."""
    beginning = run.beginning()
    played = Played(run.name, beginning.setup.rules, other)
    engine, first = begin(beginning, books)
    day, watch = Day(), _Watch(speed)
    rival = None if other is None else Otherwise(beginning.setup.engine(other), day)

    def take(decision: Decision, otherwise: Callable[[Otherwise], list[Effect]]) -> None:
        watch.show(decision)
        played.take(decision)
        if rival is not None:
            day.take(decision)
            played.sent += told(engine, decision.effects)
            played.instead += told(rival.engine, otherwise(rival))

    take(first, lambda one: one.begin(beginning.kept, beginning.now))
    for item in run.inputs(books):
        take(decide(engine, item), partial(Otherwise.hear, event=item.event, now=item.now))
    return played


@dataclass(slots=True)
class _Watch:
    """Shows decisions at the pace at which they were made, `speed` times as fast; None shows nothing."""

    speed: float | None
    _last: float | None = None

    def show(self, decision: Decision) -> None:
        """Wait until it is time for a decision, and print what it tells."""
        if self.speed is None:
            return
        at = decision.now.monotonic
        if self._last is not None:
            time.sleep(max(0.0, at - self._last) / self.speed)
        self._last = at
        for line in _told(decision):
            typer.echo(line)


def _told(decision: Decision) -> Iterator[str]:
    """Yield a decision as lines: what was heard, and each record of the audit that came of it."""
    what = "beginning" if decision.event is None else type(decision.event).__name__
    told = [effect for effect in decision.effects if isinstance(effect, Audit)]
    if decision.same is False or told:
        at, count = f"{decision.now.utc:%H:%M:%S.%f}", len(decision.effects)
        yield f"{at} event {decision.number} {what}: {count} effects"
    yield from (f"  {record.kind} {record.subject}" for record in told)


def _change(change: NumberChange | MessageChange) -> str:
    if isinstance(change, MessageChange):
        word = "sent instead" if change.sent else "not sent"
        return f"{change.message} {word}  {change.direction.value}"
    values = (orjson.dumps(value).decode() for value in (change.before, change.after))
    return f"{change.message} {change.path}: {' -> '.join(values)}  {change.direction.value}"


def _books(folder: Path) -> Books:
    """Return what finds the rules of a log by their digest."""

    @cache
    def find(digest: str) -> Book:
        texts = rule_texts(folder, digest)
        return shipped_book() if texts == mapping_files() else load_book(texts)

    return find
