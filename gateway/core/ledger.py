"""What each station is believed to hold, and what has to be sent so that it holds what is wanted.

The difference between desired and believed is the plan: clear first, then set. Nothing is queued;
a call without an answer makes its entry UNKNOWN, and an unknown entry is read back before
anything is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.core.events import HeldControl
from gateway.core.payloads import same_payload
from translators.canonical.swift import changed, swift

MAX_ATTEMPTS = 3
"""Sends of one payload without any answer before the station counts as mute for it."""
SWEEP = timedelta(seconds=60)
"""How long after its end a station may still count a control among those that decide."""
_PRIORITY = frozenset({"priority"})
_ENDS = frozenset({"duration", "validTo"})


class EntryState(StrEnum):
    """What is believed of one control at one station."""

    WANTED = "wanted"
    SETTING = "setting"
    HELD = "held"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CLEARING = "clearing"
    CLEAR_FAILED = "clear_failed"
    ASIDE = "aside"
    """Held, but superseded by the station itself: it will never run (R04.FR.09)."""


class Evidence(StrEnum):
    """What the station showed of a control."""

    NONE = "none"
    STARTED = "started"
    ENDED = "ended"


@swift
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


@swift
@dataclass(frozen=True, slots=True)
class Entry:
    """One control at one station: what is wanted of it and what is believed.

    `older` says that the station may hold it in an earlier form.
    """

    desired: Desired
    state: EntryState = EntryState.WANTED
    evidence: Evidence = Evidence.NONE
    attempts: int = 0
    reason: str = ""
    older: bool = False

    @property
    def may_be_held(self) -> bool:
        """Say whether the station may hold it, as far as we know."""
        return self.older or self.state not in _NOT_HELD

    def expired(self, now: datetime) -> bool:
        """Say whether the station has let go by itself (R04.FR.10)."""
        return self.desired.end is not None and self.desired.end <= now

    def swept(self, now: datetime) -> bool:
        """Say whether the station has let go for sure: some look only now and then."""
        return self.expired(now - SWEEP)


def takes_effect(before: Entry | None, after: Entry) -> bool:
    """Say whether the station was just seen to hold a control, or to have started it."""
    if before is None:
        return after.state is EntryState.HELD
    held = after.state is EntryState.HELD and before.state is not EntryState.HELD
    started = after.evidence is Evidence.STARTED and before.evidence is not Evidence.STARTED
    return held or started


_NOT_HELD = frozenset({EntryState.WANTED, EntryState.REFUSED, EntryState.ASIDE})
_CLEARABLE = frozenset({EntryState.HELD, EntryState.WANTED, EntryState.REFUSED})
_SETTLED = frozenset(
    {EntryState.HELD, EntryState.REFUSED, EntryState.CLEAR_FAILED, EntryState.ASIDE}
)


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
        scheduled = entry.desired.action == "SetDERControl" and not entry.older
        ends_by_itself = scheduled and entry.expired(now)  # an older form may end later
        if not entry.may_be_held or (ends_by_itself and entry.swept(now)):
            forget.append(entry)
        elif entry.state in _CLEARABLE and not ends_by_itself:
            clear.append(entry)
    for control_id, wanted in desired.items():
        update = _update(ledger.entries.get(control_id), wanted, now)
        if update is not None:
            to_set.append(update)
    return Plan(tuple(forget), tuple(clear), tuple(to_set))


def _update(entry: Entry | None, wanted: Desired, now: datetime) -> Entry | None:
    """Return the entry to send for `wanted`, or None where nothing is to be sent now."""
    if entry is None:
        return Entry(wanted)
    if entry.state in {EntryState.SETTING, EntryState.CLEARING}:
        return None
    satisfied = _satisfies(entry, wanted)
    if satisfied and entry.state in _SETTLED:
        return None
    attempts = entry.attempts if satisfied else 0
    if attempts >= MAX_ATTEMPTS:
        return None
    kept = wanted.start == entry.desired.start or _runs_on(entry, wanted, now)
    evidence = entry.evidence if kept else Evidence.NONE
    return changed(
        entry,
        desired=wanted,
        state=EntryState.WANTED,
        attempts=attempts,
        evidence=evidence,
        older=entry.may_be_held,
    )


def _runs_on(entry: Entry, wanted: Desired, now: datetime) -> bool:
    """Say whether what runs would run now by its new start as well: no second start is notified."""
    started = entry.evidence is Evidence.STARTED and not entry.expired(now)
    return started and wanted.start is not None and wanted.start <= now


def holds(entry: Entry, wanted: Desired) -> bool:
    """Say whether the station holds exactly what is wanted; the priority does not count."""
    same = same_payload(wanted.payload, entry.desired.payload, but=_PRIORITY)
    return same and entry.state is EntryState.HELD


def gives_up(entry: Entry, wanted: Desired, now: datetime) -> bool:
    """Say whether what is held would end earlier, or begin later, in the form that is wanted.

    Where it is to begin earlier it takes time, whenever it ends.
    """
    held = entry.desired
    if not entry.may_be_held or held.start is None or entry.expired(now):
        return False
    later = wanted.start is not None and wanted.start > max(now, held.start)
    if wanted.start is not None and wanted.start < held.start and held.start > now:
        return False
    return later or (wanted.end is not None and (held.end is None or wanted.end < held.end))


def lengthens(entry: Entry, wanted: Desired, now: datetime) -> bool:
    """Say whether what runs would go on as it is, and only end later, in the form that is wanted."""
    held = entry.desired
    runs = entry.state is EntryState.HELD and entry.evidence is Evidence.STARTED
    if not runs or held.end is None or entry.expired(now) or held.action != wanted.action:
        return False
    later = wanted.end is None or wanted.end > held.end
    return later and same_payload(wanted.payload, held.payload, but=_PRIORITY | _ENDS)


def _satisfies(entry: Entry, wanted: Desired) -> bool:
    """Say whether what was sent serves: equal, or longer where the station yields.

    The priority does not count: it decides only at receipt (R04.FR.06-08), see `settle`.
    """
    held = entry.desired
    if held.action != wanted.action:
        return False
    if same_payload(wanted.payload, held.payload, but=_PRIORITY):
        return True
    runs = entry.evidence is Evidence.STARTED
    if not wanted.yields or not runs or held.action != "SetDERControl":
        return False
    longer = held.end is not None and wanted.end is not None and held.end > wanted.end
    return longer and same_payload(  # R04.FR.07: priority supersedes what runs, at the start
        wanted.payload, held.payload, but=_PRIORITY | {"duration"}
    )


def reconcile(
    ledger: Ledger, held: tuple[HeldControl, ...], *, complete: bool, now: datetime
) -> Ledger:
    """Return the ledger after a read-back; what the station does not report it does not hold.

    Where the read-back is not `complete`, what was unknown and not reported is sent again if it is
    wanted (the same id replaces, it never doubles) and cleared if it is not.
    """
    reported = {control.id: control for control in held}
    entries = {}
    for control_id, entry in ledger.entries.items():
        found = reported.get(control_id)
        after = (
            _reported(entry, found)
            if found is not None
            else _missing(entry, complete=complete, now=now)
        )
        if after.state is EntryState.WANTED and entry.state is EntryState.HELD:
            after = changed(after, evidence=Evidence.NONE)
        entries[control_id] = after
    return Ledger(entries)


def _reported(entry: Entry, found: HeldControl) -> Entry:
    if entry.state is EntryState.REFUSED:
        return changed(entry, older=True)
    if not same_payload(entry.desired.payload, found.payload):
        return changed(entry, state=EntryState.WANTED, older=True)
    state = EntryState.ASIDE if found.superseded else EntryState.HELD
    return changed(entry, state=state, older=False)


def _missing(entry: Entry, *, complete: bool, now: datetime) -> Entry:
    if entry.state is EntryState.REFUSED:
        return changed(entry, older=entry.older and not complete)
    if entry.expired(now):
        return changed(entry, state=EntryState.HELD, older=False)
    if complete:
        return changed(entry, state=EntryState.WANTED, older=False)
    if entry.state in _SETTLED:
        return entry
    return changed(entry, state=EntryState.WANTED, older=entry.may_be_held)
