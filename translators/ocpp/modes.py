"""Which purpose may have which operation mode, and which mode which members: K01 Table 95 and Q, as data.

A profile that breaks a table is a fault of ours, never of a document: it raises instead of being sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from translators.errors import ModelError
from translators.ocpp.wire import Json

CHARGING_ONLY = "ChargingOnly"
MODES = frozenset(
    {CHARGING_ONLY, "Idle", "CentralSetpoint", "LocalFrequency"}
    | {"ExternalSetpoint", "ExternalLimits", "CentralFrequency", "LocalLoadBalancing"}
)

PURPOSE_MODES: Mapping[str, frozenset[str]] = {
    "ChargingStationMaxProfile": frozenset({CHARGING_ONLY}),
    "PriorityCharging": frozenset({CHARGING_ONLY}),
    "TxProfile": MODES,
    "TxDefaultProfile": MODES,
}
"""K01 Table 95. ChargingStationExternalConstraints has no entry: a CSMS never sends it (K01.FR.22)."""

_LIMIT, _DISCHARGE = "limit", "dischargeLimit"
_SETPOINT, _REACTIVE = "setpoint", "setpointReactive"
MODE_FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    CHARGING_ONLY: (frozenset({_LIMIT}), frozenset()),
    "CentralSetpoint": (frozenset({_SETPOINT}), frozenset({_REACTIVE, _LIMIT, _DISCHARGE})),
    "CentralFrequency": (frozenset({_SETPOINT}), frozenset({_LIMIT, _DISCHARGE})),
    "ExternalSetpoint": (frozenset(), frozenset({_LIMIT, _DISCHARGE})),
    "LocalFrequency": (frozenset({"v2xBaseline", "v2xFreqWattCurve"}), frozenset()),
    "Idle": (frozenset(), frozenset()),
    "LocalLoadBalancing": (frozenset(), frozenset()),
    "ExternalLimits": (frozenset(), frozenset()),
}
"""What a period of a mode must have, and what else it may (Q overview table, Q08)."""

SENT = frozenset({CHARGING_ONLY, "Idle", "CentralSetpoint", "LocalFrequency"})
"""The modes that we do send; why never the others: mappings/ocpp/fallback.yaml, `never`."""

_GOVERNED = frozenset({_LIMIT, _DISCHARGE, _SETPOINT, _REACTIVE, "v2xBaseline", "v2xFreqWattCurve"})


def check_profile(purpose: str, kind: str, unit: str, periods: Iterable[Json]) -> None:
    """Raise `ModelError` where a profile of ours breaks K01, K28 or Q."""
    periods = tuple(periods)
    if purpose not in PURPOSE_MODES:  # K01.FR.22
        raise ModelError("is no purpose of ours", where="chargingProfilePurpose", value=purpose)
    if kind == "Dynamic" and len(periods) > 1:  # K28.FR.01, K28.FR.02
        raise ModelError("has one period", where="chargingProfileKind", value=kind)
    for period in periods:
        _check_period(purpose, unit, period)


def _check_period(purpose: str, unit: str, period: Json) -> None:
    mode = period.get("operationMode", CHARGING_ONLY)
    if mode not in PURPOSE_MODES[purpose]:  # K01 Table 95
        raise ModelError(f"is no mode of {purpose}", where="operationMode", value=mode)
    required, optional = MODE_FIELDS[mode]
    has = _GOVERNED & period.keys()
    if required - has or has - required - optional:
        raise ModelError(f"does not fit {mode}", where="period", value=sorted(has))
    if mode == "LocalFrequency" and (unit != "W" or len(period["v2xFreqWattCurve"]) < 2):
        raise ModelError("needs watts and two points", where="period", rule="Q08.FR.02")
