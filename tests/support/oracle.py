"""A second translator, 2030.5 to OCPP: plain functions on parsed numbers, written from the conventions alone.

It shares nothing with the shipped rules. Each function takes the numbers of one control and returns `Owed`:
the messages, the kinds of loss, and the status where nothing is sent.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

F = Fraction
GOLDEN = Path(__file__).parents[1] / "golden"
STATIONS = YAML(typ="safe", pure=True).load((GOLDEN / "vectors" / "stations.yaml").read_text())
START, DURATION, PRIMACY = 1796148000, 3600, 10
BEGIN = "2026-12-01T18:00:00Z"


@dataclass
class Place:
    """The station of a case, and what else the translation depends on."""

    station: str = "A"
    version: str = "2.1"
    revision: str = "2018"
    dialect: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, str] = field(default_factory=dict)
    running: F | None = None
    transaction: bool = False

    @property
    def evse(self) -> dict[str, Any]:
        return STATIONS[self.station]["evses"][0]

    def __getitem__(self, rating: str) -> F:
        return F(self.evse["ratings"][rating])

    @property
    def nominal(self) -> F:
        return F(STATIONS[self.station]["nominal_frequency_hz"])

    def can(self, control_type: str) -> bool:
        return self.version == "2.1" and control_type in self.evse["der_modes"]

    @property
    def discharges(self) -> bool:
        return self.version == "2.1" and "CentralSetpoint" in self.evse["v2x_operation_modes"]


@dataclass
class Owed:
    """What a correct translation sends and declares."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    losses: set[str] = field(default_factory=set)
    status: int | None = None

    def __add__(self, other: "Owed") -> "Owed":
        return Owed(self.messages + other.messages, self.losses | other.losses, self.status)


def standing(owed):
    """The same as a default control: no start, no duration."""
    for message in owed.messages:
        payload = message["payload"]
        payload["isDefault"] = True
        for slot in payload.values():
            if isinstance(slot, dict):
                del slot["startTime"], slot["duration"]
    return owed


def refused(status):
    return Owed([], {"unsupported"}, status)


def lacking(place):
    """The station cannot do the function."""
    return refused(252 if place.revision == "2018" else 251)


# Numbers ---------------------------------------------------------------------------------------------------


class Numbers:
    """Rounds the numbers of one message, and remembers whether digits were lost."""

    def __init__(self):
        self.lost = set()

    def setpoint(self, value, places=4):
        """Half-even."""
        return self._kept(value, F(round(value * 10**places), 10**places))

    def limit(self, value, places=4):
        """Toward the restrictive side."""
        return self._kept(value, F(floor(value * 10**places), 10**places))

    def _kept(self, value, rounded):
        if rounded != value:
            self.lost.add("round")
        return Decimal(rounded.numerator) / Decimal(rounded.denominator)


def var_base(place, ref, negative):
    """Watts, volt-amperes or vars that are 100 % of a reference, on one side."""
    if ref == 1:  # negative %setMaxW is of setMaxChargeRateW in 2023
        return place["MaxChargeRateW" if negative and place.revision == "2023" else "MaxW"]
    return place["MaxVA"] if ref == 8 else var_rating(place, negative)


def var_rating(place, negative):
    return place["MaxVarNeg" if negative else "MaxVar"]


def charge_share(place):
    """setMaxChargeRateW in parts of setMaxW: what negative %setMaxW is of in 2023."""
    return place["MaxChargeRateW"] / place["MaxW"] if place.revision == "2023" else F(1)


def to_pct_var(place, ref, percent):
    """A percentage as one of MaxVar, or of MaxVarNeg below zero."""
    if ref in {2, 3}:
        return percent
    return percent * var_base(place, ref, percent < 0) / var_rating(place, percent < 0)


# Messages --------------------------------------------------------------------------------------------------


def der(kind, slot, members, losses=(), *, default=False):
    times = {} if default else {"startTime": BEGIN, "duration": DURATION}
    payload = {
        "isDefault": default,
        "controlId": "@ID",
        "controlType": kind,
        slot: {"priority": PRIMACY, **members, **times},
    }
    return Owed([{"ocpp": "2.1", "action": "SetDERControl", "payload": payload}], set(losses))


def profile(place, period, *, unit="W", transaction=False, losses=()):
    purpose = "TxProfile" if transaction else "ChargingStationMaxProfile"
    made = {
        "id": "@PROFILE",
        "stackLevel": "@LEVEL",
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": "@SCHEDULE",
                "startSchedule": BEGIN,
                "duration": DURATION,
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [{"startPeriod": 0, **period}],
            }
        ],
        **({"transactionId": "tx-1"} if transaction else {}),
    }
    payload = {"evseId": 1 if transaction else 0, "chargingProfile": made}
    message = {"ocpp": place.version, "action": "SetChargingProfile", "payload": payload}
    return Owed([message], set(losses))


