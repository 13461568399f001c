"""From a utility's document to a station's messages in one translation, one trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Revision
from translators.canonical.swift import swift
from translators.canonical.telemetry import ControlOutcome, gravest
from translators.ieee2030_5.outbound import status_code
from translators.ocpp.dialect import CODECS
from translators.ocpp.identifiers import control_id
from translators.ocpp.orders import StationOrders, to_station
from translators.ocpp.press import Press
from translators.ocpp.series import to_station_series
from translators.openadr import contracts
from translators.rules.book import Book, Sifted, link, sift
from translators.rules.document import Document
from translators.rules.examples import Example
from translators.rules.examples import examples as run
from translators.rules.trace import Translation

__all__ = [
    "Case",
    "Journey",
    "Press",
    "StationOrders",
    "control_id",
    "examples",
    "load_book",
    "outcomes",
    "owed",
    "sift_book",
    "to_station",
    "translate",
    "travel",
]

_FOLLOWED = (ControlOutcome.RECEIVED, ControlOutcome.STARTED, ControlOutcome.COMPLETED)


@swift
@dataclass(frozen=True, slots=True)
class Case:
    """One document for one station, with all that its translation depends on."""

    document: Document
    profile: StationProfile
    situation: Situation


@swift
@dataclass(frozen=True, slots=True)
class Journey:
    """Where a document went: the commands that it is, one per interval, and what the station gets."""

    commands: tuple[DerCommand, ...]
    orders: StationOrders


def load_book(files: Mapping[str, str]) -> Book:
    """Return the book that these mapping files (path to text) make; `MappingError` names each fault."""
    return link(files, CODECS)


def sift_book(files: Mapping[str, str]) -> Sifted:
    """Return the book of the rules that are good, and every fault of the others."""
    return sift(files, CODECS)


def examples(book: Book) -> Iterator[Example]:
    """Run the tests that stand beside the rules."""
    yield from run(book, to_station)
    yield from contracts.examples(book)


def travel(book: Book, case: Case) -> Translation[Journey]:
    """Return what a case comes to, with both halves' trace."""

    def onward(commands: tuple[DerCommand, ...]) -> Translation[Journey]:
        made = to_station_series(book, commands, case.profile, case.situation)
        return Translation(Journey(commands, made.value), made.parts, made.losses, made.refusals)

    return case.document.read(book).then(onward)


def translate(book: Book, case: Case) -> Translation[StationOrders]:
    """Return what a case's station is owed, with both halves' trace."""

    def onward(commands: tuple[DerCommand, ...]) -> Translation[StationOrders]:
        return to_station_series(book, commands, case.profile, case.situation)

    return case.document.read(book).then(onward)


def outcomes(gone: Translation[Journey]) -> tuple[ControlOutcome, ...]:
    """Return what a translation alone decides for the utility, in the order of their times.

    A refusal is one outcome, the gravest. What is followed without a message is received, started and
    completed. With messages it is the station's answer that decides: none.
    """
    refused = gravest(refusal.outcome for refusal in gone.refusals)
    if refused is not None:
        return (refused,)
    return () if gone.value.orders.messages else _FOLLOWED


def owed(book: Book, gone: Translation[Journey], revision: Revision) -> tuple[int, ...]:
    """Return the IEEE 2030.5 statuses of `outcomes`."""
    return tuple(status_code(book, outcome, revision) for outcome in outcomes(gone))
