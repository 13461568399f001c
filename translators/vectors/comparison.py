"""Messages expected against messages made: numbers by value, instants as instants, key sets exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from translators.ocpp.identifiers import PROFILE_IDS
from translators.ocpp.wire import Json

TOLERANCE = Fraction(1, 10**9)
ABSENT = "nothing"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a vector and the translation differ; both sides as texts."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.path}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares messages for one command at one station; `control_id` names the id of a control type."""

    control_id: Callable[[str], str]

    def messages(self, expected: Sequence[Json], got: Sequence[Json]) -> list[Difference]:
        """Return the differences of two sets of messages; their order is free.

        Each expected message is held against the one that is most like it.
        """
        pairs = sorted(
            (
                (list(self._message(f"messages[{n}]", want, have)), n, m)
                for n, want in enumerate(expected)
                for m, have in enumerate(got)
                if (want["action"], want["ocpp"]) == (have["action"], have["ocpp"])
            ),
            key=lambda pair: len(pair[0]),
        )
        matched: dict[int, int] = {}
        found: list[Difference] = []
        for differences, n, m in pairs:
            if n not in matched and m not in matched.values():
                matched[n] = m
                found += differences
        for n, want in enumerate(expected):
            if n not in matched:
                found.append(Difference(f"messages[{n}]", shown(want), ABSENT))
        for m, have in enumerate(got):
            if m not in matched.values():
                found.append(Difference("messages", ABSENT, shown(have)))
        return [*found, *_twice(got)]

    def _message(self, path: str, expected: Json, got: Json) -> Iterator[Difference]:
        payload = got["payload"]
        yield from self._value(f"{path}.payload", expected["payload"], payload, payload)

    def _value(self, path: str, expected: Any, got: Any, payload: Json) -> Iterator[Difference]:
        match expected, got:
            case dict(), dict():
                yield from self._members(path, expected, got, payload)
            case list(), list():
                yield from self._items(path, expected, got, payload)
            case str(), _ if expected.startswith("@"):
                wanted = self._unlike(expected, got, payload)
                if wanted:
                    yield Difference(path, wanted, shown(got))
            case _ if not _same(expected, got):
                yield Difference(path, shown(expected), shown(got))

    def _members(self, path: str, expected: Json, got: Json, payload: Json) -> Iterator[Difference]:
        for key in sorted(expected.keys() | got.keys()):
            below = f"{path}.{key}"
            if key not in got:
                yield Difference(below, shown(expected[key]), ABSENT)
            elif key not in expected:
                yield Difference(below, ABSENT, shown(got[key]))
            else:
                yield from self._value(below, expected[key], got[key], payload)

    def _items(
        self, path: str, expected: list[Any], got: list[Any], payload: Json
    ) -> Iterator[Difference]:
        if len(expected) != len(got):
            yield Difference(f"{path}.length", str(len(expected)), str(len(got)))
        for number, (left, right) in enumerate(zip(expected, got, strict=False)):
            yield from self._value(f"{path}[{number}]", left, right, payload)

    def _unlike(self, placeholder: str, got: Any, payload: Json) -> str:
        """Return what a placeholder stands for where the value is not that, else an empty text."""
        whole = isinstance(got, int) and not isinstance(got, bool)
        match placeholder:
            case "@ID":
                right = self.control_id(str(payload.get("controlType", "")))
                return "" if got == right else shown(right)
            case "@PROFILE":
                fits = whole and got in PROFILE_IDS
                return "" if fits else f"a profile id of {PROFILE_IDS.start} and above"
            case "@LEVEL":
                return "" if whole and got >= 0 else "a stack level of 0 and above"
            case "@SCHEDULE":
                return "" if whole else "a schedule id"
            case _:
                return "" if got == placeholder else shown(placeholder)


def _same(expected: Any, got: Any) -> bool:
    left, right = _number(expected), _number(got)
    if left is not None and right is not None:
        return abs(left - right) <= TOLERANCE
    if isinstance(expected, str) and isinstance(got, str):
        at = _instant(expected)
        return expected == got or (at is not None and at == _instant(got))
    return type(expected) is type(got) and bool(expected == got)


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Fraction(str(value))


def _instant(text: str) -> datetime | None:
    """Return the instant that a text with an offset names, None for any other text."""
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if read.tzinfo is None else read


def _twice(messages: Sequence[Json]) -> Iterator[Difference]:
    """Yield charging profiles that share an id: the second would replace the first."""
    seen: set[Any] = set()
    for message in messages:
        profile = message["payload"].get("chargingProfile", {}).get("id")
        if profile is not None and profile in seen:
            yield Difference("messages", "profiles with ids of their own", f"{profile} twice")
        seen.add(profile)


def shown(value: Any) -> str:
    """Return a value as JSON text."""
    return json.dumps(value, default=float, ensure_ascii=False)
