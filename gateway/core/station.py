"""What the engine knows of one station, and how it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from gateway.core.effects import Doing
from gateway.core.events import HeldControl
from gateway.core.failsafe import OWN, FailSafe
from gateway.core.following import Watch
from gateway.core.ledger import Desired, Entry, EntryState, Evidence, Ledger
from gateway.core.meters import Course, Meters
from gateway.core.trial import Trial
from translators.canonical.capability import Situation, StationProfile, Transaction
from translators.canonical.codec import decode, encode
from translators.canonical.commands import Interval
from translators.canonical.telemetry import GridFault
from translators.ocpp.foreign import ForeignLimit

SITE = "site:"
"""With this begins what a site is called that speaks to its stations as a utility does."""
COMMISSIONING = f"{SITE}commissioning"
"""Who gives the commands of a commissioning."""
_REMEMBERED = 64
"""Control ids of ours that are over."""


class Purpose(StrEnum):
    """What an outstanding call is for; those after `PROBE` are about no control of ours."""

    SET = "set"
    CHANGE = "change"
    """New numbers of a Dynamic profile."""
    RENEW = "renew"
    CLEAR = "clear"
    PROBE = "probe"
    FOREIGN = "foreign"
    """Take back what somebody else set."""
    PRIORITY = "priority"
    TRANSACTION = "transaction"
    """Ask whether a transaction still runs."""
    TRANSFER = "transfer"
    """Say which energy transfer a transaction may have."""


@dataclass(frozen=True, slots=True)
class StationRules:
    """What the settings say of a station: utilities in order of precedence, bounds, policy, fail-safe."""

    id: str
    utilities: tuple[str, ...]
    settings: Mapping[str, Fraction] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)
    fail_safe: FailSafe = field(default_factory=FailSafe)
    must_pass: bool = False
    """Whether it follows nobody before a commissioning showed that it can."""

    def follows(self, origin: str) -> bool:
        """Say whether commands of an origin count: a utility, what holds in its place, or a site."""
        return origin.startswith(SITE) or origin.removeprefix(OWN) in self.utilities

    def ranked(self, origins: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the utilities and what else commands came from, the strongest first: a site, then these."""
        return (*sorted(set(origins).difference(self.utilities)), *self.utilities)


@dataclass(slots=True)
class StationState:
    """One station: settings, what it is, whether it is there, what it holds, what it measures.

    `ready` means that its own report of what it holds has been read since it connected.
    `calls` are outstanding requests by id: what each is about (a control, a transaction), and its purpose.
    """

    rules: StationRules
    profile: StationProfile | None = None
    connected: bool = False
    ready: bool = False
    transactions: tuple[Transaction, ...] = ()
    suspended: frozenset[int] = frozenset()
    """EVSEs whose car takes and gives nothing now, as it says itself."""
    ledger: Ledger = field(default_factory=Ledger)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Defaults that it did not get from us, by control type, as SetDERControl payloads."""
    calls: dict[str, tuple[str, Purpose]] = field(default_factory=dict)
    reading: str = ""
    """Request id of the read-back under way."""
    alarms: frozenset[GridFault] = frozenset()
    meters: Meters = field(default_factory=Meters)
    watch: Watch = field(default_factory=Watch)
    probed: dict[str, datetime] = field(default_factory=dict)
    """By control id: when its composite schedule was last asked for."""
    changed: frozenset[str] = frozenset()
    """Control ids that run, and whose new numbers the station has not shown yet."""
    doubted: dict[str, int] = field(default_factory=dict)
    """By control id: how often its composite schedule was of no use."""
    renewed: dict[str, datetime] = field(default_factory=dict)
    """By control id: since when the time counts after which it lapses, on this connection."""
    static: bool = False
    """Whether it takes no updates of Dynamic profiles, as far as seen on this connection."""
    gone: dict[str, None] = field(default_factory=dict)
    """Control ids that were ours, the last ones, oldest first: a station may still show them."""
    foreign: dict[str, str] = field(default_factory=dict)
    """What others set and is being taken back: its control type by request id."""
    limits: dict[tuple[str, int | None], ForeignLimit] = field(default_factory=dict)
    """Limits of charge that others gave it, by source and EVSE."""
    bound: frozenset[tuple[str, str]] = frozenset()
    """Sources and the control ids of ours to which their limits leave less."""
    secured: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    """When it is known to hold limits of its site, by command (our time)."""
    courses: dict[str, Course] = field(default_factory=dict)
    """By command that is in force: what flowed since it began."""
    shown: dict[str, Doing] = field(default_factory=dict)
    """What it does, as each utility was told last that is told of states."""
    trial: Trial | None = None
    """The commissioning under way, or the last one."""
    wake_at: datetime | None = None
    """When time alone changes something here next (UTC)."""

    @property
    def id(self) -> str:
        """Return the station's id."""
        return self.rules.id

    def situation(self, now: datetime) -> Situation:
        """Return what a translation needs: transactions, our setpoints in force, settings, policy."""
        return Situation(
            transactions=tuple(self._with_setpoint(t, now) for t in self.transactions),
            settings=_least_factors(self.profile) | dict(self.rules.settings),
            policy=dict(self.rules.policy),
        )

    def let_go(self, control_id: str) -> None:
        """Know nothing more of a control that is not held any longer, but that it was ours."""
        for known in (self.probed, self.renewed, self.doubted):
            known.pop(control_id, None)
        self.changed -= {control_id}
        self.gone[control_id] = None
        if len(self.gone) > _REMEMBERED:
            del self.gone[next(iter(self.gone))]

    def met_anew(self) -> None:
        """Begin a connection: what held for the one before counts no more."""
        self.renewed.clear()
        self.doubted.clear()
        self.foreign.clear()
        self.static = False

    def note_own(self, held: Iterable[HeldControl], *, complete: bool) -> bool:
        """Keep the defaults that a read-back shows and we did not set; return whether any is new.

        Where we have set one of a type, the station may show its own no more: what it was is kept.
        """
        ours = {e.desired.payload.get("controlType") for e in self.ledger.entries.values()}
        kept = {t: body for t, body in self.own.items() if t in ours or not complete}
        shown = {
            control.payload["controlType"]: control.payload
            for control in held
            if control.id not in self.ledger.entries and control.payload.get("isDefault")
        }
        before, self.own = self.own, kept | shown
        return self.own != before

    def _with_setpoint(self, transaction: Transaction, now: datetime) -> Transaction:
        for entry in self.ledger.entries.values():
            setpoint = _setpoint(entry, transaction.transaction_id, now)
            if setpoint is not None:
                return Transaction(transaction.evse_id, transaction.transaction_id, setpoint)
        return transaction