# Fixed values ----------------------------------------------------------------------------------------------


def fixed_pf(place, side, displacement, under):
    """`side` is Inject or Absorb."""
    if not place.can(f"FixedPF{side}"):
        return lacking(place)
    least = F(place.settings.get("setMinPFUnderExcited" if under else "setMinPFOverExcited", 0))
    number = Numbers()
    members = {
        "displacement": number.setpoint(max(displacement, least)),
        "excitation": under != (place.dialect.get("excitation") == "inverted"),
    }
    clipped = {"clip"} if displacement < least else set()
    return der(f"FixedPF{side}", f"fixedPF{side}", members, clipped | number.lost)


def fixed_var(place, ref, percent):
    if ref == 8 and place.revision == "2018":
        return refused(253)  # a base that 2018 does not know
    if not place.can("FixedVar"):
        return lacking(place)
    number = Numbers()
    exact = to_pct_var(place, ref, percent)
    bound = max(F(-100), min(F(100), exact))
    members = {
        "setpoint": number.setpoint(bound),
        "unit": "PctVarAvail" if ref == 3 else "PctMaxVar",
    }
    losses = ({"rebase"} if ref in {1, 8} else set()) | ({"clip"} if bound != exact else set())
    return der("FixedVar", "fixedVar", members, losses | number.lost)


# Curves ----------------------------------------------------------------------------------------------------


def crossings(points, level):
    """Insert the vertices where a line crosses a level; a step needs none."""
    made = points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 < x1 and (y0 - level) * (y1 - level) < 0:
            made.append((x0 + (x1 - x0) * (level - y0) / (y1 - y0), level))
        made.append((x1, y1))
    return made


def cut(points):
    """Clip geometrically: outer vertices move to the bound; one that meets a crossing adds nothing."""
    made, moved = [], set()
    for x, y in crossings(crossings(points, 100), -100):
        held = (x, max(F(-100), min(F(100), y)))
        moved |= {held} if y != held[1] else set()
        if not (made and made[-1] == held and held in moved):
            made.append(held)
    return made, bool(moved)


def curve(kind, points, *, unit, response=None, losses=(), extra=None):
    """Points of exact numbers as the curve of a SetDERControl."""
    number = Numbers()
    members = {
        "yUnit": unit,
        "curveData": [{"x": number.setpoint(x), "y": number.setpoint(y)} for x, y in points],
        **({} if response is None else {"responseTime": number.setpoint(F(response, 100))}),
        **(extra or {}),
    }
    return der(kind, "curve", members, set(losses) | number.lost)


def var_curve(place, kind, ref, points, response=None, *, v_ref=None, auto=None):
    """Volt-var and watt-var: y moved to MaxVar side by side, cut to 100 %."""
    unknown = ref == 8 or (kind == "WattVar" and points[0][0] < 0)
    if place.revision == "2018" and unknown:
        return refused(253)
    if not place.can(kind):
        return lacking(place)
    losses, extra, factor = set(), {}, F(v_ref if v_ref is not None else 10000, 10000)
    reading = place.dialect.get("vref", "native")
    if factor != 1 and reading != "native":
        losses.add("bake")
        scale, offset = (factor, 0) if reading == "bake_multiplicative" else (1, factor * 100 - 100)
        points = [(x * scale + offset, y) for x, y in points]
    elif factor != 1 or auto:
        losses.add("dialect")
        stated = Numbers().setpoint(factor * 100)
        extra = {"reactivePowerParams": {"vRef": stated, "autonomousVRefEnable": bool(auto)}}
    if kind == "WattVar":
        points, moved = signed_x(place, points)
        losses |= moved
    if ref in {1, 8}:
        losses.add("rebase")
        sides = [var_base(place, ref, below) / var_rating(place, below) for below in (True, False)]
        if sides[0] != sides[1]:
            points = crossings(points, 0)
    points, clipped = cut([(x, to_pct_var(place, ref, y)) for x, y in points])
    losses |= {"clip"} if clipped else set()
    unit = "PctVarAvail" if ref == 3 else "PctMaxVar"
    return curve(kind, points, unit=unit, response=response, losses=losses, extra=extra)


