"""The last look before a message leaves: nothing outside the nameplate goes to a station.

Translation clips and refuses by its rules; this knows none of them. It reads the message as the station
will, by its dialect, and compares it with the ratings alone. A limit that is looser than the rating
passes: it binds nothing. What is not known bounds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Evse, StationProfile
from translators.canonical.telemetry import ControlOutcome
from translators.chain import StationOrders
from translators.rules.trace import Loss, LossKind, Refusal, Translation

RULE = "nameplate"
"""What refusals of this name."""

type Json = Mapping[str, Any]

_NOTHING, _WHOLE = 0, 100
_SLACK = Fraction(1, 100)
"""Of a per cent, or of a W: what rounding to the wire may add."""
_FACTOR_SLACK = Fraction(1, 20_000)
"""Half of the last of four places, to which power factors are rounded."""


def beyond(profile: StationProfile, action: str, payload: Json) -> tuple[str, ...]:
    """Return what of a message lies outside the nameplate of its station, each as `where: problem`."""
    match action:
        case "SetDERControl":
            return tuple(_control(profile, payload))
        case "SetChargingProfile":
            return tuple(_charging(profile, payload))
        case "UpdateDynamicSchedule":
            return tuple(_period(profile.evses, "scheduleUpdate", payload["scheduleUpdate"]))
        case _:
            return ()


def guarded(
    orders: Translation[StationOrders], profile: StationProfile
) -> Translation[StationOrders]:
    """Return the orders without what lies outside the nameplate; each such message is a refusal."""
    kept, refusals, losses = [], [], []
    for message in orders.value.messages:
        faults = beyond(profile, message.action, message.payload)
        if not faults:
            kept.append(message)
        for fault in faults:
            where, _, problem = fault.partition(": ")
            losses.append(Loss(LossKind.UNSUPPORTED, RULE, where, problem))
            for function in message.functions:
                outcome = ControlOutcome.NOT_APPLICABLE
                refusals.append(Refusal(outcome, function, where, problem, RULE))
    if not refusals:
        return orders
    return orders._replace(
        value=replace(orders.value, messages=tuple(kept)),
        refusals=(*orders.refusals, *refusals),
        losses=(*orders.losses, *losses),
    )


def _control(profile: StationProfile, payload: Json) -> Iterator[str]:
    kind = payload["controlType"]
    if kind in {"FixedPFAbsorb", "FixedPFInject"}:
        slot = "fixedPFAbsorb" if kind == "FixedPFAbsorb" else "fixedPFInject"
        body = payload[slot]
        absorbs = body["excitation"] is (profile.dialect.excitation == "as_spec")
        yield from _factor(profile, f"{slot}/displacement", body["displacement"], absorbs=absorbs)
    elif kind == "FixedVar":
        yield from _within("fixedVar/setpoint", payload["fixedVar"]["setpoint"], -_WHOLE, _WHOLE)
    elif kind == "FreqDroop":
        yield from _droop(profile, payload["freqDroop"])
    elif kind == "Gradients":
        for name in ("gradient", "softGradient"):
            yield from _within(f"gradient/{name}", payload["gradient"][name], _NOTHING, None)
    elif kind == "EnterService":
        yield from _service(payload["enterService"])
    elif kind == "LimitMaxDischarge":
        yield from _discharge(payload["limitMaxDischarge"])
    else:
        yield from _curve(profile, kind, payload["curve"])


def _curve(profile: StationProfile, kind: str, curve: Json) -> Iterator[str]:
    points = curve["curveData"]
    if kind in {"VoltVar", "WattVar"}:
        yield from _height(points, -_WHOLE)
        return
    if kind in {"VoltWatt", "FreqWatt"}:
        yield from _height(points, -_charging_share(profile))
        return
    for at, point in enumerate(points):
        where = f"curve/curveData[{at}]"
        match kind:
            case "WattPF":
                absorbs = (point["y"] >= 0) is (profile.dialect.wattpf_y == "as_spec")
                yield from _factor(profile, f"{where}/y", abs(point["y"]), absorbs=absorbs)
            case _:  # all others are boundaries of trips
                yield from _boundary(where, point)


def _boundary(where: str, point: Json) -> Iterator[str]:
    """A boundary of a trip: neither voltage, frequency nor power is less than nothing, nor is a time."""
    for axis in ("x", "y"):
        yield from _within(f"{where}/{axis}", point[axis], _NOTHING, None)


def _discharge(limit: Json) -> Iterator[str]:
    """A limit beyond the rating binds nothing; what else it trips by is a boundary like others."""
    share = limit.get("pctMaxDischargePower", 0)
    yield from _within("limitMaxDischarge/pctMaxDischargePower", share, _NOTHING, None)
    for at, point in enumerate(limit.get("powerMonitoringMustTrip", {}).get("curveData", ())):
        yield from _boundary(f"limitMaxDischarge/powerMonitoringMustTrip/curveData[{at}]", point)


def _height(points: Sequence[Json], low: Fraction | int) -> Iterator[str]:
    """Compare each y with `low` and all that there is."""
    values = [point["y"] for point in points]
    if low <= min(values, default=_NOTHING) and max(values, default=_NOTHING) <= _WHOLE:
        return
    for at, value in enumerate(values):
        yield from _within(f"curve/curveData[{at}]/y", value, low, _WHOLE)


def _factor(profile: StationProfile, where: str, value: Any, *, absorbs: bool) -> Iterator[str]:
    """Compare a power factor with the smallest that every EVSE has on that side of unity."""
    name = "under_excited_pf" if absorbs else "over_excited_pf"
    known = [pf for e in profile.evses if (pf := getattr(e.ratings, name)) is not None]
    least = max(known, default=_NOTHING)
    yield from _within(where, value, least, None, _FACTOR_SLACK)
    yield from _within(where, value, None, 1, Fraction())


def _droop(profile: StationProfile, droop: Json) -> Iterator[str]:
    """A droop of nothing is all power for no change; a larger one is only a weaker answer."""
    for name in ("overDroop", "underDroop"):
        if droop[name] <= 0:
            yield f"freqDroop/{name}: {droop[name]} is no droop"
    nominal = profile.nominal_frequency_hz
    for name in ("overFreq", "underFreq"):
        yield from _within(f"freqDroop/{name}", droop[name], nominal / 2, nominal * 2)


def _service(service: Json) -> Iterator[str]:
    for high, low in (("highVoltage", "lowVoltage"), ("highFreq", "lowFreq")):
        if service[low] > service[high]:
            yield f"enterService/{low}: {service[low]} is above {high} {service[high]}"
        yield from _within(f"enterService/{low}", service[low], _NOTHING, None)
    for name in ("delay", "randomDelay", "rampRate"):
        yield from _within(f"enterService/{name}", service.get(name, 0), _NOTHING, None)


def _charging(profile: StationProfile, payload: Json) -> Iterator[str]:
    evses = [evse for evse in profile.evses if payload["evseId"] in {0, evse.id}]
    for at, schedule in enumerate(payload["chargingProfile"]["chargingSchedule"]):
        amps = schedule["chargingRateUnit"] == "A"
        for number, period in enumerate(schedule["chargingSchedulePeriod"]):
            where = f"chargingSchedule[{at}]/chargingSchedulePeriod[{number}]"
            yield from _period(evses, where, period, amps=amps)


def _period(
    evses: Sequence[Evse], where: str, period: Json, *, amps: bool = False
) -> Iterator[str]:
    """Compare a period with the ratings of its EVSEs; charging and absorbing are positive there."""
    names = ("max_a", "max_a") if amps else ("max_charge_rate_w", "max_discharge_rate_w")
    charge, discharge = (_sum(evses, name) for name in names)
    inject, absorb = _sum(evses, "max_var"), _sum(evses, "max_var_neg", "max_var")
    for phase in ("", "_L2", "_L3"):
        if (value := period.get(f"setpoint{phase}")) is not None:
            yield from _within(f"{where}/setpoint{phase}", value, _minus(discharge), charge)
        if (value := period.get(f"setpointReactive{phase}")) is not None:
            yield from _within(f"{where}/setpointReactive{phase}", value, _minus(inject), absorb)
        yield from _within(f"{where}/limit{phase}", period.get(f"limit{phase}", 0), _NOTHING, None)
        low = period.get(f"dischargeLimit{phase}", 0)
        yield from _within(f"{where}/dischargeLimit{phase}", low, None, _NOTHING)


def _minus(value: Fraction | None) -> Fraction | None:
    return None if value is None else -value


def _sum(evses: Sequence[Evse], *names: str) -> Fraction | None:
    """Return the sum of the first of the named ratings that each EVSE has, None where one has none."""
    found = [
        next((v for name in names if (v := getattr(evse.ratings, name)) is not None), None)
        for evse in evses
    ]
    known = [value for value in found if value is not None]
    return sum(known, Fraction()) if known and len(known) == len(found) else None


def _charging_share(profile: StationProfile) -> Fraction | int:
    """Return what charging at its rating is in per cent of the rating of W: the negative end."""
    charge, whole = _sum(profile.evses, "max_charge_rate_w"), _sum(profile.evses, "max_w")
    if charge is None or not whole or charge <= whole:
        return _WHOLE
    return charge / whole * 100


def _within(
    where: str,
    value: Any,
    low: Fraction | int | None,
    high: Fraction | int | None,
    slack: Fraction = _SLACK,
) -> Iterator[str]:
    if (low is None or low <= value) and (high is None or value <= high):
        return
    number = Fraction(str(value))
    if low is not None and number < low - slack:
        yield f"{where}: {value} is below {float(low):g}"
    if high is not None and number > high + slack:
        yield f"{where}: {value} is above {float(high):g}"
