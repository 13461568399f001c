"""What the engine wants done, in this order: durable before acknowledged, audited before sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, dataclass_transform

from translators.canonical.capability import StationProfile
from translators.canonical.telemetry import ControlOutcome, GridFault, Sample


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def plain_value[T](kind: type[T]) -> type[T]:
    """Make a value that is frozen for the type checker alone: to make a frozen one takes three times as long.

    It is for what every station gets or says at every event.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)


class Table(StrEnum):
    """What is kept: one JSON document per key."""

    COMMANDS = "commands"
    LEDGER = "ledger"
    RESPONSES = "responses"
    STATIONS = "stations"
    UTILITIES = "utilities"
    SITE = "site"
    DEVICES = "devices"
    """Device models of stations: only the station side reads them."""
    LINKS = "links"
    SESSIONS = "sessions"
    """What connectors want to find again: only they read it."""


@dataclass(frozen=True, slots=True)
class Persist:
    """Keep `document` (JSON values only) under (table, key); None forgets it.

    All `Persist` and `Audit` effects of one event are one transaction.
    """

    table: Table
    key: str
    document: dict[str, Any] | None


@plain_value
class Audit:
    """One record of the audit chain: who did what to what, from which input to which output."""

    kind: str
    """`command.received`, `control.dispatched`, `control.accepted`, `response.owed`, …"""
    actor: str
    subject: str
    details: dict[str, Any] = field(default_factory=dict)
    raw: tuple[bytes, ...] = ()
    """Documents to keep beside the chain, by their digest."""


@dataclass(frozen=True, slots=True)
class RespondToUtility:
    """An answer owed to a utility: posted at least once, in effect once (`key` is unique and stable)."""

    key: str
    utility: str
    station: str
    mrid: str
    outcome: ControlOutcome
    created: datetime
    reply_to: str
    revision: str


@plain_value
class SendToStation:
    """One CALL to one station; the answer comes back as `StationReplied` with the same `request_id`."""

    station: str
    request_id: str
    action: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Ask a station what it holds: GetDERControl of both flags and GetChargingProfiles, as one.

    The answer comes back as `ControlsReported`.
    """

    station: str
    request_id: str


@dataclass(frozen=True, slots=True)
class PostSamples:
    """Measured values due at a utility."""

    utility: str
    station: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Doing:
    """What a station does: EVSEs with a transaction (None: not told), opt-out, curtailment, setpoint.

    `curtailed`: what is in force lets it take less than it could. `setpoint` is in W, + exports, None
    where it follows none.
    """

    sessions: frozenset[int] | None = None
    opted_out: bool = False
    curtailed: bool = False
    setpoint: Fraction | None = None


@dataclass(frozen=True, slots=True)
class ReportStation:
    """What a utility should know of a station now: nameplate, connection, alarms; the newest wins.

    `faulted`: it does not do what it accepted. `doing` is for utilities that are told of states.
    """

    utility: str
    station: str
    profile: StationProfile | None
    connected: bool
    alarms: frozenset[GridFault]
    at: datetime
    faulted: bool = False
    doing: Doing | None = None


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Handle a `Tick` at this instant (UTC), or soon after."""

    utc: datetime


type Effect = (
    Persist
    | Audit
    | RespondToUtility
    | SendToStation
    | ReadBack
    | PostSamples
    | ReportStation
    | WakeAt
)
