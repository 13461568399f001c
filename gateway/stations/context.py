"""What a functional block sees of its station: the entry of the settings, the session, the way up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Literal, Protocol

import orjson

from gateway.core.events import DeviceReported, ReplyStatus
from gateway.ports import Post
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.nameplate import Nameplate
from gateway.stations.registration import Registration
from gateway.stations.schedules import Schedules
from translators.canonical.capability import Evse
from translators.rules.book import Book

type Json = dict[str, Any]
type AskKnown = Literal["first", "later", "never"]
"""Before a known station counts as here, after that, or not at all."""


@dataclass(frozen=True, slots=True)
class StationEntry:
    """One enrolled station: what the settings say of it; `overrides` win over what it reports."""

    id: str
    password_verifier: str = field(repr=False)
    """Empty where it shows a certificate instead (security profile 3), or nothing (0)."""
    nominal_frequency_hz: Fraction
    evses: tuple[Evse, ...]
    book: Book
    """The rules by which its reports are read, with the dialect packs of station models."""
    overrides: dict[int, dict[str, Fraction]] = field(default_factory=dict)
    """By EVSE id: ratings under the names of DCDERCtrlr."""
    readings: Mapping[str, str] = field(default_factory=dict)
    """Keys of its dialect that the settings state; they win over the book's packs."""
    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    """What its certificate may name in place of the id (A00.FR.405)."""
    commissioning: bool = False
    """Whether it is let in only to be asked and configured (B02)."""


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


@dataclass(frozen=True, slots=True)
class Connected:
    """A station that is here: its version of OCPP, and how it is called."""

    version: str
    call: Caller


def _nobody() -> None:
    """Ask nobody: there is no session."""


MOST_PARTS = 256
"""Parts of one report."""
MOST_OCTETS = 4 * 1024 * 1024
"""Octets of all its parts."""

_BROUGHT_BY = {
    "GetBaseReport": "NotifyReport",
    "GetReport": "NotifyReport",
    "GetMonitoringReport": "NotifyMonitoringReport",
    "GetChargingProfiles": "ReportChargingProfiles",
    "GetDERControl": "ReportDERControl",
}
"""The call that brings the parts of a report, by the one that asks for it."""


class Report:
    """The parts of a report until the last one is there; parts that bear numbers have no gap (B07)."""

    def __init__(self, action: str) -> None:
        """Start empty; `action` is the call that brings the parts."""
        self.action = action
        self.parts: list[Json] = []
        self._octets = 0
        self._over = asyncio.Event()
        self._lost = False

    def add(self, part: Json) -> None:
        """Take one part in; the one without `tbc` is the last. A report without end is given up."""
        if not self._full:
            self._octets += len(orjson.dumps(part))
            if self._octets <= MOST_OCTETS:
                self.parts.append(part)
        if self._full:
            self.give_up()
        if not part.get("tbc", False):
            self._over.set()

    @property
    def _full(self) -> bool:
        return len(self.parts) >= MOST_PARTS or self._octets > MOST_OCTETS

    def give_up(self) -> None:
        """Expect no further part."""
        self._lost = True
        self._over.set()

    async def wait(self, timeout_s: float) -> bool:
        """Return whether the last part came, and in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._over.wait()
        except TimeoutError:
            return False
        return not self._lost and self._unbroken()

    def _unbroken(self) -> bool:
        numbers = {part["seqNo"] for part in self.parts if "seqNo" in part}
        return numbers == set(range(len(numbers)))


@dataclass(slots=True)
class Context:
    """One connection as its blocks see it; `requests` is the last report id that was given out."""

    entry: StationEntry
    version: str
    post: Post
    call: Caller
    clock: Callable[[], datetime]
    heartbeat_s: int = 60
    report_timeout_s: float = 30.0
    requests: int = 0
    plate: Nameplate = field(default_factory=Nameplate)
    registration: Registration = field(init=False)
    """What the last boot was answered; a station that comes back without one was told before."""
    power_s: int = 0
    """How often a station that can do so measures its power beside its meter; 0: it does not."""
    ask_known: AskKnown = "first"
    ask_again: Callable[[], None] = _nobody
    """Have the station say anew what it is; for handlers, which wait for nothing."""
    measure_soon: Callable[[], None] = _nobody
    """Have the station measure soon: what it does has changed."""
    schedules: Schedules = field(default_factory=Schedules)
    _reports: dict[int, Report] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with what the station would be told; who was rejected has to boot first (B03.FR.07)."""
        self.registration = Registration.REJECTED if self.plate.foreign else self.admits

    def keep_model(self) -> None:
        """Have what the station says of itself kept over restarts, where that is new."""
        document = self.plate.news()
        if document is not None:
            self.post(DeviceReported(self.entry.id, document))

    @property
    def admits(self) -> Registration:
        """Return how far an enrolled station is let in."""
        return Registration.PENDING if self.entry.commissioning else Registration.ACCEPTED

    async def gather(self, action: str, request: Json, priority: Priority) -> Gathered:
        """Ask for a report that comes in parts, and wait for all of them."""
        self.requests += 1
        number, report = self.requests, Report(_BROUGHT_BY[action])
        self._reports[number] = report
        try:
            reply = await self.call(action, {"requestId": number, **request}, priority)
            whole = reply.status is ReplyStatus.ACCEPTED
            whole = whole and await report.wait(self.report_timeout_s)
        finally:
            del self._reports[number]
        nothing = reply.status in {ReplyStatus.NOT_FOUND, ReplyStatus.NOT_SUPPORTED}
        answered = reply.status is not ReplyStatus.NO_ANSWER
        return Gathered(tuple(report.parts), whole or nothing, answered)

    def collect(self, action: str, payload: Json) -> None:
        """Take in one part; a part that nobody asked for, or of another kind than that, is dropped."""
        report = self._reports.get(payload["requestId"])
        if report is not None and report.action == action:
            report.add(payload)

    def spoil(self, number: object) -> None:
        """A part of a report cannot be used: the report will never be whole."""
        for known, report in self._reports.items():
            if known == number:
                report.give_up()

    def forget_reports(self) -> None:
        """A station that booted sends no more of what it was asked for before."""
        for report in self._reports.values():
            report.give_up()

    def instant(self) -> str:
        """Return our time as OCPP writes it."""
        return (
            self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )


@dataclass(frozen=True, slots=True)
class Gathered:
    """The parts of a report; `complete` also where the station has nothing to report.

    `answered`: it said something to the request, whatever it was.
    """

    parts: tuple[Json, ...]
    complete: bool
    answered: bool = True


type Handler = Callable[[Context, Json], Json]
"""Answers one CALL of the station; `DocumentError` where the payload means nothing."""
