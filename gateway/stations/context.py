"""What a functional block sees of its station: the entry of the settings, the session, the way up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Protocol

from gateway.core.events import ReplyStatus
from gateway.ports import Post
from gateway.protocols.ocpp_rpc import Priority
from translators.canonical.capability import Dialect, Evse

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StationEntry:
    """One enrolled station: what the settings say of it; `overrides` win over what it reports."""

    id: str
    password_verifier: str
    nominal_frequency_hz: Fraction
    evses: tuple[Evse, ...]
    overrides: dict[int, dict[str, Fraction]] = field(default_factory=dict)
    """By EVSE id: ratings under the names of DCDERCtrlr."""
    dialect: Dialect = Dialect()
    vendor: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one of our calls ended."""

    status: ReplyStatus
    payload: Json = field(default_factory=dict)
    reason: str = ""


class Caller(Protocol):
    """Makes one call and waits for its end; never raises for what the station does."""

    def __call__(
        self, action: str, payload: Json, priority: Priority = Priority.GRID
    ) -> Awaitable[Reply]:
        """Return how the call ended."""
        ...


@dataclass(slots=True)
class Context:
    """One connection as its blocks see it; `reports` collects multi-part reports by request id."""

    entry: StationEntry
    version: str
    post: Post
    call: Caller
    clock: Callable[[], datetime]
    heartbeat_s: int = 60
    reports: dict[int, Report] = field(default_factory=dict)
    requests: int = 0

    def open_report(self) -> tuple[int, Report]:
        """Return a new request id and the report that will collect its parts."""
        self.requests += 1
        report = Report()
        self.reports[self.requests] = report
        return self.requests, report

    def collect(self, payload: Json) -> None:
        """Take in one part; a part that nobody asked for is dropped."""
        report = self.reports.get(payload["requestId"])
        if report is not None:
            report.parts.append(payload)
            if not payload.get("tbc", False):
                report.complete.set()

    def instant(self) -> str:
        """Return our time as OCPP writes it."""
        return (
            self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )


class Report:
    """The parts of a report until the last one is there."""

    def __init__(self) -> None:
        """Start empty."""
        self.parts: list[Json] = []
        self.complete = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Return whether the last part came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.complete.wait()
        except TimeoutError:
            return False
        return True


type Handler = Callable[[Context, Json], Json]
"""Answers one CALL of the station."""