def watt_curve(place, kind, ref, points, response=None):
    """Volt-watt and freq-watt: below zero %setMaxW has a base of its own in 2023."""
    old_volt_watt = (kind, place.revision) == ("VoltWatt", "2018")
    if old_volt_watt and any(y < 0 for _, y in points):
        return refused(253)
    if not place.can(kind):
        return lacking(place)
    losses = {"semantic"} if old_volt_watt else set()
    if ref == 1 and place.revision == "2023" and any(y < 0 for _, y in points):
        losses.add("rebase")
        share = charge_share(place)
        points = crossings(points, 0) if share != 1 else points
        points = [(x, y * share if y < 0 else y) for x, y in points]
    points, clipped = cut(points)
    losses |= {"clip"} if clipped else set()
    unit = "PctWAvail" if ref == 7 else "PctMaxW"
    return curve(kind, points, unit=unit, response=response, losses=losses)


def signed_x(place, points):
    """%setMaxW on x: what is below zero in 2023 moves to another base, so a line bends at 0."""
    if all(x >= 0 for x, _ in points):
        return points, set()
    share, made = charge_share(place), points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if share != 1 and x0 < 0 < x1 and y0 != y1:
            made.append((F(0), y0 - (y1 - y0) * x0 / (x1 - x0)))
        made.append((x1, y1))
    return [(x * share if x < 0 else x, y) for x, y in made], {"rebase"}


def watt_pf(place, vertices):
    """Vertices are (x, pf, under); y is positive where absorbing, and a unity vertex joins its branch."""
    if place.revision == "2018" and vertices[0][0] < 0:
        return refused(253)
    if not place.can("WattPF"):
        return lacking(place)
    signs = [0 if pf == 1 else (1 if under else -1) for _, pf, under in vertices]
    flip = -1 if place.dialect.get("wattpf_y") == "inverted" else 1
    points = []
    for n, (x, pf, under) in enumerate(vertices):
        left = next((s for s in reversed(signs[:n]) if s), 0)
        right = next((s for s in signs[n:] if s), 0)
        sides = [signs[n]] if signs[n] else [s for s in dict.fromkeys((left, right)) if s]
        points += [(x, pf * s * flip) for s in sides or [1 if under else -1]]
    points, moved = signed_x(place, points)
    return curve("WattPF", points, unit="Not_Applicable", losses={"dialect"} | moved)


def trip(place, kind, points):
    """Points are (seconds, Hz or % voltage), seconds rising; a value that falls turns the list round."""
    if not place.can(kind):
        return lacking(place)
    if place.dialect.get("trip_axes") != "time_x":
        points = [(value, seconds) for seconds, value in points]
        if points[0][0] > points[-1][0]:
            points = points[::-1]
    unit = {"unit"} if kind[1] == "V" else set()
    return curve(kind, points, unit="Not_Applicable", losses={"dialect"} | unit)


def droop(place, over_mhz, under_mhz, over, under, response):
    if not place.can("FreqDroop"):
        return lacking(place)
    number = Numbers()
    per_unit = F(100 if place.dialect.get("droop") == "percent" else 1, 1000)
    members = {
        "overFreq": number.setpoint(place.nominal + F(over_mhz, 1000)),
        "underFreq": number.setpoint(place.nominal - F(under_mhz, 1000)),
        "overDroop": number.setpoint(over * per_unit),
        "underDroop": number.setpoint(under * per_unit),
        "responseTime": number.setpoint(F(response, 100)),
    }
    return der("FreqDroop", "freqDroop", members, {"dialect"} | number.lost)


# Defaults --------------------------------------------------------------------------------------------------


def gradients(place, gradient, soft):
    if not place.can("Gradients"):
        return lacking(place)
    number = Numbers()
    seconds = place.dialect.get("gradient") == "seconds_full_scale"

    def told(hundredths):
        rate = F(hundredths, 100)
        return number.setpoint(100 / rate if seconds and rate else rate)

    members = {"gradient": told(gradient), "softGradient": told(soft)}
    zero = {"semantic"} if 0 in {gradient, soft} else set()
    return der("Gradients", "gradient", members, {"dialect"} | zero | number.lost, default=True)


