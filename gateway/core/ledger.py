"""What each station is believed to hold, and what has to be sent so that it holds what is wanted.

The difference between desired and believed is the plan: clear first, then set. Nothing is queued;
a call without an answer makes its entry UNKNOWN, and an unknown entry is read back before
anything is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.core.events import HeldControl
from gateway.core.payloads import same_payload

MAX_ATTEMPTS = 3
"""Sends of one payload without any answer before the station counts as mute for it."""


class EntryState(StrEnum):
    """What is believed of one control at one station."""

    WANTED = "wanted"
    SETTING = "setting"
    HELD = "held"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CLEARING = "clearing"
    CLEAR_FAILED = "clear_failed"


class Evidence(StrEnum):
    """What the station showed of a control."""

    NONE = "none"
    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Desired:
    """One control that a station should hold (UTC); `yields` where a better one takes over."""

    id: str
    command: str
    action: str
    payload: Mapping[str, Any]
    functions: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    is_default: bool = False
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One control at one station: what is wanted of it and what is believed."""

    desired: Desired
    state: EntryState = EntryState.WANTED
    evidence: Evidence = Evidence.NONE
    attempts: int = 0
    reason: str = ""

    @property
    def may_be_held(self) -> bool:
        """Say whether the station may hold it, as far as we know."""
        return self.state not in {EntryState.WANTED, EntryState.REFUSED}

    def expired(self, now: datetime) -> bool:
        """Say whether the station has let go by itself (R04.FR.10)."""
        return self.desired.end is not None and self.desired.end <= now


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do at one station, in this order."""

    forget: tuple[Entry, ...] = ()
    clear: tuple[Entry, ...] = ()
    set: tuple[Entry, ...] = ()
    read_back: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries of one station by control id."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def put(self, entry: Entry) -> Ledger:
        """Return the ledger with `entry` in its place."""
        return Ledger({**self.entries, entry.desired.id: entry})

    def drop(self, control_id: str) -> Ledger:
        """Return the ledger without that entry."""
        return Ledger({key: entry for key, entry in self.entries.items() if key != control_id})

    def of_command(self, command: str) -> tuple[Entry, ...]:
        """Return the entries that serve a command."""
        return tuple(e for e in self.entries.values() if e.desired.command == command)


def plan(
    ledger: Ledger,
    desired: Mapping[str, Desired],
    now: datetime,
    keep: frozenset[str] = frozenset(),
) -> Plan:
    """Return the difference; `keep` are ids that stay although nothing wants them."""
    if any(entry.state is EntryState.UNKNOWN for entry in ledger.entries.values()):
        return Plan(read_back=True)
    forget, clear, to_set = [], [], []
    for control_id, entry in ledger.entries.items():
        if control_id in desired or control_id in keep:
            continue
        if not entry.may_be_held or (
            entry.expired(now) and entry.desired.action == "SetDERControl"
        ):
            forget.append(entry)
        elif entry.state is EntryState.HELD:
            clear.append(entry)
    for control_id, wanted in desired.items():
        update = _update(ledger.entries.get(control_id), wanted)
        if update is not None:
            to_set.append(update)
    return Plan(tuple(forget), tuple(clear), tuple(to_set))


def _update(entry: Entry | None, wanted: Desired) -> Entry | None:
    """Return the entry to send for `wanted`, or None where nothing is to be sent now."""
    if entry is None:
        return Entry(wanted)
    if entry.state in {EntryState.SETTING, EntryState.CLEARING}:
        return None
    satisfied = _satisfies(entry.desired, wanted)
    if satisfied and entry.state in {EntryState.HELD, EntryState.REFUSED, EntryState.CLEAR_FAILED}:
        return None
    attempts = entry.attempts if satisfied else 0
    if attempts >= MAX_ATTEMPTS:
        return None
    evidence = entry.evidence if wanted.start == entry.desired.start else Evidence.NONE
    return replace(
        entry, desired=wanted, state=EntryState.WANTED, attempts=attempts, evidence=evidence
    )


def _satisfies(held: Desired, wanted: Desired) -> bool:
    """Say whether what was sent serves: equal, or longer where the station yields."""
    if same_payload(wanted.payload, held.payload) and held.action == wanted.action:
        return True
    if (
        not wanted.yields
        or held.action != "SetDERControl"
        or held.end is None
        or wanted.end is None
    ):
        return False
    return held.end > wanted.end and same_payload(  # R04.FR.07: priority supersedes at the start
        wanted.payload, held.payload, but=frozenset({"duration"})
    )


def reconcile(
    ledger: Ledger, held: tuple[HeldControl, ...], *, complete: bool, now: datetime
) -> Ledger:
    """Return the ledger after a read-back; what the station does not report it does not hold.

    Where the read-back is not `complete`, an entry that was not reported goes back to WANTED: the
    same id sent again replaces, it never doubles.
    """
    reported = {control.id: control for control in held}
    entries = {}
    for control_id, entry in ledger.entries.items():
        found = reported.get(control_id)
        state = _after_read_back(entry, found, complete=complete, now=now)
        evidence = entry.evidence
        if state is EntryState.WANTED and entry.state is EntryState.HELD:
            evidence = Evidence.NONE
        entries[control_id] = replace(entry, state=state, evidence=evidence)
    return Ledger(entries)


def _after_read_back(
    entry: Entry, found: HeldControl | None, *, complete: bool, now: datetime
) -> EntryState:
    if entry.state is EntryState.REFUSED:
        return EntryState.REFUSED
    if found is not None and same_payload(entry.desired.payload, found.payload):
        return EntryState.HELD
    if found is None and not complete and entry.state is EntryState.HELD:
        return EntryState.HELD
    if found is None and entry.expired(now):
        return EntryState.HELD
    return EntryState.WANTED
