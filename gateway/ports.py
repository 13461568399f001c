"""The seams of the gateway: small protocols that adapters fulfil and the runtime drives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.core.effects import (
    Audit,
    Effect,
    Persist,
    PostSamples,
    ReadBack,
    ReportStation,
    RespondToUtility,
    SendToStation,
    Table,
)
from gateway.core.engine import Documents
from gateway.core.events import Event, Now

type Post = Callable[[Event], None]
"""Hand an event to the runtime; never blocks, never raises."""


class Clock(Protocol):
    """Where time comes from; the runtime owns the only real one."""

    def now(self) -> Now:
        """Return UTC, monotonic seconds and the known offsets of the utilities."""
        ...

    def set_offset(self, utility: str, seconds: float) -> None:
        """Record a utility's clock minus ours."""
        ...


class UtilityLink(Protocol):
    """A running connection to one utility for one identity."""

    async def run(self, post: Post) -> None:
        """Poll, walk and post events until cancelled; survives every fault of the peer."""
        ...

    async def respond(self, response: RespondToUtility) -> None:
        """Deliver one answer; `PeerError` to try again, `ResponseRefusedError` where it never will."""
        ...

    async def post_samples(self, effect: PostSamples) -> None:
        """Deliver measured values; best effort, the newest values win."""
        ...

    async def report_station(self, effect: ReportStation) -> None:
        """Deliver nameplate and status; the newest wins, repeated until the utility took it."""
        ...


class StationLink(Protocol):
    """All connected stations as the runtime sees them."""

    def send(self, effect: SendToStation) -> None:
        """Queue one CALL; the outcome is posted as `StationReplied`, also where the station is away."""
        ...

    def read_back(self, effect: ReadBack) -> None:
        """Queue a read-back; the outcome is posted as `ControlsReported`."""
        ...


class StationTransport(Protocol):
    """One open WebSocket, whatever library drives it."""

    @property
    def station(self) -> str:
        """The authenticated id from the path."""
        ...

    @property
    def subprotocol(self) -> str:
        """`ocpp2.1` or `ocpp2.0.1`."""
        ...

    def send(self, frame: bytes) -> None:
        """Write one text frame without waiting; `PeerError` where nobody reads there any more."""
        ...

    async def receive(self, take: Callable[[bytes], None]) -> None:
        """Hand each text frame to `take` as it comes, until the connection has ended."""
        ...

    async def alive(self, timeout_s: float) -> bool:
        """Say whether the peer answers a ping in time."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Ask for the end, with a WebSocket status: no further frame is handed over."""
        ...

    def abort(self) -> None:
        """Drop the connection at once: no more frames come, none can be sent."""
        ...


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest record of the chain."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class AuditGroup:
    """Records that became durable together, and on one day: `first` to `head`, as lines of a segment."""

    first: int
    head: AuditHead
    lines: bytes


class CommandStore(Protocol):
    """Durable state: documents by (table, key), the audit chain's intents, and one transaction per event."""

    @property
    def remote(self) -> bool:
        """Say whether a call may wait for a network, so that no loop may wait for it."""
        ...

    def commit(self, effects: Iterable[Persist | Audit], at: datetime) -> AuditHead:
        """Write all in one transaction; durable on return; `StoreError` with nothing written otherwise."""
        ...

    def load(self, table: Table) -> dict[str, dict[str, Any]]:
        """Return every document of a table by key, ordered by key."""
        ...

    def audit_after(self, sequence: int, limit: int) -> list[AuditGroup]:
        """Return up to `limit` groups that end after `sequence`, oldest first."""
        ...

    def release_audit(self, through: int) -> None:
        """Forget groups that end at `through` or before, which the segments hold; the newest stays."""
        ...

    def raw(self, digest: str) -> bytes | None:
        """Return the raw document of that SHA-256 (hex), if it is kept."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget raw documents that came last before that day (UTC); return how many: the chain stays."""
        ...

    def close(self) -> None:
        """Release the database."""
        ...


class Seat(Protocol):
    """The one place from which a gateway leads, where several share a database."""

    def take(self, seconds: float) -> bool:
        """Lead for so long, unless another gateway does; `StoreError` where nobody can be asked."""
        ...

    def renew(self, seconds: float) -> bool:
        """Lead for so long from now on; say False where another gateway took over."""
        ...

    def leave(self) -> None:
        """Let another gateway lead at once."""
        ...


class Observer(Protocol):
    """Somebody who looks on: never waits, never raises, changes nothing."""

    def heard(self, event: Event) -> None:
        """Take notice of an event that is about to be handled."""
        ...

    def decided(self, effects: Sequence[Effect]) -> None:
        """Take notice of effects that are durable now, and are about to be carried out."""
        ...


class InputLog(Protocol):
    """What the engine heard, kept so that it can decide the same once more; never raises."""

    def begin(self, kept: Documents, now: Now, effects: Sequence[Effect]) -> None:
        """Take down what the engine continued from, and what it did at once."""
        ...

    def hear(self, event: Event, now: Now) -> None:
        """Take down an event that is about to be handled."""
        ...

    def decided(self, effects: Sequence[Effect]) -> None:
        """Take down what came of it."""
        ...

    def write(self) -> None:
        """Let what was taken down outlive this process."""
        ...


class AuditLog(Protocol):
    """The append-only, hash-chained segments that follow from the store."""

    def drain(self, store: CommandStore) -> int:
        """Append what the store has and the segments lack, with one fdatasync; return how many.

        `StoreError` where the disk refuses; the next drain writes what is missing.
        """
        ...


class AuditSeal(Protocol):
    """What makes the segments provable elsewhere: signed checkpoints."""

    def seal(self, now: datetime, *, final: bool = False) -> int:
        """Sign what is due, or at the `final` call all; `StoreError` where the disk refuses."""
        ...
