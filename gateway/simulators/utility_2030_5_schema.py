"""What clients may post: element tables of IEEE 2030.5, and the check of a body against them.

A shape lists `name:kind` in the order that the standard demands. Marks after the kind: `!` must be
there, `*` may repeat, `+` only since 2023. A name may be an attribute (`@all`) or belong to
CSIP-AUS (`aus.doeModesSupported`, which counts only where the utility speaks CSIP-AUS).
Kinds: `u8 u16 u32 u40 u48 i8 i16 i32 i48 i64 bool`, `hexN` (at most N octets), `strN` (at most N
characters), or the name of another shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gateway.simulators.utility_2030_5_xml import SEP2, Node

type Revision = Literal["2018", "2023"]

_UNSIGNED_48 = (0, (1 << 48) - 1)
RANGES: dict[str, tuple[int, int]] = {
    "u8": (0, (1 << 8) - 1),
    "u16": (0, (1 << 16) - 1),
    "u32": (0, (1 << 32) - 1),
    "u40": _UNSIGNED_48,  # the schema bounds UInt40 like UInt48
    "u48": _UNSIGNED_48,
    "i8": (-(1 << 7), (1 << 7) - 1),
    "i16": (-(1 << 15), (1 << 15) - 1),
    "i32": (-(1 << 31), (1 << 31) - 1),
    "i48": (-(1 << 47), 1 << 47),
    "i64": (-(1 << 63), (1 << 63) - 1),
}
BOOLEANS = ("true", "false", "1", "0")

_MEASURE = "multiplier:i8! value:u16!"
_SIGNED_MEASURE = "multiplier:i8! value:i16!"
_STATUS = "dateTime:i64! value:u8!"
_IDENTIFIED = "mRID:hex16! description:str32 version:u16"
_RESPONSE = "createdDateTime:i64 endDeviceLFDI:hex20! status:u8 subject:hex16!"

SHAPES: dict[str, str] = {
    "ActivePower": _SIGNED_MEASURE,
    "ReactivePower": _SIGNED_MEASURE,
    "UnsignedMeasure": _MEASURE,
    "PowerFactor": "displacement:u16! multiplier:i8!",
    "DateTimeInterval": "duration:u32! start:i64!",
    "UnitValue": "multiplier:i8! unit:u8! value:i32!",
    "ConnectStatus": "dateTime:i64! value:hex1!",
    "StatusWord": _STATUS,
    "ChargeStatus": "dateTime:i64! value:u16!",
    "ManufacturerStatus": "dateTime:i64! value:str6!",
    "DERCapability": """
        modesSupported:hex4! modesSupported2:hex4+ rtgAbnormalCategory:u8 rtgMaxA:UnsignedMeasure
        rtgMaxAh:UnsignedMeasure rtgMaxChargeRateVA:UnsignedMeasure rtgMaxChargeRateW:ActivePower
        rtgMaxDischargeRateVA:UnsignedMeasure rtgMaxDischargeRateW:ActivePower
        rtgMaxV:UnsignedMeasure rtgMaxVA:UnsignedMeasure rtgMaxVar:ReactivePower
        rtgMaxVarNeg:ReactivePower rtgMaxW:ActivePower! rtgMaxWh:UnsignedMeasure
        rtgMinPFOverExcited:PowerFactor rtgMinPFUnderExcited:PowerFactor rtgMinV:UnsignedMeasure
        rtgNormalCategory:u8 rtgOverExcitedPF:PowerFactor rtgOverExcitedW:ActivePower
        rtgReactiveSusceptance:UnsignedMeasure rtgUnderExcitedPF:PowerFactor
        rtgUnderExcitedW:ActivePower rtgVNom:UnsignedMeasure type:u8!
        aus.doeModesSupported:hex1! aus.vppModesSupported:hex1""",
    "DERSettings": """
        modesEnabled:hex4 modesEnabled2:hex4+ setESDelay:u32 setESHighFreq:u16 setESHighVolt:i16
        setESLowFreq:u16 setESLowVolt:i16 setESRampTms:u32 setESRandomDelay:u32 setGradW:u16!
        setMaxA:UnsignedMeasure setMaxAh:UnsignedMeasure setMaxChargeRateVA:UnsignedMeasure
        setMaxChargeRateW:ActivePower setMaxDischargeRateVA:UnsignedMeasure
        setMaxDischargeRateW:ActivePower setMaxV:UnsignedMeasure setMaxVA:UnsignedMeasure
        setMaxVar:ReactivePower setMaxVarNeg:ReactivePower setMaxW:ActivePower!
        setMaxWh:UnsignedMeasure setMinPFOverExcited:PowerFactor setMinPFUnderExcited:PowerFactor
        setMinV:UnsignedMeasure setSoftGradW:u16 setVNom:UnsignedMeasure setVRef:UnsignedMeasure
        setVRefOfs:UnsignedMeasure updatedTime:i64!
        aus.doeModesEnabled:hex1 aus.vppModesEnabled:hex1 aus.setMinWh:UnsignedMeasure""",
    "DERStatus": """
        alarmStatus:hex4 connectStatus:ConnectStatus+ genConnectStatus:ConnectStatus
        inverterStatus:StatusWord localControlModeStatus:StatusWord
        manufacturerStatus:ManufacturerStatus operationalModeStatus:StatusWord readingTime:i64!
        stateOfChargeStatus:ChargeStatus storageModeStatus:StatusWord
        storConnectStatus:ConnectStatus""",
    "DERAvailability": """
        availabilityDuration:u32 maxChargeDuration:u32 readingTime:i64! reserveChargePercent:u16
        reservePercent:u16 statVarAbsorbAvail:UnsignedMeasure+ statVarAvail:ReactivePower
        statWAbsorbAvail:UnsignedMeasure+ statWAvail:ActivePower""",
    "EndDevice": """
        deviceCategory:hex4 lFDI:hex20! sFDI:u40! changedTime:i64! enabled:bool postRate:u32""",
    "ConnectionPoint": "aus.connectionPointId:str32!",
    "LogEvent": """
        createdDateTime:i64! details:str32 extendedData:u32 functionSet:u8! logEventCode:u8!
        logEventID:u16! logEventPEN:u32! profileID:u8!""",
    "Response": _RESPONSE,
    "DERControlResponse": f"{_RESPONSE} modesResponded:hex4+ modesResponded2:hex4+",
    "ReadingType": """
        accumulationBehaviour:u8 calorificValue:UnitValue commodity:u8 conversionFactor:UnitValue
        dataQualifier:u8 flowDirection:u8 intervalLength:u32 kind:u8 maxNumberOfIntervals:u8
        numberOfConsumptionBlocks:u8 numberOfTouTiers:u8 phase:u8 powerOfTenMultiplier:i8
        subIntervalLength:u32 supplyLimit:u48 tieredConsumptionBlocks:bool uom:u8""",
    "Reading": """
        consumptionBlock:u8 qualityFlags:hex2 timePeriod:DateTimeInterval touTier:u8 value:i48
        localID:hex2""",
    "MirrorReadingSet": f"{_IDENTIFIED} timePeriod:DateTimeInterval! Reading:Reading*",
    "MirrorMeterReading": f"""
        {_IDENTIFIED} lastUpdateTime:i64 MirrorReadingSet:MirrorReadingSet* nextUpdateTime:i64
        Reading:Reading ReadingType:ReadingType""",
    "MirrorMeterReadingList": "@all:u32! @results:u32! MirrorMeterReading:MirrorMeterReading*",
    "MirrorUsagePoint": f"""
        {_IDENTIFIED} roleFlags:hex2! serviceCategoryKind:u8! status:u8! deviceLFDI:hex20!
        MirrorMeterReading:MirrorMeterReading* postRate:u32""",
}
_AUS = "aus."


class InvalidError(Exception):
    """A posted body breaks the tables above; says where and how."""


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a shape."""

    name: str
    kind: str
    required: bool
    repeats: bool
    foreign: bool  # belongs to CSIP-AUS


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the utility speaks: the revision, and the CSIP-AUS namespace where it does."""

    revision: Revision = "2018"
    csip_aus: str | None = None


def check(node: Node, dialect: Dialect, kinds: tuple[str, ...]) -> None:
    """Raise InvalidError unless `node` is one of `kinds` as the dialect knows it."""
    if node.name not in kinds:
        raise InvalidError(f"{node.name} is not expected here, but {' or '.join(kinds)}")
    if node.namespace != (dialect.csip_aus if node.name == "ConnectionPoint" else SEP2):
        raise InvalidError(f"{node.name}: wrong namespace {node.namespace!r}")
    _check_shape(node, node.name, dialect, node.name)


@cache
def members(shape: str, revision: Revision) -> tuple[Member, ...]:
    """Return the lines of a shape that `revision` knows, in order."""
    found = []
    for word in SHAPES[shape].split():
        name, rest = word.split(":")
        kind = rest.rstrip("!*+")
        if "+" not in rest or revision != "2018":
            local = name.removeprefix(_AUS)
            found.append(Member(local, kind, "!" in rest, "*" in rest, name.startswith(_AUS)))
    return tuple(found)


def _check_shape(node: Node, shape: str, dialect: Dialect, where: str) -> None:
    table = [
        member
        for member in members(shape, dialect.revision)
        if dialect.csip_aus is not None or not member.foreign
    ]
    remaining = list(node.children)
    for member in table:
        path = f"{where}/{member.name}"
        if member.name.startswith("@"):
            _check_attribute(node, member, path)
            continue
        taken = _take(remaining, member, dialect)
        if member.required and not taken:
            raise InvalidError(f"{path} is missing or out of order")
        if len(taken) > 1 and not member.repeats:
            raise InvalidError(f"{path} occurs {len(taken)} times")
        for child in taken:
            if member.kind in SHAPES:
                _check_shape(child, member.kind, dialect, path)
            else:
                _check_text(child.text, member.kind, path)
    if remaining:
        raise InvalidError(f"{where}/{remaining[0].name} is unknown or out of order")


def _take(remaining: list[Node], member: Member, dialect: Dialect) -> list[Node]:
    """Remove and return the elements at the front of `remaining` that are this member."""
    namespace = dialect.csip_aus if member.foreign else SEP2
    taken = []
    while remaining and (remaining[0].name, remaining[0].namespace) == (member.name, namespace):
        taken.append(remaining.pop(0))
    return taken


def _check_attribute(node: Node, member: Member, path: str) -> None:
    text = node.attributes.get(member.name.removeprefix("@"))
    if text is None:
        raise InvalidError(f"{path} is missing")
    _check_text(text, member.kind, path)


def _check_text(text: str, kind: str, path: str) -> None:
    if kind in RANGES:
        low, high = RANGES[kind]
        valid = re.fullmatch(r"[+-]?[0-9]{1,20}", text) is not None and low <= int(text) <= high
    elif kind == "bool":
        valid = text in BOOLEANS
    elif kind.startswith("hex"):
        octets = int(kind.removeprefix("hex"))
        valid = re.fullmatch(rf"(?:[0-9A-Fa-f]{{2}}){{0,{octets}}}", text) is not None
    else:
        valid = len(text) <= int(kind.removeprefix("str"))
    if not valid:
        raise InvalidError(f"{path}: {text!r} is no {kind}")
