"""What an OCPP station is and can do: its base report, and the needs of a car, by the rules of the book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Evse
from translators.ocpp.wire import Json
from translators.rules.book import Book
from translators.rules.capability import CapabilityRule


@dataclass(frozen=True, slots=True)
class Described:
    """EVSEs as a station describes them, and a line for each value that could not be read."""

    evses: tuple[Evse, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugged:
    """An EVSE with the car behind it; `state_of_charge` is a share of 1, None where it is not told."""

    evse: Evse
    state_of_charge: Fraction | None = None
    problems: tuple[str, ...] = ()


def described(
    book: Book, version: str, declared: tuple[Evse, ...], report: Iterable[Json]
) -> Described:
    """Return the EVSEs with what a base report (NotifyReport) says of them.

    An EVSE that nobody declared is left out; a rating that is no number is left as declared.
    """
    found = {evse.id: evse for evse in declared}
    problems: list[str] = []
    for rule, number, given in _reported(book, version, report):
        told = rule.read(given)
        problems += told.problems
        for evse_id in found if number is None else [number]:
            if evse_id in found:
                found[evse_id] = told.on(found[evse_id])
    return Described(tuple(found.values()), tuple(problems))


def plugged(book: Book, version: str, evse: Evse, needs: Json) -> Plugged:
    """Return the EVSE with the `chargingNeeds` of the car that is plugged into it (K15, Q04)."""
    given = dict(_flat(needs, ""))
    state: Fraction | None = None
    problems: list[str] = []
    for rule in _rules(book, version, "NotifyEVChargingNeeds"):
        told = rule.read(given)
        problems += told.problems
        evse = told.on(evse)
        share = told.values.get("state_of_charge")
        state = share if isinstance(share, Fraction) else state
    return Plugged(evse, state, tuple(problems))


def _rules(book: Book, version: str, action: str) -> Iterator[CapabilityRule]:
    for rule in book.of(CapabilityRule):
        message = rule.model.message
        if message.action == action and version in message.versions:
            yield rule


def _reported(
    book: Book, version: str, report: Iterable[Json]
) -> Iterator[tuple[CapabilityRule, int | None, Mapping[str, Any]]]:
    """Yield each variable that a rule reads, with the EVSE that it is of."""
    rules = tuple(_rules(book, version, "NotifyReport"))
    for item in report:
        component, value = item["component"], actual(item)
        for rule in rules:
            if value is not None and component["name"] in rule.model.message.components:
                number = component.get("evse", {}).get("id")
                yield rule, number, {item["variable"]["name"]: value}


def actual(item: Json) -> str | None:
    """Return the actual value of a variable in a report, None where the report has none."""
    for attribute in item["variableAttribute"]:
        if attribute.get("type", "Actual") == "Actual":
            value: str | None = attribute.get("value")
            return value
    return None


def _flat(value: Json, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of nested objects by path; lists are members."""
    for name, item in value.items():
        path = f"{prefix}{name}"
        if isinstance(item, dict):
            yield from _flat(item, f"{path}/")
        else:
            yield path, item
