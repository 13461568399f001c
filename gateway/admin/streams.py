"""Live streams of what the gateway hears, decides and sends, for `dergate tap`.

A follower that is too slow loses lines, never the gateway's time; how many it lost is the next line
that it gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from gateway.core.effects import Audit, Effect, ReadBack, RespondToUtility, SendToStation
from gateway.core.events import (
    AlarmReceived,
    CommandReceived,
    CommandWithdrawn,
    ControlsReported,
    Event,
    NoticeReceived,
    ResponsePosted,
    SamplesTaken,
    StationConnected,
    StationDisconnected,
    StationReplied,
    UtilityChanged,
)
from translators.canonical.controls import function_of

type Stream = Literal["utility", "canonical", "ocpp"]
STREAMS: tuple[str, ...] = get_args(Stream.__value__)
WAITING = 1_000
"""Lines that wait for one follower."""
QUIET_S = 15.0
"""After so long without a line a stream says that it lives."""

type Line = dict[str, Any]


@dataclass(slots=True)
class _Follower:
    stream: str
    station: str | None
    queue: asyncio.Queue[Line | None] = field(default_factory=lambda: asyncio.Queue(WAITING + 1))
    lost: int = 0

    def take(self, stream: str, line: Line) -> None:
        if stream != self.stream or (
            self.station and line.get("station") not in {None, self.station}
        ):
            return
        if self.queue.qsize() >= WAITING:
            self.lost += 1
        else:
            self.queue.put_nowait(line)


class Tap:
    """Everybody who looks on."""

    def __init__(self, utc: Callable[[], datetime]) -> None:
        """Have no follower yet."""
        self._utc = utc
        self._followers: list[_Follower] = []

    async def follow(
        self, stream: str, station: str | None = None, quiet_s: float = QUIET_S
    ) -> AsyncGenerator[Line]:
        """Yield the lines of a stream from now on, of one station or all, until it is closed.

        Where nothing came for `quiet_s` the line is empty: a follower that is gone shows then.
        """
        follower = _Follower(stream, station)
        self._followers.append(follower)
        try:
            while True:
                try:
                    async with asyncio.timeout(quiet_s):
                        line = await follower.queue.get()
                except TimeoutError:
                    line = {}
                if line is None:
                    return
                yield line
                if follower.lost and follower.queue.empty():
                    lost, follower.lost = follower.lost, 0
                    yield {"at": self._utc().isoformat(), "kind": "lines.lost", "count": lost}
        finally:
            self._followers.remove(follower)

    def close(self) -> None:
        """Let every stream end, after what waits for its follower."""
        for follower in self._followers:
            follower.queue.put_nowait(None)

    def heard(self, event: Event) -> None:
        """Show an event."""
        if self._followers and (shown := _heard(event)) is not None:
            self._show(*shown)

    def decided(self, effects: Iterable[Effect]) -> None:
        """Show what was decided."""
        for effect in effects if self._followers else ():
            if (shown := _decided(effect)) is not None:
                self._show(*shown)

    def _show(self, stream: str, line: Line) -> None:
        line = {"at": self._utc().isoformat()} | line
        for follower in self._followers:
            follower.take(stream, line)


def _heard(event: Event) -> tuple[str, Line] | None:
    match event:
        case CommandReceived(command=command):
            return "utility", {
                "kind": "command.received",
                "utility": command.origin.utility,
                "station": command.target.station,
                "mrid": command.mrid,
                "primacy": command.primacy,
                "functions": [function_of(control) for control in command.controls],
                "refused": [refusal.problem for refusal in event.refusals],
            }
        case CommandWithdrawn(utility=utility, station=station, mrid=mrid, reason=reason):
            return "utility", _of("command.withdrawn", station, utility=utility, mrid=mrid) | {
                "reason": reason.value
            }
        case UtilityChanged(utility=utility, station=station, up=up, problem=problem):
            kind = "utility.up" if up else "utility.down"
            return "utility", _of(kind, station, utility=utility, problem=problem)
        case ResponsePosted(key=key, accepted=accepted, problem=problem):
            kind = "response.taken" if accepted else "response.refused"
            return "utility", {"kind": kind, "key": key, "problem": problem}
        case _:
            return _from_station(event)


def _from_station(event: Event) -> tuple[str, Line] | None:
    match event:
        case StationReplied(station=station, request_id=request):
            answer = {"status": event.status.value, "reason": event.reason}
            return "ocpp", _of("answer", station, request=request, **answer) | {
                "payload": event.payload
            }
        case ControlsReported(station=station, request_id=request, held=held):
            ids = [control.id for control in held]
            return "ocpp", _of("read_back.answer", station, request=request) | {"held": ids}
        case NoticeReceived(notice=notice):
            kind = "control.started" if notice.started else "control.ended"
            return "ocpp", _of(kind, notice.station, control=notice.control_id)
        case AlarmReceived(alarm=alarm):
            return "ocpp", _of("alarm", alarm.station, type=alarm.control_type)
        case SamplesTaken(station=station, samples=samples):
            values = [
                {
                    "kind": sample.kind.value,
                    "phase": sample.phase.value,
                    "value": float(sample.value),
                }
                for sample in samples
            ]
            return "ocpp", _of("samples", station) | {"samples": values}
        case StationConnected(station=station, profile=profile):
            return "ocpp", _of("connected", station, version=profile.ocpp_version)
        case StationDisconnected(station=station):
            return "ocpp", _of("disconnected", station)
        case _:
            return None


def _decided(effect: Effect) -> tuple[str, Line] | None:
    match effect:
        case Audit(kind=kind, actor=actor, subject=subject, details=details):
            line = {"kind": kind, "actor": actor, "subject": subject, "details": details}
            return "canonical", line | _station_of(effect)
        case RespondToUtility(utility=utility, station=station, mrid=mrid, outcome=outcome):
            return "utility", _of(
                "response.owed", station, utility=utility, mrid=mrid, outcome=outcome.value
            )
        case SendToStation(station=station, request_id=request, action=action, payload=payload):
            return "ocpp", _of("call", station, request=request, action=action) | {
                "payload": payload
            }
        case ReadBack(station=station, request_id=request):
            return "ocpp", _of("read_back", station, request=request)
        case _:
            return None


def _station_of(record: Audit) -> Line:
    """Return the station that a record is about, where it names one."""
    station = record.details.get("station")
    return {} if station is None else {"station": station}


def _of(kind: str, station: str, **words: str) -> Line:
    return {"kind": kind, "station": station, **words}
