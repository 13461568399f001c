"""One link for each station and site at each utility that it follows, with what an earlier run left of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.connectors.ieee2030_5 import Ieee2030_5Link, UtilityAccess
from gateway.connectors.openadr import Before, OpenAdrLink, OpenAdrVen, VtnAccess
from gateway.connectors.openadr.handing import handed_before
from gateway.connectors.shadow import ShadowLink
from gateway.core.effects import Table
from gateway.core.records import CommandRecord, from_document
from gateway.failpoints import Failpoints
from gateway.ports import Clock, CommandStore, UtilityLink
from gateway.settings import Settings
from gateway.site.identities import utility_accesses
from gateway.site.vens import unread_bindings, vtn_accesses
from translators.rules.book import Book

type LinkKey = tuple[str, str]
"""Utility, and the station or site that follows it."""
type Remembered = dict[str, int | None]
"""Commands that did not end yet: mRID, and end in the utility's seconds where there is one."""
type Records = Mapping[LinkKey, Sequence[CommandRecord]]


@dataclass(frozen=True, slots=True)
class Accesses:
    """How the utilities of a site are reached."""

    utilities: Sequence[UtilityAccess] = ()
    vtns: Sequence[VtnAccess] = ()


@dataclass(slots=True)
class Links:
    """The links, and what takes other mapping rules."""

    by_party: dict[LinkKey, UtilityLink] = field(default_factory=dict)
    users: list[Callable[[Book], None]] = field(default_factory=list)


def accesses_of(settings: Settings, book: Book) -> Accesses:
    """Return how utilities are reached; SettingsError, IdentityError where one of them cannot be.

    What a VTN is promised has a rule in the book, else it is a SettingsError as well.
    """
    for fault in unread_bindings(settings, book):
        raise fault
    return Accesses(utility_accesses(settings), vtn_accesses(settings))


def links_of(
    accesses: Accesses,
    book: Book,
    clock: Clock,
    store: CommandStore,
    failpoints: Failpoints,
    *,
    shadow: bool = False,
) -> Links:
    """Return every link; those of a `shadow` tell no utility anything."""
    found, records = Links(), records_of(store)
    ends = remembered(records)
    for access in accesses.utilities:
        key = access.utility, access.station
        link = Ieee2030_5Link(access, book, clock, remembered=ends.get(key), failpoints=failpoints)
        found.by_party[key] = link
        found.users.append(link.use)
    sessions = store.load(Table.SESSIONS)
    for vtn in accesses.vtns:
        before = before_of(vtn, sessions, records)
        ven = OpenAdrVen(vtn, book, clock, before=before, failpoints=failpoints, silent=shadow)
        found.by_party |= {(vtn.ven.utility, one): OpenAdrLink(ven) for one in ven.subjects}
        found.users.append(ven.use)
    if shadow:
        found.by_party = {key: ShadowLink(link) for key, link in found.by_party.items()}
    return found


def records_of(store: CommandStore) -> dict[LinkKey, list[CommandRecord]]:
    """Return the commands that are kept, by link."""
    found: defaultdict[LinkKey, list[CommandRecord]] = defaultdict(list)
    for document in store.load(Table.COMMANDS).values():
        record = from_document(document)
        found[record.utility, record.command.target.station].append(record)
    return dict(found)


def remembered(records: Records) -> dict[LinkKey, Remembered]:
    """Return the commands that did not end yet, by link."""
    found: defaultdict[LinkKey, Remembered] = defaultdict(dict)
    for key, known in records.items():
        for record in known:
            if record.over:
                continue
            planned = record.planned
            end = None if planned is None or planned.end is None else planned.end.timestamp()
            found[key][record.command.mrid] = None if end is None else int(end)
    return dict(found)


def before_of(vtn: VtnAccess, sessions: Mapping[str, dict[str, Any]], records: Records) -> Before:
    """Return what an earlier run left of a session with a VTN."""
    utility = vtn.ven.utility
    start = f"{utility}/"
    kept = {
        key.removeprefix(start): document
        for key, document in sessions.items()
        if key.startswith(start)
    }
    handed = {
        one.subject: handed_before(records.get((utility, one.subject), ()))
        for one in vtn.ven.resources
    }
    return Before(kept, handed)
