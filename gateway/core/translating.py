"""Commands become what one station is owed: translated once for all stations that are alike.

Of one event thousands of stations are told the same, under ids of their own that are derived from the
event and the station. So a translation is made and kept without names; each station's ids are put in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.core.guard import guarded
from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Randomization, ResponseDuty, Target
from translators.canonical.controls import function_of
from translators.canonical.swift import changed
from translators.chain import Press, StationOrders
from translators.ocpp.addressing import addressed
from translators.rules.book import Book
from translators.rules.memo import Memo
from translators.rules.trace import Loss, Refusal, Translation

MOST = 1_000
"""Translations that are remembered, of all events and kinds of stations."""
_BOOKS = 4
"""By which commands are translated at one time: before and after their replacement."""

type _Json = dict[str, Any]


@dataclass(slots=True)
class Told:
    """What a translation did and lost as JSON values, written once for all records that tell it."""

    made: Translation[StationOrders]
    _steps: list[_Json] | None = None
    _losses: list[_Json] | None = None

    @property
    def steps(self) -> list[_Json]:
        """Return every step."""
        if self._steps is None:
            self._steps = [step.told() for step in self.made.steps]
        return self._steps

    @property
    def losses(self) -> list[_Json]:
        """Return every loss."""
        if self._losses is None:
            self._losses = [asdict(loss) for loss in self.made.losses]
        return self._losses


@dataclass(frozen=True, slots=True)
class Owed:
    """What one station is owed for a command, and how that came about; `told` is shared with others."""

    value: StationOrders
    told: Told

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Return the controls that will not be carried out."""
        return self.told.made.refusals

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Return what was lost."""
        return self.told.made.losses


@dataclass(slots=True)
class Translator:
    """Translates through the book in force and remembers the last results.

    A command stays with the rules by which it was first translated, whatever `book` becomes meanwhile.
    """

    book: Book
    _books: dict[str, Book] = field(default_factory=dict)
    """Of commands that were there before `book` was."""
    _presses: Memo[Press] = field(default_factory=lambda: Memo(_BOOKS))
    _memo: Memo[Told] = field(default_factory=lambda: Memo(MOST))

    def orders(
        self, key: str, command: DerCommand, profile: StationProfile, situation: Situation
    ) -> Owed:
        """Return what a station is owed for a part of a record's command, within its nameplate."""
        book, sheet, kind = self.book_of(key), _sheet(command), changed(profile, id="")
        told = self._memo.recall(
            (
                command.mrid,
                tuple([function_of(control) for control in command.controls]),
                command.interval,
                id(profile.evses),  # only where to look: whether it is the same is compared
                *_apart(situation),
            ),
            (sheet, kind, situation, book.digest),
            lambda: Told(guarded(self._pressed(book, sheet, kind, situation), kind)),
        )
        made = told.made.value
        messages = tuple([addressed(m, command.mrid, profile.id) for m in made.messages])
        return Owed(StationOrders(messages, made.vacuous), told)

    def book_of(self, key: str) -> Book:
        """Return the rules that the command of a record is translated by."""
        return self._books.get(key, self.book)

    def _pressed(
        self, book: Book, sheet: DerCommand, kind: StationProfile, situation: Situation
    ) -> Translation[StationOrders]:
        press = self._presses.recall(book.digest, (), lambda: Press(book))
        return press.orders(sheet, kind, situation)

    def by(self, books: dict[str, Book]) -> Translator:
        """Return one that translates these records by other rules, and shares all that is remembered."""
        return changed(self, _books=books)

    def adopt(self, book: Book, translated: Iterable[str]) -> None:
        """Translate by another book from now on, all but the commands of these records."""
        for key in translated:
            self._books.setdefault(key, self.book)
        self.book = book

    @property
    def kept(self) -> Collection[str]:
        """Return the records whose commands are translated by rules that hold no more."""
        return self._books.keys()

    def renew(self) -> None:
        """Translate every command by the book in force."""
        self._books.clear()

    def forget(self, key: str) -> None:
        """Let the command of a record be translated by the book in force when it comes anew."""
        self._books.pop(key, None)


def _apart(situation: Situation) -> tuple[object, ...]:
    """Return what tells stations of one kind apart."""
    return (
        situation.transactions,
        situation.stack_level,
        situation.beside,
        situation.baseline_w,
        situation.baseline_var,
        situation.running,
    )


def _sheet(command: DerCommand) -> DerCommand:
    """Return a command without its names and without what no message rests on: alike for many stations."""
    return changed(
        command,
        mrid="",
        target=Target("", command.target.evse),
        server_time=command.created,
        randomization=Randomization(),
        response=ResponseDuty(),
    )
