"""Stations of a shadow: they are asked what they are and hold, and told nothing.

What would have been told counts as accepted and held, and a DER control as started and ended when its time
comes, so that decisions go on as they would. Meters show what really flows.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    Event,
    HeldControl,
    NoticeReceived,
    ReplyStatus,
    StationReplied,
)
from gateway.ports import Post, StationLink
from translators.canonical.telemetry import ControlNotice

_PASSED = frozenset({"GetTransactionStatus"})
"""What the engine asks and may ask here too; a composite schedule would show what nobody was told."""


class Here(Protocol):
    """Says whether a station is connected."""

    def __call__(self, station: str) -> object | None:
        """Return something where it is, else None."""
        ...


class ShadowStations:
    """A `StationLink` that lets questions through and takes all else for done."""

    def __init__(
        self, link: StationLink, here: Here, post: Post, utc: Callable[[], datetime]
    ) -> None:
        """Ask by `link`; `post` hears the answers, `here` knows who is connected."""
        self._link, self._here, self._post, self._utc = link, here, post, utc
        self._held: defaultdict[str, dict[str, HeldControl]] = defaultdict(dict)
        self._timers: dict[tuple[str, str], list[asyncio.TimerHandle]] = {}

    def send(self, effect: SendToStation) -> None:
        """Take one CALL for done, where the station is here."""
        if effect.action in _PASSED or self._here(effect.station) is None:
            self._link.send(effect)
            return
        asks = effect.action.startswith("Get")
        status = ReplyStatus.NOT_SUPPORTED if asks else ReplyStatus.ACCEPTED
        if not asks:
            self._take(effect)
        self._post(StationReplied(effect.station, effect.request_id, status, "shadow"))

    def read_back(self, effect: ReadBack) -> None:
        """Ask what the station holds."""
        self._link.read_back(effect)

    def hears(self, event: Event) -> None:
        """Pass on what comes from stations; a read-back shows what they were taken to hold, too."""
        if isinstance(event, ControlsReported):
            own = self._held[event.station]
            others = (control for control in event.held if control.id not in own)
            event = replace(event, held=(*others, *own.values()))
        self._post(event)

    def _take(self, effect: SendToStation) -> None:
        held, payload = self._held[effect.station], effect.payload
        profile = payload.get("chargingProfile", {}).get("id", payload.get("chargingProfileId"))
        subject = str(payload.get("controlId") or profile)
        if effect.action.startswith("Set"):
            held[subject] = HeldControl(subject, effect.action, payload)
        elif effect.action.startswith("Clear"):
            held.pop(subject, None)
        if effect.action in {"SetDERControl", "ClearDERControl"}:
            self._time(effect.station, subject, payload)

    def _time(self, station: str, control: str, payload: dict[str, Any]) -> None:
        """Let a control start and end when its time comes; what was timed of it before counts no more."""
        for timer in self._timers.pop((station, control), ()):
            timer.cancel()
        body = next((v for v in payload.values() if isinstance(v, dict) and "startTime" in v), None)
        if body is None:
            return
        start = datetime.fromisoformat(body["startTime"])
        end = start + timedelta(seconds=float(body["duration"])) if "duration" in body else None
        self._timers[station, control] = [
            self._notice(station, control, at, started=started)
            for at, started in ((start, True), (end, False))
            if at is not None
        ]

    def _notice(
        self, station: str, control: str, at: datetime, *, started: bool
    ) -> asyncio.TimerHandle:
        def tell() -> None:
            notice = ControlNotice(station, control, started, self._utc())
            self._post(NoticeReceived(notice))

        delay = max(0.0, (at - self._utc()).total_seconds())
        return asyncio.get_running_loop().call_later(delay, tell)
