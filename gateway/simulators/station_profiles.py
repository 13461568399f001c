"""The charging profiles of a station (K, Q), sans-I/O: what is held, and what it orders at an instant.

Inside a purpose the higher stackLevel wins; over purposes the smallest limit does; a TxProfile stands
in for the TxDefaultProfile, and a PriorityCharging profile, while it is used, for both. Limits of others
than the CSMS bind beside all of them. A profile speaks in the load frame (positive takes from the grid);
`Profiles.order` answers in the generator frame of the physics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.simulators.station_profile_rules import (
    PRIORITY,
    STATION_MAX,
    TX,
    TX_DEFAULT,
    Situation,
    refusal,
    unsound,
)
from gateway.simulators.station_schedules import (
    FOREVER,
    Around,
    Conductors,
    Order,
    edges,
    order_of,
    period_of,
)
from gateway.simulators.station_wire import Json, instant, rounded, seconds, status


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as held."""

    evse: int
    body: Json
    received: float

    @property
    def id(self) -> int:
        """Its own number."""
        return int(self.body["id"])

    @property
    def purpose(self) -> str:
        """What it is for."""
        return str(self.body["chargingProfilePurpose"])


class Profiles:
    """What one station holds."""

    def __init__(self, conductors: Conductors | None = None, *, evses: int = 1) -> None:
        self._conductors = conductors or Conductors()
        self._evses = evses
        self._held: dict[int, Profile] = {}
        self._pulled: dict[int, float] = {}
        self._signals: list[tuple[float, int]] = []
        self._external: dict[tuple[str, int], float] = {}
        self.prior: set[int] = set()
        """EVSEs where priority charging is used."""
        self.charging_only: set[int] = set()
        """EVSEs whose transaction may not discharge."""

    @property
    def held(self) -> tuple[Profile, ...]:
        """Everything held, by id."""
        return tuple(self._held[number] for number in sorted(self._held))

    def set(self, request: Json, situation: Situation, now: float) -> Json:
        """Answer a SetChargingProfile."""
        held = tuple((item.evse, item.body) for item in self.held)
        refused = refusal(request, replace(situation, held=held))
        if refused is not None:
            return status("Rejected", *refused)
        profile = Profile(request["evseId"], request["chargingProfile"], now)
        self._held[profile.id] = profile  # K01.FR.05
        return status("Accepted")

    def update(self, request: Json, now: float) -> Json:
        """Answer an UpdateDynamicSchedule (K28); numbers that its mode does not have are refused."""
        profile = self._held.get(request["chargingProfileId"])
        if profile is None or profile.body["chargingProfileKind"] != "Dynamic":
            return status("Rejected", "InvalidProfileId", "no dynamic profile of this id")
        schedule = profile.body["chargingSchedule"][0]
        period = schedule["chargingSchedulePeriod"][0] | request["scheduleUpdate"]
        schedule = schedule | {"chargingSchedulePeriod": [period]}
        body = profile.body | {"chargingSchedule": [schedule], "dynUpdateTime": instant(now)}
        refused = unsound({"chargingProfile": body})
        if refused is not None:
            return status("Rejected", *refused)
        self._held[profile.id] = Profile(profile.evse, body, now)
        return status("Accepted")

    def clear(self, request: Json) -> Json:
        """Answer a ClearChargingProfile (K10)."""
        criteria = request.get("chargingProfileCriteria", {})
        number = request.get("chargingProfileId")
        found = [item for item in self.held if number in (None, item.id) and _fits(item, criteria)]
        for item in found:
            del self._held[item.id]
        return status("Accepted" if found else "Unknown")

    def get(self, request: Json, part: int) -> tuple[Json, list[Json]]:
        """Answer a GetChargingProfiles; with it the ReportChargingProfiles that follow (K09)."""
        criterion = request["chargingProfile"]
        ids = criterion.get("chargingProfileId")
        sources = criterion.get("chargingLimitSource", ["CSO"])
        wanted = criterion | {name: request[name] for name in ("evseId",) if name in request}
        found = [
            item
            for item in self.held
            if _fits(item, wanted) and (ids is None or item.id in ids) and "CSO" in sources
        ]
        if not found:
            return status("NoProfiles"), []
        reports = [
            _report(request["requestId"], evse, bodies[start : start + part])
            for evse in sorted({item.evse for item in found})
            for bodies in [[item.body for item in found if item.evse == evse]]
            for start in range(0, len(bodies), part)
        ]
        for report in reports[:-1]:
            report["tbc"] = True
        return status("Accepted"), reports

    def due_pulls(self, now: float) -> list[int]:
        """Return the dynamic profiles whose schedule is to be pulled now (K28, dynUpdateInterval)."""
        found = []
        for item in self.held:
            every = item.body.get("dynUpdateInterval")
            last = max(item.received, self._pulled.get(item.id, 0.0))
            if every and now - last >= every:
                self._pulled[item.id] = now
                found.append(item.id)
        return found

    def signal(self, request: Json, places: Sequence[Around], now: float) -> Json:
        """Answer an AFRRSignal: it counts where a curve in force gives it a meaning."""
        periods = (p for around in places for p in self._in_force(now, around).values())
        if not any("v2xSignalWattCurve" in period for period in periods):
            return status("Rejected", "NoSignalWattCurve")
        known = [item for item in self._signals if item[0] > now or item == self._last_signal(now)]
        self._signals = sorted([*known, (seconds(request["timestamp"]), request["signal"])])
        return status("Accepted")

    def _last_signal(self, now: float) -> tuple[float, int] | None:
        begun = [item for item in self._signals if item[0] <= now]
        return begun[-1] if begun else None

    def has_priority(self, evse: int) -> bool:
        """Say whether there is a profile for priority charging at an EVSE (K21)."""
        return any(item.purpose == PRIORITY and item.evse in {0, evse} for item in self.held)

    def limit(self, source: str, evse: int, watts: float | None) -> None:
        """Take a limit of charge from somebody else, for an EVSE or (0) the station; None ends it."""
        self._external.pop((source, evse), None)
        if watts is not None:
            self._external[source, evse] = watts

    def end_transaction(self, evse: int = 1) -> None:
        """Drop what belonged to the transaction of an EVSE (K01.FR.08)."""
        self.prior.discard(evse)
        self.charging_only.discard(evse)
        kept = {k: i for k, i in self._held.items() if (i.purpose, i.evse) != (TX, evse)}
        self._held = kept

    def order(self, now: float, around: Around | None = None) -> Order:
        """Return what the profiles want at an instant."""
        around = around or Around()
        charge, chosen = self._others_leave(around), Order()
        discharge = 0.0 if around.evse in self.charging_only else FOREVER
        signal = self._last_signal(now)
        for purpose, period in self._in_force(now, around).items():
            unit, watts = period["chargingRateUnit"], self._conductors.watts
            share = around.sharing if purpose == STATION_MAX else 1
            for name in ("limit", "limitAtSoC"):
                charge = min(charge, _or(watts(period, name, unit), FOREVER) / share)
            discharge = min(discharge, -_or(watts(period, "dischargeLimit", unit), -FOREVER))
            if purpose != STATION_MAX:
                value = None if signal is None else signal[1]
                chosen = order_of(period, self._conductors, around.frequency_hz, value)
        return replace(chosen, low_w=-charge, high_w=min(discharge, chosen.high_w))

    def _others_leave(self, around: Around) -> float:
        """Return what limits of others leave an EVSE."""
        shares = {0: around.sharing, around.evse: 1}
        found = self._external.items()
        return min((w / shares[e] for (_, e), w in found if e in shares), default=FOREVER)

    def _in_force(self, now: float, around: Around) -> dict[str, Json]:
        """Return the period in force by purpose: the highest level, then the EVSE before the station."""
        found: dict[str, Json] = {}
        here = [item for item in self.held if item.evse in (0, around.evse)]
        for item in sorted(here, key=lambda item: (int(item.body["stackLevel"]), item.evse)):
            period = period_of(item.body, item.received, now, around)
            if period is not None:
                found[item.purpose] = period
        if around.evse not in self.prior:
            found.pop(PRIORITY, None)
        for better, worse in ((PRIORITY, TX), (PRIORITY, TX_DEFAULT), (TX, TX_DEFAULT)):
            if better in found:
                found.pop(worse, None)
        return found

    def composite(
        self, request: Json, now: float, places: Sequence[Around], rating_w: float
    ) -> Json:
        """Answer a GetCompositeSchedule (K08): what an EVSE may take and shall do.

        Of several EVSEs together only the limit is told; `rating_w` is of each.
        """
        if not 0 <= request["evseId"] <= self._evses:  # K08.FR.05
            return status("Rejected", "UnknownEvse", str(request["evseId"]))
        unit, length = request.get("chargingRateUnit", "W"), request["duration"]
        periods: list[Json] = []
        for start in self._starts(now, length, places):
            orders = [self.order(now + start, around) for around in places]
            entry = self._composed(orders, unit, rating_w)
            if not periods or periods[-1] != entry | {"startPeriod": periods[-1]["startPeriod"]}:
                periods.append({"startPeriod": round(start), **entry})
        schedule = {
            "evseId": request["evseId"],
            "duration": length,
            "scheduleStart": instant(now),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        }
        return status("Accepted") | {"schedule": schedule}

    def _starts(self, now: float, length: float, places: Sequence[Around]) -> list[float]:
        found = {0.0}
        for item in self.held:
            for around in places:
                instants = edges(item.body, item.received, now, around)
                found |= {at - now for at in instants if 0 < at - now < length}
        return sorted(found)

    def _composed(self, orders: Sequence[Order], unit: str, rating_w: float) -> Json:
        rate, order = self._conductors.rate, orders[0]
        most = sum(min(-each.low_w, rating_w) for each in orders)
        entry: Json = {"limit": rounded(rate(most, unit))}
        if len(orders) > 1:
            return entry
        if order.mode:
            entry["operationMode"] = order.mode
        if order.p_w is not None and order.mode != "Idle":
            p_w = min(max(order.p_w, order.low_w), order.high_w)  # V2X.03, V2X.04
            entry["setpoint"] = rounded(rate(-p_w, unit))
        if order.q_var is not None and order.mode != "Idle":
            entry["setpointReactive"] = rounded(rate(-order.q_var, unit))
        return entry


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _fits(item: Profile, criteria: Json) -> bool:
    actual: dict[str, Any] = {
        "evseId": item.evse,
        "chargingProfilePurpose": item.purpose,
        "stackLevel": item.body["stackLevel"],
    }
    return all(criteria.get(name, value) == value for name, value in actual.items())


def _report(request_id: int, evse: int, bodies: list[Json]) -> Json:
    return {
        "requestId": request_id,
        "chargingLimitSource": "CSO",
        "evseId": evse,
        "chargingProfile": bodies,
    }
