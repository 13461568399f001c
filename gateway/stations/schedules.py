"""The charging profiles that a station was told, or told us of, on one connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.core.events import ReplyStatus
from translators.ocpp import live

type Json = dict[str, Any]

_OF_SESSIONS = frozenset({"TxProfile", "TxDefaultProfile"})
_KNOWN_OUTCOME = frozenset({ReplyStatus.ACCEPTED, ReplyStatus.NO_ANSWER})
_CLEARED = frozenset({ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND})
_MOST = 128
"""Profiles that are known of one station; the oldest is forgotten first."""
_TOLERANCE = 0.05
"""Of the unit on the wire (W or A): stations round to one decimal."""


class Schedules:
    """Requests of SetChargingProfile by profile id, with the newest numbers of Dynamic ones in them."""

    def __init__(self) -> None:
        """Know none yet."""
        self._told: dict[int, Json] = {}
        self._before: dict[int, list[Json | None]] = {}
        """By profile: what was known of it before each call about it that has not been answered."""

    def told(self, action: str, payload: Json) -> None:
        """Follow a call that goes out: from now on its numbers are the ones in force."""
        number = _number(action, payload)
        known = self._told.get(number)
        self._before.setdefault(number, []).append(known)
        match action:
            case "SetChargingProfile":
                self._know(payload)
            case "UpdateDynamicSchedule" if known is not None:
                self._told[number] = live.updated(known, payload["scheduleUpdate"])
            case "ClearChargingProfile":
                self._told.pop(number, None)

    def answered(self, action: str, payload: Json, status: ReplyStatus) -> None:
        """Know again what was before a call that the station did not follow."""
        number = _number(action, payload)
        waiting = self._before.get(number)
        if not waiting:
            return
        before = waiting.pop(0)
        followed = status in (_CLEARED if action == "ClearChargingProfile" else _KNOWN_OUTCOME)
        if waiting:  # a later call changed it once more: that one is judged by its own answer
            waiting[0] = waiting[0] if followed else before
            return
        del self._before[number]
        if followed:
            return
        self._told.pop(number, None)
        if before is not None:
            self._know(before)

    def reported(self, held: Iterable[Json]) -> None:
        """Know what a station reports that it holds, as SetChargingProfile requests."""
        for payload in held:
            if payload["chargingProfile"]["id"] not in self._told:
                self._know(payload)

    def ended(self, transaction: str) -> None:
        """Forget what was for a transaction that is over: its station drops it, too (K01.FR.08)."""
        for number, payload in list(self._told.items()):
            if _is_of(payload, transaction):
                del self._told[number]
        for waiting in self._before.values():
            waiting[:] = [None if p is not None and _is_of(p, transaction) else p for p in waiting]

    def _know(self, payload: Json) -> None:
        self._told[payload["chargingProfile"]["id"]] = payload
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]

    def numbers(self, profile: int) -> Json | None:
        """Return the numbers of a Dynamic profile that are in force, None where there is none of this id."""
        payload = self._told.get(profile)
        if payload is None or payload["chargingProfile"]["chargingProfileKind"] != "Dynamic":
            return None
        return live.numbers(payload)

    def guides(self, evse: int) -> bool:
        """Say whether a session at an EVSE has a profile of ours."""
        return any(
            payload["evseId"] in {0, evse}
            and payload["chargingProfile"]["chargingProfilePurpose"] in _OF_SESSIONS
            for payload in self._told.values()
        )

    def admits(self, evse: int, schedule: Json) -> bool:
        """Say whether a charging schedule of a car stays within all that was told for its EVSE."""
        unit = schedule["chargingRateUnit"]
        most = min(self._most(evse, unit), default=float("inf"))
        limits = (period.get("limit", 0) for period in schedule["chargingSchedulePeriod"])
        return all(limit <= most + _TOLERANCE for limit in limits)

    def _most(self, evse: int, unit: str) -> Iterator[float]:
        """Yield the most that each profile in this unit ever lets an EVSE take."""
        for payload in self._told.values():
            if payload["evseId"] not in {0, evse}:
                continue
            for schedule in payload["chargingProfile"]["chargingSchedule"]:
                rates = [
                    max(0, rate)
                    for period in schedule["chargingSchedulePeriod"]
                    if (rate := period.get("limit", period.get("setpoint"))) is not None
                ]
                if rates and schedule["chargingRateUnit"] == unit:
                    yield max(rates)


def _number(action: str, payload: Json) -> int:
    """Return the profile that a call is about, 0 where it names none."""
    if action == "SetChargingProfile":
        number: int = payload["chargingProfile"]["id"]
        return number
    return int(payload.get("chargingProfileId", 0))


def _is_of(payload: Json, transaction: str) -> bool:
    profile = payload["chargingProfile"]
    mine = profile.get("transactionId") == transaction
    return bool(mine and profile["chargingProfilePurpose"] == "TxProfile")
