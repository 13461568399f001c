"""From a utility's document to a station's messages in one translation, one trace."""

from __future__ import annotations

from collections.abc import Mapping

from translators.canonical.capability import Situation, StationProfile
from translators.canonical.commands import DerCommand
from translators.ieee2030_5.inbound import ProgramContext, to_command
from translators.ieee2030_5.wire import Resource
from translators.ocpp.dialect import CODECS
from translators.ocpp.identifiers import control_id
from translators.ocpp.orders import StationOrders, to_station
from translators.rules.book import Book, link
from translators.rules.trace import Translation

__all__ = ["StationOrders", "control_id", "load_book", "to_station", "translate"]


def load_book(files: Mapping[str, str]) -> Book:
    """Return the book that these mapping files (path to text) make; `MappingError` names each fault."""
    return link(files, CODECS)


def translate(
    book: Book,
    control: Resource,
    links: Mapping[str, Resource],
    context: ProgramContext,
    profile: StationProfile,
    situation: Situation,
) -> Translation[StationOrders]:
    """Return what `profile` is owed for a DERControl or DefaultDERControl, with both halves' trace."""

    def onward(command: DerCommand | None) -> Translation[StationOrders]:
        if command is None:
            return Translation(StationOrders())
        return to_station(book, command, profile, situation)

    return to_command(book, control, links, context).then(onward)
