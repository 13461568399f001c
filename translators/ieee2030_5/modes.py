"""The modes of IEEE 2030.5 as bits: DERControlType, DERControlType2 (2023), and those of CSIP-AUS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from translators.canonical.capability import StationProfile

CHARGE, DISCHARGE = 0, 1
DOE_MODES = 0b1111  # CSIP-AUS: export, import, generation and load limit

FIRST: Mapping[str, int] = MappingProxyType(
    {
        "opModConnect": 2,
        "opModEnergize": 3,
        "opModFixedPFAbsorbW": 4,
        "opModFixedPFInjectW": 5,
        "opModFixedVar": 6,
        "opModFixedW": 7,
        "opModFreqDroop": 8,
        "opModFreqWatt": 9,
        "opModHFRTMayTrip": 10,
        "opModHFRTMustTrip": 11,
        "opModHVRTMayTrip": 12,
        "opModHVRTMomentaryCessation": 13,
        "opModHVRTMustTrip": 14,
        "opModLFRTMayTrip": 15,
        "opModLFRTMustTrip": 16,
        "opModLVRTMayTrip": 17,
        "opModLVRTMomentaryCessation": 18,
        "opModLVRTMustTrip": 19,
        "opModMaxLimW": 20,
        "opModTargetVar": 21,
        "opModTargetW": 22,
        "opModVoltVar": 23,
        "opModVoltWatt": 24,
        "opModWattPF": 25,
        "opModWattVar": 26,
        "opModDeltaVar": 27,
        "opModDeltaW": 28,
        "opModFixedV": 29,
        "opModGridConnectPermit": 30,
        "opModIslandPermit": 31,
    }
)
SECOND: Mapping[str, int] = MappingProxyType(
    {
        "opModMaxLimPctVAAbsorb": 0,
        "opModMaxLimPctVAInject": 1,
        "opModMaxLimPctVarAbsorb": 2,
        "opModMaxLimPctVarInject": 3,
        "opModMaxLimPctWAbsorb": 4,
        "opModMaxLimVarAbsorb": 5,
        "opModMaxLimVarInject": 6,
        "opModMaxLimWAbsorb": 7,
        "opModMaxLimWInject": 8,
        "opModTargetV": 9,
    }
)

# What OCPP stations name in ModesSupported, and the mode of 2030.5 that it carries out.
_BY_CONTROL_TYPE = {
    "FixedPFAbsorb": "opModFixedPFAbsorbW",
    "FixedPFInject": "opModFixedPFInjectW",
    "FixedVar": "opModFixedVar",
    "FreqDroop": "opModFreqDroop",
    "FreqWatt": "opModFreqWatt",
    "HFMayTrip": "opModHFRTMayTrip",
    "HFMustTrip": "opModHFRTMustTrip",
    "HVMayTrip": "opModHVRTMayTrip",
    "HVMomCess": "opModHVRTMomentaryCessation",
    "HVMustTrip": "opModHVRTMustTrip",
    "LFMustTrip": "opModLFRTMustTrip",
    "LVMayTrip": "opModLVRTMayTrip",
    "LVMomCess": "opModLVRTMomentaryCessation",
    "LVMustTrip": "opModLVRTMustTrip",
    "VoltVar": "opModVoltVar",
    "VoltWatt": "opModVoltWatt",
    "WattPF": "opModWattPF",
    "WattVar": "opModWattVar",
}
# Charging profiles carry these on every station; where it cannot discharge, an export limit holds by itself.
_BY_PROFILE = (
    "opModConnect",
    "opModEnergize",
    "opModFixedW",
    "opModMaxLimW",
    "opModTargetW",
    "opModMaxLimPctWAbsorb",
    "opModMaxLimWAbsorb",
    "opModMaxLimWInject",
)


def words(elements: Iterable[str]) -> tuple[int, int]:
    """Return the two words of bits for element names of a DERControlBase; others count for nothing."""
    first = second = 0
    for name in elements:
        if name in FIRST:
            first |= 1 << FIRST[name]
        elif name in SECOND:
            second |= 1 << SECOND[name]
    return first, second


def modes_of(profile: StationProfile) -> tuple[int, int]:
    """Return the two words of what a station can be asked for: what each of its EVSEs can."""
    names = set(_BY_PROFILE)
    if profile.evses:
        common = frozenset.intersection(*(evse.der_modes for evse in profile.evses))
        names |= {_BY_CONTROL_TYPE[mode] for mode in common if mode in _BY_CONTROL_TYPE}
        if all("CentralSetpoint" in evse.v2x_operation_modes for evse in profile.evses):
            names.add("opModTargetVar")
    first, second = words(names)
    return first | 1 << CHARGE | can_discharge(profile) << DISCHARGE, second


def can_discharge(profile: StationProfile) -> bool:
    """Say whether an EVSE of the station has a rated discharge power."""
    return any((evse.ratings.max_discharge_rate_w or 0) > 0 for evse in profile.evses)
