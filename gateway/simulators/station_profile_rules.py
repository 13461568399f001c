"""What K01, Q and V2X refuse in a SetChargingProfile although its schema allows it.

Each check returns why the request is refused, or nothing; the first that speaks decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.simulators.station_wire import Json

EXTERNAL, STATION_MAX = "ChargingStationExternalConstraints", "ChargingStationMaxProfile"
TX, TX_DEFAULT, PRIORITY = "TxProfile", "TxDefaultProfile", "PriorityCharging"
CHARGING_ONLY = "ChargingOnly"
_TX_PURPOSES = frozenset({TX, TX_DEFAULT})
PURPOSES = frozenset({STATION_MAX, TX, TX_DEFAULT, PRIORITY})

_LIMIT, _DISCHARGE = "limit", "dischargeLimit"
_SETPOINT, _REACTIVE = "setpoint", "setpointReactive"
_GOVERNED = (_LIMIT, _DISCHARGE, _SETPOINT, _REACTIVE)
MODE_FIELDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    CHARGING_ONLY: (frozenset({_LIMIT}), frozenset()),
    "CentralSetpoint": (frozenset({_SETPOINT}), frozenset({_REACTIVE, _LIMIT, _DISCHARGE})),
    "CentralFrequency": (frozenset({_SETPOINT}), frozenset({_LIMIT, _DISCHARGE})),
    "ExternalSetpoint": (frozenset(), frozenset({_LIMIT, _DISCHARGE})),
    "LocalFrequency": (frozenset({"v2xBaseline", "v2xFreqWattCurve"}), frozenset()),
    "Idle": (frozenset(), frozenset()),
    "LocalLoadBalancing": (frozenset(), frozenset()),
    "ExternalLimits": (frozenset(), frozenset()),
}
"""For each operation mode what a period must carry and what else it may (Q, overview table)."""

type Refusal = tuple[str, str]
"""Reason code and detail."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a profile is judged against."""

    version: str = "2.1"
    evses: int = 1
    rate_units: tuple[str, ...] = ("W", "A")
    modes: frozenset[str] = frozenset()
    """V2X operation modes; ChargingOnly needs none."""
    transaction_id: str | None = None
    """Of what runs at the EVSE of the request."""
    supports_dynamic: bool = True
    max_stack_level: int = 100
    max_periods: int = 1024
    max_external_id: int = 0
    """MaxExternalConstraintsId; 0: none is kept for others."""
    held: tuple[tuple[int, Json], ...] = field(default=())
    """EVSE and profile of what is there already."""


type Check = Callable[[Json, Situation], Refusal | None]


def refusal(request: Json, situation: Situation) -> Refusal | None:
    """Return why a SetChargingProfile is refused, or None."""
    return next(filter(None, (check(request, situation) for check in CHECKS)), None)


def unsound(request: Json) -> Refusal | None:
    """Return why the numbers of a profile that is held already, changed since, are refused, or None."""
    faults = (_fields(p.get("operationMode", CHARGING_ONLY), p) for _, p in _periods(request))
    return next(filter(None, faults), None) or _values(request, Situation())


def _purpose(request: Json, situation: Situation) -> Refusal | None:
    profile, evse = request["chargingProfile"], request["evseId"]
    purpose = profile["chargingProfilePurpose"]
    known = PURPOSES if situation.version == "2.1" else PURPOSES - {PRIORITY}
    if purpose not in known:  # K01.FR.22 for external constraints
        return "UnsupportedPurpose", purpose
    if not 0 <= evse <= situation.evses:  # K01.FR.28
        return "UnknownEvse", str(evse)
    if purpose == STATION_MAX and (evse != 0 or profile["chargingProfileKind"] == "Relative"):
        return "InvalidProfile", "a station limit stands at EVSE 0 and is not relative"  # K01.FR.38
    if profile["id"] <= situation.max_external_id:  # K01.FR.81
        return "InvalidProfileId", f"ids up to {situation.max_external_id} belong to others"
    if profile["stackLevel"] > situation.max_stack_level:
        return "InvalidStackLevel", str(profile["stackLevel"])
    return None


def _transaction(request: Json, situation: Situation) -> Refusal | None:
    profile = request["chargingProfile"]
    if profile["chargingProfilePurpose"] != TX:
        return None
    if request["evseId"] == 0:  # K01.FR.16
        return "InvalidValue", "a TxProfile belongs to an EVSE"
    if "transactionId" not in profile:  # K01.FR.03
        return "MissingParam", "transactionId"
    if profile["transactionId"] != situation.transaction_id:  # K01.FR.09, K01.FR.33
        return "TxNotFound", f"running is {situation.transaction_id}"
    return None


