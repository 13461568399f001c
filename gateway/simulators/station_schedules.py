"""Which period of a charging profile is in force at an instant, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.simulators.station_functions import interpolate
from gateway.simulators.station_wire import Json, seconds

_RECURRENCE = {"Daily": 86_400.0, "Weekly": 604_800.0}
FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Around:
    """What schedules depend on besides time: whose they are, and what goes on there.

    `site_shares` EVSEs have equal shares of the station's limit.
    """

    evse: int = 1
    sharing: int = 1
    transaction_started: float = 0.0
    offline_since: float | None = None
    frequency_hz: float = 50.0
    soc_pct: float = 50.0


@dataclass(frozen=True, slots=True)
class Order:
    """What profiles want, in the generator frame: p is positive into the grid, q injects.

    `p_w` and `q_var` are None where nobody orders them; p stays between `low_w` and `high_w`.
    """

    mode: str = ""
    p_w: float | None = None
    q_var: float | None = None
    low_w: float = -FOREVER
    high_w: float = FOREVER


@dataclass(frozen=True, slots=True)
class Conductors:
    """How amps become watts."""

    phases: int = 3
    v_nom: float = 230.0

    def watts(self, period: Json, name: str, unit: str) -> float | None:
        """Return a member of a period in watts, its phases together; None where it is absent."""
        given = [float(period[key]) for key in (name, f"{name}_L2", f"{name}_L3") if key in period]
        if not given:
            return None
        if unit == "W":
            return sum(given)
        phases = int(period.get("numberPhases", self.phases))
        return sum(given) / len(given) * phases * self.v_nom

    def rate(self, watts: float, unit: str) -> float:
        """Return watts as a charging rate."""
        return watts if unit == "W" else watts / (self.phases * self.v_nom)


def period_of(body: Json, received: float, now: float, around: Around) -> Json | None:
    """Return the period in force with `chargingRateUnit`, None where the profile is not.

    Beyond `limitAtSoC.soc` the period has that limit too, as `limitAtSoC`.
    """
    if not _valid(body, now, around.offline_since):
        return None
    for schedule in body["chargingSchedule"]:
        passed = now - anchor(body, schedule, received, now, around)
        if not 0 <= passed < schedule.get("duration", FOREVER):
            continue
        periods = [p for p in schedule["chargingSchedulePeriod"] if p["startPeriod"] <= passed]
        found: Json = {**periods[-1], "chargingRateUnit": schedule["chargingRateUnit"]}
        ceiling = schedule.get("limitAtSoC")
        if ceiling is not None and around.soc_pct >= ceiling["soc"]:
            found["limitAtSoC"] = ceiling["limit"]
        return found
    return None


def _valid(body: Json, now: float, offline_since: float | None) -> bool:
    if "validFrom" in body and now < seconds(body["validFrom"]):
        return False
    if "validTo" in body and now >= seconds(body["validTo"]):
        return False
    patience = body.get("maxOfflineDuration")
    return (
        offline_since is None or patience is None or now - offline_since <= patience
    )  # K01.FR.101


def anchor(body: Json, schedule: Json, received: float, now: float, around: Around) -> float:
    """Return the instant from which the periods of a schedule count."""
    match body["chargingProfileKind"]:
        case "Dynamic":
            return seconds(body["dynUpdateTime"]) if "dynUpdateTime" in body else received
        case "Relative":
            return around.transaction_started or received
        case "Recurring":
            first, every = seconds(schedule["startSchedule"]), _RECURRENCE[body["recurrencyKind"]]
            return first + max(0.0, now - first) // every * every
        case _:
            return seconds(schedule["startSchedule"])


def edges(body: Json, received: float, now: float, around: Around) -> Iterator[float]:
    """Yield the instants at which something of a profile may begin or end; of a recurring one twice."""
    again = _RECURRENCE[body["recurrencyKind"]] if "recurrencyKind" in body else 0.0
    for schedule in body["chargingSchedule"]:
        begin = anchor(body, schedule, received, now, around)
        for start in {begin, begin + again}:
            yield from (
                start + period["startPeriod"] for period in schedule["chargingSchedulePeriod"]
            )
            if "duration" in schedule:
                yield start + schedule["duration"]
    for name in ("validFrom", "validTo"):
        if name in body:
            yield seconds(body[name])


def order_of(
    period: Json, conductors: Conductors, frequency_hz: float, signal: int | None = None
) -> Order:
    """Return what one period orders, its limits aside; here the load frame is turned round.

    `signal` is that of the last AFRRSignal, None while there was none.
    """
    mode, unit = period.get("operationMode", ""), period["chargingRateUnit"]
    match mode:
        case "CentralSetpoint" | "CentralFrequency":
            active = conductors.watts(period, "setpoint", unit)
            reactive = conductors.watts(period, "setpointReactive", unit)
            return Order(mode, _turned(active), _turned(reactive))
        case "LocalFrequency":
            points = [(p["frequency"], p["power"]) for p in period["v2xFreqWattCurve"]]
            watts = period["v2xBaseline"] + interpolate(points, frequency_hz)
            return Order(mode, -(watts + _signalled(period, signal)))
        case "Idle":
            return Order(mode, 0.0, 0.0)
        case "ChargingOnly":
            return Order(mode, high_w=0.0)
        case _:
            return Order(mode)


def _signalled(period: Json, signal: int | None) -> float:
    """Return what a signal adds, by the curve that gives it a meaning."""
    points = [(p["signal"], p["power"]) for p in period.get("v2xSignalWattCurve", ())]
    return interpolate(points, signal) if points and signal is not None else 0.0


def _turned(value: float | None) -> float | None:
    return None if value is None else -value