def _least_factors(profile: StationProfile | None) -> dict[str, Fraction]:
    """Return the smallest power factors of the nameplate as what DERSettings are where nobody set them."""
    found = {}
    for name, rating in _FACTORS.items():
        evses = () if profile is None else profile.evses
        known = [pf for evse in evses if (pf := getattr(evse.ratings, rating)) is not None]
        if known:
            found[name] = max(known)
    return found


_FACTORS = {"setMinPFOverExcited": "over_excited_pf", "setMinPFUnderExcited": "under_excited_pf"}
_FOLLOWED = frozenset({"ActiveSetpoint", "RelativeActiveSetpoint", "StorageTarget"})


def _setpoint(entry: Entry, transaction_id: str, now: datetime) -> Fraction | None:
    """Return our own setpoint (+ exports) that the station holds for a transaction now, if any."""
    start, functions = entry.desired.start, entry.desired.functions
    if entry.state is not EntryState.HELD or _FOLLOWED.isdisjoint(functions):
        return None
    if entry.expired(now) or (start is not None and start > now):
        return None
    profile = entry.desired.payload["chargingProfile"]
    if profile.get("transactionId") != transaction_id:
        return None
    period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][-1]  # where a ramp ends
    return -Fraction(str(period["setpoint"])) if "setpoint" in period else None


def entry_document(station: str, entry: Entry) -> dict[str, Any]:
    """Return the JSON document of one ledger entry."""
    desired = entry.desired
    return {
        "station": station,
        "id": desired.id,
        "command": desired.command,
        "action": desired.action,
        "payload": dict(desired.payload),
        "functions": list(desired.functions),
        "start": None if desired.start is None else desired.start.isoformat(),
        "end": None if desired.end is None else desired.end.isoformat(),
        "is_default": desired.is_default,
        "yields": desired.yields,
        "state": entry.state.value,
        "evidence": entry.evidence.value,
        "attempts": entry.attempts,
        "reason": entry.reason,
        "older": entry.older,
    }


def entry_from_document(document: Mapping[str, Any]) -> Entry:
    """Return the entry that `entry_document` described.

    A call that was under way when the gateway stopped may or may not have arrived: it is UNKNOWN.
    """
    state = EntryState(document["state"])
    if state in {EntryState.SETTING, EntryState.CLEARING}:
        state = EntryState.UNKNOWN
    start, end = document["start"], document["end"]
    desired = Desired(
        id=document["id"],
        command=document["command"],
        action=document["action"],
        payload=document["payload"],
        functions=tuple(document["functions"]),
        start=None if start is None else datetime.fromisoformat(start),
        end=None if end is None else datetime.fromisoformat(end),
        is_default=document["is_default"],
        yields=document["yields"],
    )
    return Entry(
        desired=desired,
        state=state,
        evidence=Evidence(document["evidence"]),
        attempts=document["attempts"],
        reason=document["reason"],
        older=document["older"],
    )


def station_document(state: StationState) -> dict[str, Any]:
    """Return the JSON document of what a station is and which transactions run there."""
    return {
        "profile": encode(state.profile),
        "transactions": [encode(transaction) for transaction in state.transactions],
        "own": state.own,
        "suspended": sorted(state.suspended),
    }


def continue_from(state: StationState, document: Mapping[str, Any]) -> None:
    """Let a station be what `station_document` described; it is not connected yet."""
    known = document["profile"]
    state.profile = None if known is None else decode(known, StationProfile)
    state.transactions = tuple(decode(item, Transaction) for item in document["transactions"])
    state.own = dict(document.get("own", {}))
    state.suspended = frozenset(document.get("suspended", ()))