def enter_service(place, es):
    """`es` holds the setES* numbers, without their prefix."""
    if not place.can("EnterService"):
        return lacking(place)
    number = Numbers()
    volts = place.dialect.get("enter_service_voltage") == "volts"
    volt = place["VNom"] / 100 if volts else F(1)
    members = {
        "highVoltage": number.setpoint(F(es["HighVolt"], 100) * volt),
        "lowVoltage": number.setpoint(F(es["LowVolt"], 100) * volt),
        "highFreq": number.setpoint(F(es["HighFreq"], 100)),
        "lowFreq": number.setpoint(F(es["LowFreq"], 100)),
    }
    if "Delay" in es:
        members["delay"] = number.setpoint(F(es["Delay"], 100))
    if "RandomDelay" in es:
        members["randomDelay"] = number.setpoint(F(es["RandomDelay"], 100))
    if "RampTms" in es:
        ramp = F(es["RampTms"], 100)
        if place.dialect.get("enter_service_ramp") == "pct_per_s":
            ramp = 100 / ramp
        members["rampRate"] = number.setpoint(ramp)
    return der("EnterService", "enterService", members, {"dialect"} | number.lost, default=True)


# Limits and setpoints --------------------------------------------------------------------------------------


def export_limit(place, *, watts=None, percent=None, scope=False):
    """LimitMaxDischarge, and our own setpoint where it would break the limit."""
    if not place.discharges:
        return Owed()
    limit = watts if percent is None else percent * place["MaxW"] / 100
    exact = limit * 100 / place["MaxDischargeRateW"]
    number = Numbers()
    losses = {"semantic"} | ({"rebase"} if percent is not None else set())
    losses |= ({"scope"} if scope else set()) | ({"clip"} if exact > 100 else set())
    members = {"pctMaxDischargePower": number.limit(min(exact, F(100)))}
    owed = der("LimitMaxDischarge", "limitMaxDischarge", members, losses | number.lost)
    if place.running is None or place.running <= limit:
        return owed
    held = Numbers()
    period = {"operationMode": "CentralSetpoint", "setpoint": -held.limit(limit)}
    return owed + profile(place, period, transaction=True, losses={"clip"} | held.lost)


def import_limit(place, watts, *, scope=False, transaction=False):
    """A ceiling of the station: watts where it takes them, else amps at nominal voltage."""
    number, places = Numbers(), 4 if place.version == "2.1" else 1
    losses = {"scope"} if scope else set()
    if "W" in place.evse["charging_rate_units"]:
        period, unit = {"limit": number.limit(watts, places)}, "W"
    else:
        phases = place.evse["phases"]
        period = {"limit": number.limit(watts / (phases * place["VNom"]), places)}
        period, unit = {**period, "numberPhases": phases}, "A"
        losses |= {"approximate"}
    losses |= number.lost
    return profile(place, period, unit=unit, transaction=transaction, losses=losses)


def held_within(place, watts):
    """A setpoint cut to the rated power of its side (+ exports)."""
    return max(-place["MaxChargeRateW"], min(place["MaxDischargeRateW"], watts))


def setpoint(place, watts, var=None, losses=()):
    """CentralSetpoint, or a ceiling of the transaction where the station only charges."""
    if not place.discharges and (watts > 0 or var is not None):
        return lacking(place)
    if not place.transaction:
        return refused(252)
    if not place.discharges:
        held = min(-watts, place["MaxChargeRateW"])
        owed = import_limit(place, held, transaction=True)
        owed.losses |= {"approximate"} | ({"clip"} if held != -watts else set())
        return owed
    number = Numbers()
    held = held_within(place, watts)
    clipped = {"clip"} if held != watts else set()
    period = {"operationMode": "CentralSetpoint", "setpoint": number.setpoint(-held)}
    if var is not None:
        bound = max(-place["MaxVarNeg"], min(place["MaxVar"], var))
        clipped |= {"clip"} if bound != var else set()
        period["setpointReactive"] = number.setpoint(-bound)
    return profile(place, period, transaction=True, losses=set(losses) | clipped | number.lost)


def fixed_w(place, percent):
    """Below zero of setMaxChargeRateW; above it the standard leaves two bases, and policy names one."""
    if percent <= 0:
        return setpoint(place, percent * place["MaxChargeRateW"] / 100)
    if not place.discharges:
        return lacking(place)
    bases = {"setMaxW": "MaxW", "setMaxDischargeRateW": "MaxDischargeRateW"}
    readings = {name: percent * place[rating] / 100 for name, rating in bases.items()}
    differ = len({held_within(place, watts) for watts in readings.values()}) > 1
    chosen = readings[place.policy.get("fixed_w_positive_base", "setMaxW")]
    return setpoint(place, chosen, losses={"ambiguous"} if differ else set())


def cease(place):
    owed = import_limit(place, F(0))
    owed.losses = {"approximate"}
    if place.transaction and place.discharges:
        owed += profile(place, {"operationMode": "Idle"}, transaction=True)
    return owed