def _kind(request: Json, situation: Situation) -> Refusal | None:
    profile = request["chargingProfile"]
    kind, schedules = profile["chargingProfileKind"], profile["chargingSchedule"]
    if kind == "Recurring" and "recurrencyKind" not in profile:
        return "MissingParam", "recurrencyKind"
    anchored = ["startSchedule" in schedule for schedule in schedules]
    if kind in {"Absolute", "Recurring"} and not all(anchored):  # K01.FR.40
        return "InvalidSchedule", f"{kind} needs startSchedule"
    if kind == "Relative" and any(anchored):  # K01.FR.41
        return "InvalidSchedule", "Relative has no startSchedule"
    if kind == "Dynamic":
        periods = schedules[0]["chargingSchedulePeriod"]
        if not situation.supports_dynamic:
            return "UnsupportedKind", kind
        if len(schedules) > 1 or len(periods) > 1:  # K28.FR.01, K28.FR.02
            return "InvalidSchedule", "Dynamic has one schedule of one period"
    return None


def _schedules(request: Json, situation: Situation) -> Refusal | None:
    for schedule in request["chargingProfile"]["chargingSchedule"]:
        unit, periods = schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"]
        if unit not in situation.rate_units:  # K01.FR.26
            return "UnsupportedRateUnit", unit
        if len(periods) > situation.max_periods:
            return "InvalidSchedule", f"more than {situation.max_periods} periods"
        starts = [period["startPeriod"] for period in periods]
        if starts[0] != 0:  # K01.FR.31
            return "InvalidSchedule", "the first period does not start at 0"
        if any(after <= before for before, after in pairwise(starts)):  # K01.FR.35
            return "InvalidSchedule", "the periods are out of order"
    return None


def _duplicate(request: Json, situation: Situation) -> Refusal | None:
    """Refuse a second profile of one purpose, level and EVSE under another id (K01.FR.06, K01.FR.39)."""
    profile = request["chargingProfile"]
    for evse, held in situation.held:
        same = evse == request["evseId"] and all(
            held.get(name) == profile.get(name)
            for name in ("chargingProfilePurpose", "stackLevel", "transactionId")
        )
        apart = held.get("validTo", "~") <= profile.get("validFrom", "") or (
            profile.get("validTo", "~") <= held.get("validFrom", "")
        )
        if same and held["id"] != profile["id"] and not apart:
            return "DuplicateProfile", f"profile {held['id']} has this purpose and level"
    return None


def _periods(request: Json) -> Iterator[tuple[str, Json]]:
    for schedule in request["chargingProfile"]["chargingSchedule"]:
        for period in schedule["chargingSchedulePeriod"]:
            yield schedule["chargingRateUnit"], period


def _modes(request: Json, situation: Situation) -> Refusal | None:
    """Check purpose against mode, and mode against fields (2.1)."""
    if situation.version != "2.1":
        return None
    purpose = request["chargingProfile"]["chargingProfilePurpose"]
    for unit, period in _periods(request):
        mode = period.get("operationMode", CHARGING_ONLY)
        if mode != CHARGING_ONLY and purpose not in _TX_PURPOSES:  # K01, table 95
            return "InvalidSchedule", f"{purpose} knows ChargingOnly alone"
        if mode not in situation.modes | {CHARGING_ONLY}:
            return "UnsupportedParam", f"operationMode {mode}"
        refused = _fields(mode, period) or _frequency(mode, unit, period)
        if refused is not None:
            return refused
    return None


def _fields(mode: str, period: Json) -> Refusal | None:
    required, optional = MODE_FIELDS[mode]
    base = {name.split("_")[0] for name in period}
    missing = required - base
    if missing == {"v2xFreqWattCurve"}:
        return "NoFreqWattCurve", "LocalFrequency needs a curve"
    if missing:
        return "MissingParam", f"{mode} needs {' and '.join(sorted(missing))}"
    extra = base & set(_GOVERNED) - required - optional
    if extra:
        return "InvalidSchedule", f"{mode} has no {' and '.join(sorted(extra))}"
    return None


def _frequency(mode: str, unit: str, period: Json) -> Refusal | None:
    if mode != "LocalFrequency":
        return None
    if unit != "W" or len(period["v2xFreqWattCurve"]) < 2:  # Q08.FR.02
        return "NoFreqWattCurve", "LocalFrequency needs watts and at least two points"
    return None


def _values(request: Json, _situation: Situation) -> Refusal | None:
    for _unit, period in _periods(request):
        if period.get(_LIMIT, 0) < 0:
            return "InvalidSchedule", "limit is negative"
        setpoint = period.get(_SETPOINT)
        if setpoint is None:
            continue
        low, high = period.get(_DISCHARGE), period.get(_LIMIT)
        if (low is not None and setpoint < low) or (high is not None and setpoint > high):
            return "InvalidSchedule", "the setpoint is outside its own limits"  # V2X.05
    return None


CHECKS: tuple[Check, ...] = (
    _purpose,
    _transaction,
    _kind,
    _schedules,
    _duplicate,
    _modes,
    _values,
)
