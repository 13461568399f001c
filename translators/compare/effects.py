"""What two books make of one document: messages, numbers, losses and refusals that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any

from translators.canonical.telemetry import ControlOutcome
from translators.chain import Case, Journey, outcomes, travel
from translators.compare.direction import Direction, of_curve, of_number, of_presence
from translators.errors import MappingError
from translators.ocpp.orders import StationOrders
from translators.ocpp.wire import StationMessage, leaves
from translators.rules.book import Book
from translators.rules.trace import Refusal, Translation
from translators.rules.values import text

_UNITS = frozenset({"unit", "yUnit", "chargingRateUnit"})


@dataclass(frozen=True, slots=True)
class NumberChange:
    """One member of one message; None where it is not there. `by` is after minus before, exactly."""

    message: str
    path: str
    before: Any
    after: Any
    by: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A message that only one of the books sends."""

    message: str
    functions: tuple[str, ...]
    sent: bool
    direction: Direction


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes for one document at one station; losses, refusals and outcomes as lines."""

    document: str
    mrid: str
    station: str
    numbers: tuple[NumberChange, ...] = ()
    messages: tuple[MessageChange, ...] = ()
    lost: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    outcomes: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def changed(self) -> bool:
        """Say whether anything differs."""
        lines = (*self.lost, *self.kept, *self.refused, *self.accepted)
        return bool(self.numbers or self.messages or lines) or self.outcomes[0] != self.outcomes[1]

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Return which way each number and each message went."""
        numbers = (number.direction for number in self.numbers)
        return (*numbers, *(message.direction for message in self.messages))


def effect(name: str, case: Case, old: Book, new: Book) -> Effect:
    """Return what the newer book changes for a document, called `name`."""
    before, after = _gone(old, case), _gone(new, case)
    sent, sends = _messages(before), _messages(after)
    losses = _losses(before), _losses(after)
    refusals = _refusals(before), _refusals(after)
    return Effect(
        document=name,
        mrid=next((c.mrid for gone in (before, after) for c in gone.value.commands), ""),
        station=case.profile.id,
        numbers=tuple(
            change
            for key in sent
            if key in sends
            for change in number_changes(key, sent[key], sends[key])
        ),
        messages=(*_only(sent, sends, sent=False), *_only(sends, sent, sent=True)),
        lost=_without(losses[1], losses[0]),
        kept=_without(losses[0], losses[1]),
        refused=_without(refusals[1], refusals[0]),
        accepted=_without(refusals[0], refusals[1]),
        outcomes=(_outcomes(before), _outcomes(after)),
    )


def _gone(book: Book, case: Case) -> Translation[Journey]:
    """Return what a case comes to; a book without what its reading needs (a profile) refuses it."""
    try:
        return travel(book, case)
    except MappingError as error:
        outcome, kind = ControlOutcome.NOT_SUPPORTED, case.document.kind
        refusal = Refusal(outcome, kind, error.where, str(error), error.rule)
        return Translation(Journey((), StationOrders()), refusals=(refusal,))


def _messages(gone: Translation[Journey]) -> dict[str, StationMessage]:
    """Return the messages by what they are, not by what they say."""
    counters: dict[str, count[int]] = {}
    found = {}
    for message in gone.value.orders.messages:
        key = _key(message)
        number = next(counters.setdefault(key, count(1)))
        found[key if number == 1 else f"{key} ({number})"] = message
    return found


def _key(message: StationMessage) -> str:
    payload = message.payload
    if message.action == "SetDERControl":
        default = " default" if payload["isDefault"] else ""
        return f"SetDERControl {payload['controlType']}{default}"
    purpose = payload["chargingProfile"]["chargingProfilePurpose"]
    return f"{message.action} {purpose} EVSE {payload['evseId']}"


def _only(
    there: Mapping[str, StationMessage], missing: Mapping[str, StationMessage], *, sent: bool
) -> Iterator[MessageChange]:
    for key, message in there.items():
        if key not in missing:
            functions = message.functions
            yield MessageChange(key, functions, sent, of_presence(functions, sent=sent))


def number_changes(key: str, old: StationMessage, new: StationMessage) -> Iterator[NumberChange]:
    """Yield each member in which two messages of one place differ; `key` is what they are called."""
    before, after = (dict(leaves(message.payload)) for message in (old, new))
    functions = tuple(dict.fromkeys((*old.functions, *new.functions)))
    other_units = any(
        before.get(path) != after.get(path)
        for path in before.keys() | after.keys()
        if path.rpartition("/")[2] in _UNITS
    )
    curve = of_curve(functions, _points(old.payload), _points(new.payload))
    for path in [*before, *(path for path in after if path not in before)]:
        was, becomes = before.get(path), after.get(path)
        if was == becomes and type(was) is type(becomes):
            continue
        member = path.rpartition("/")[2]
        found = curve if "curveData[" in path else of_number(functions, member, was, becomes)
        towards = Direction.OTHER if other_units else found
        yield NumberChange(key, path, was, becomes, _by(was, becomes), towards)


def _points(payload: Mapping[str, Any]) -> list[tuple[Fraction, Fraction]]:
    data = payload.get("curve", {}).get("curveData", [])
    return [(Fraction(str(point["x"])), Fraction(str(point["y"]))) for point in data]


def _by(before: Any, after: Any) -> str:
    """Return how much more a number is than before, signed; empty for what is no number."""
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in (before, after)):
        return ""
    change = Fraction(str(after)) - Fraction(str(before))
    return f"+{text(change)}" if change > 0 else text(change)


def _losses(gone: Translation[Journey]) -> list[str]:
    return [f"{loss.kind} {loss.where}: {loss.detail}" for loss in gone.losses]


def _refusals(gone: Translation[Journey]) -> list[str]:
    return [f"{item.function} {item.outcome}: {item.problem}" for item in gone.refusals]


def _without(lines: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for line in dict.fromkeys(lines) if line not in others)


def _outcomes(gone: Translation[Journey]) -> tuple[str, ...]:
    return tuple(outcome.value for outcome in outcomes(gone))
