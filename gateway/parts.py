"""What a runtime drives: every part of one gateway behind its port, and how patient it is with them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.clock import SystemClock
from gateway.core.effects import Effect
from gateway.core.engine import Documents, Engine
from gateway.core.events import Event, Now
from gateway.failpoints import Failpoints
from gateway.leading import never
from gateway.ports import (
    AuditLog,
    AuditSeal,
    Clock,
    CommandStore,
    InputLog,
    Observer,
    StationLink,
    UtilityLink,
)


class Unrecorded:
    """The `InputLog` of a gateway that keeps none."""

    def begin(self, kept: Documents, now: Now, effects: Sequence[Effect]) -> None:
        """Keep nothing."""

    def hear(self, event: Event, now: Now) -> None:
        """Keep nothing."""

    def decided(self, effects: Sequence[Effect]) -> None:
        """Keep nothing."""

    def write(self) -> None:
        """Write nothing."""


@dataclass(slots=True)
class Parts:
    """What the runtime drives; `utilities` has one link per (utility, station).

    `group_s` is how long audit records gather for one fdatasync, `store_retry_s` how long a refusal of
    the database lasts at least, `retry_s` the waits before an answer is posted again (the last repeats).
    """

    engine: Engine
    store: CommandStore
    audit: AuditLog
    stations: StationLink
    utilities: Mapping[tuple[str, str], UtilityLink]
    clock: Clock = field(default_factory=SystemClock)
    group_s: float = 0.05
    store_retry_s: float = 1.0
    retry_s: tuple[float, ...] = (1.0, 2.0, 5.0, 15.0, 60.0)
    failpoints: Failpoints = field(default_factory=Failpoints)
    draw: random.Random = field(default_factory=random.SystemRandom)
    observers: tuple[Observer, ...] = ()
    seal: AuditSeal | None = None
    inputs: InputLog = field(default_factory=Unrecorded)
    shadow: bool = False
    """Whether all records say that nothing was sent."""
    keep_documents: timedelta | None = None
    """How long documents are kept as they came; None for ever."""
    lapsed: Callable[[], bool] = never
    """Whether another gateway may lead by now: nothing is sent then."""
