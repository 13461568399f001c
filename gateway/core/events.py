"""What the engine hears. Every instant is UTC; `Now` is the only clock that the core ever sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.core import orders
from gateway.core.effects import plain_value
from translators.canonical.capability import StationProfile, Transaction
from translators.canonical.commands import DerCommand
from translators.canonical.telemetry import Alarm, ControlNotice, Sample, SignedReading
from translators.ocpp.foreign import ForeignLimit
from translators.rules.trace import Loss, Refusal, Step


@dataclass(frozen=True, slots=True)
class Now:
    """The time at which an event is handled: UTC, monotonic seconds, and each utility's clock offset.

    `offsets[utility]` is that utility's clock minus ours; a utility without an entry has no known offset.
    """

    utc: datetime
    monotonic: float
    offsets: dict[str, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A utility serves a command: new, changed, or (after a restart) known already.

    `refusals` are controls of the document that could not be read into the canonical model.
    """

    command: DerCommand
    steps: tuple[Step, ...] = ()
    losses: tuple[Loss, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    raw: tuple[bytes, ...] = ()
    """The documents as they came, the control first, for the audit."""
    draws: tuple[float, float] = (0.0, 0.0)
    """Two random numbers in [0, 1) from the runtime, for randomised starts and durations."""
    book: str = ""
    """Digest of the rules that read it."""


@dataclass(frozen=True, slots=True)
class DocumentRefused:
    """A utility serves a document of which nothing, or a part not, is followed: no command comes of that.

    `station` is the party that it was for, empty where nobody can tell.
    """

    utility: str
    station: str
    document: str
    """Its name at the utility."""
    refusals: tuple[Refusal, ...]
    raw: tuple[bytes, ...] = ()
    """As it came, for the audit."""


class Withdrawal(StrEnum):
    """Why a command is no longer served."""

    CANCELLED = "cancelled"
    CANCELLED_RANDOMIZED = "cancelled_randomized"
    SUPERSEDED = "superseded"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class CommandWithdrawn:
    """A utility withdraws a command of one station, before or during its run."""

    utility: str
    station: str
    mrid: str
    reason: Withdrawal


@dataclass(frozen=True, slots=True)
class UtilityChanged:
    """A utility became reachable (`up`) or went silent; `problem` says why, for people."""

    utility: str
    station: str
    up: bool
    problem: str = ""


@plain_value
class UtilityHeard:
    """A utility gave an answer by which its controls can be followed, to the identity of one station.

    `poll_s` is the longest interval at which its controls are asked for; `timed` says that it gave its time.
    """

    utility: str
    station: str
    poll_s: float
    timed: bool = False


@dataclass(frozen=True, slots=True)
class SessionKept:
    """What a part of the session with a utility wants to find again after a restart."""

    utility: str
    part: str
    document: dict[str, Any]
    """JSON values."""


@dataclass(frozen=True, slots=True)
class StationConnected:
    """A station is connected and booted; `profile` is what it is and can do, as far as known."""

    station: str
    profile: StationProfile


@dataclass(frozen=True, slots=True)
class StationDescribed:
    """What a station is and can do has changed: a car came with ratings of its own, or left."""

    station: str
    profile: StationProfile


@dataclass(frozen=True, slots=True)
class DeviceReported:
    """A station's device model, as the station side wants to find it again after a restart."""

    station: str
    document: dict[str, Any]
    """JSON values."""


@dataclass(frozen=True, slots=True)
class StationDisconnected:
    """A station's connection is gone."""

    station: str


class ReplyStatus(StrEnum):
    """How a call to a station ended."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    NOT_FOUND = "NotFound"
    CALL_ERROR = "CallError"
    """The station answered with CALLERROR, or with a payload that breaks the schema."""
    NO_ANSWER = "NoAnswer"
    """Nothing came in time, or the connection broke: what the station did is unknown."""
    NOT_SENT = "NotSent"
    """The call never left: what the station holds did not change."""


@plain_value
class StationReplied:
    """The outcome of one `SendToStation`; `payload` is the station's answer, if it sent one."""

    station: str
    request_id: str
    status: ReplyStatus
    reason: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldControl:
    """One DER control or charging profile as the station itself reports it."""

    id: str
    action: str
    """`SetDERControl` or `SetChargingProfile`: what would have set it."""
    payload: dict[str, Any]
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class ControlsReported:
    """The answer to a read-back: all that the station holds, of both default flags, and its profiles."""

    station: str
    request_id: str
    held: tuple[HeldControl, ...]
    complete: bool = True
    """False where a part of the read-back failed; what is missing is then unknown, not absent."""


@dataclass(frozen=True, slots=True)
class NoticeReceived:
    """A station says that a control started or ended."""

    notice: ControlNotice


@dataclass(frozen=True, slots=True)
class AlarmReceived:
    """A station reports a grid alarm."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class SamplesTaken:
    """Measured values of one station, one instant or several."""

    station: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class ReadingsSigned:
    """Values that a station's own meter signed: evidence, kept in the very characters that came."""

    station: str
    readings: tuple[SignedReading, ...]


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """A station's account of a transaction lacks the events from `first` to `last` (seqNo)."""

    station: str
    transaction: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class TransactionsChanged:
    """The running transactions of a station."""

    station: str
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class CarSuspended:
    """A car itself takes and gives no energy for a while (SuspendedEV), or does again."""

    station: str
    evse: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class SchedulePulled:
    """A station asked for the numbers of a Dynamic profile, and has them (K28)."""

    station: str
    profile: int


@dataclass(frozen=True, slots=True)
class LimitNoticed:
    """A station is bound by a limit of charge that somebody else gave it, or by another one than before."""

    station: str
    limit: ForeignLimit


@dataclass(frozen=True, slots=True)
class LimitCleared:
    """A limit that somebody else gave a station is gone; `evse` is None for all of that source."""

    station: str
    source: str
    evse: int | None


@dataclass(frozen=True, slots=True)
class PriorityNoticed:
    """A driver began or ended priority charging in a transaction."""

    station: str
    transaction_id: str
    activated: bool


@dataclass(frozen=True, slots=True)
class ResponsePosted:
    """A response reached its utility (or was refused for good: `accepted` False)."""

    key: str
    accepted: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SecurityNoticed:
    """Something that an operator should know of those who connect, or try; `count` alike in a row."""

    kind: str
    """`access.denied`, or a name from the OCPP list of security events."""
    station: str
    """The id that was claimed; it need not exist."""
    address: str
    problem: str = ""
    count: int = 1
    reported_at: str = ""
    """The instant that a station gives, where it is the station that noticed it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed: a deadline that the engine asked for is due."""


type Event = (
    CommandReceived
    | CommandWithdrawn
    | DocumentRefused
    | UtilityChanged
    | UtilityHeard
    | SessionKept
    | StationConnected
    | StationDescribed
    | DeviceReported
    | StationDisconnected
    | StationReplied
    | ControlsReported
    | NoticeReceived
    | AlarmReceived
    | SamplesTaken
    | ReadingsSigned
    | EventsMissed
    | TransactionsChanged
    | CarSuspended
    | SchedulePulled
    | LimitNoticed
    | LimitCleared
    | PriorityNoticed
    | ResponsePosted
    | orders.DrainRequested
    | orders.ParticipationChanged
    | orders.HoldChanged
    | orders.CommissioningOrdered
    | orders.PlanOrdered
    | orders.RulesReplaced
    | orders.RulesRefused
    | SecurityNoticed
    | Tick
)
