"""From a utility's document to a station's messages in one translation, one trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand, Revision
from translators.canonical.telemetry import ControlOutcome
from translators.ieee2030_5.inbound import ProgramContext, to_command
from translators.ieee2030_5.outbound import status_code
from translators.ieee2030_5.wire import Resource
from translators.ocpp.dialect import CODECS
from translators.ocpp.identifiers import control_id
from translators.ocpp.orders import StationOrders, to_station
from translators.rules.book import Book, link
from translators.rules.trace import Refusal, Translation

__all__ = [
    "Case",
    "Journey",
    "StationOrders",
    "control_id",
    "load_book",
    "owed",
    "to_station",
    "translate",
    "travel",
]

_SEVERITY = (ControlOutcome.INVALID, ControlOutcome.NOT_SUPPORTED, ControlOutcome.NOT_APPLICABLE)
_FOLLOWED = (ControlOutcome.RECEIVED, ControlOutcome.STARTED, ControlOutcome.COMPLETED)


@dataclass(frozen=True, slots=True)
class Case:
    """One document for one station, with all that its translation depends on."""

    control: Resource
    links: Mapping[str, Resource]
    context: ProgramContext
    profile: StationProfile
    situation: Situation


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a document went: the command that it is (None where it is none), and what the station gets."""

    command: DerCommand | None
    orders: StationOrders


def load_book(files: Mapping[str, str]) -> Book:
    """Return the book that these mapping files (path to text) make; `MappingError` names each fault."""
    return link(files, CODECS)


def travel(book: Book, case: Case) -> Translation[Journey]:
    """Return what a case comes to, with both halves' trace."""

    def onward(command: DerCommand | None) -> Translation[Journey]:
        if command is None:
            return Translation(Journey(None, StationOrders()))
        made = to_station(book, command, case.profile, case.situation)
        return Translation(Journey(command, made.value), made.steps, made.losses, made.refusals)

    return to_command(book, case.control, case.links, case.context).then(onward)


def translate(
    book: Book,
    control: Resource,
    links: Mapping[str, Resource],
    context: ProgramContext,
    profile: StationProfile,
    situation: Situation,
) -> Translation[StationOrders]:
    """Return what `profile` is owed for a DERControl or DefaultDERControl, with both halves' trace."""
    gone = travel(book, Case(control, links, context, profile, situation))
    return Translation(gone.value.orders, gone.steps, gone.losses, gone.refusals)


def owed(gone: Translation[Journey], revision: Revision) -> tuple[int, ...]:
    """Return the IEEE 2030.5 statuses that a translation alone decides, in the order of their times.

    A refusal owes one status, the gravest. What is followed without a message is received, started and
    completed. With messages it is the station's answer that decides: none.
    """
    if gone.refusals:
        return (status_code(_gravest(gone.refusals), revision),)
    if gone.value.orders.messages:
        return ()
    return tuple(status_code(outcome, revision) for outcome in _FOLLOWED)


def _gravest(refusals: tuple[Refusal, ...]) -> ControlOutcome:
    outcomes = {refusal.outcome for refusal in refusals}
    return next(outcome for outcome in _SEVERITY if outcome in outcomes)
