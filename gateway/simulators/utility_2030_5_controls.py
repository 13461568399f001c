"""What a utility asks for: the parts of a DERControlBase, curves and controls, as a script says.

Nothing here judges: a power factor of 1.2 is built as readily as one of 0.95, for clients must
survive both. Only values that the wire types cannot carry raise ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from gateway.simulators.utility_2030_5_xml import CSIP_AUS, SEP2, Node, branch, leaf, link

type Number = int | str | Decimal
type Direction = Literal["inject", "absorb"]

INT16 = range(-(1 << 15), 1 << 15)
UINT16 = range(1 << 16)

# 2030.5 DERCurveType: the mode that each curve type belongs to.
CURVE_TYPES: Mapping[str, int] = {
    "opModFreqWatt": 0,
    "opModHFRTMayTrip": 1,
    "opModHFRTMustTrip": 2,
    "opModHVRTMayTrip": 3,
    "opModHVRTMomentaryCessation": 4,
    "opModHVRTMustTrip": 5,
    "opModLFRTMayTrip": 6,
    "opModLFRTMustTrip": 7,
    "opModLVRTMayTrip": 8,
    "opModLVRTMomentaryCessation": 9,
    "opModLVRTMustTrip": 10,
    "opModVoltVar": 11,
    "opModVoltWatt": 12,
    "opModWattPF": 13,
    "opModWattVar": 14,
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A DERCurve: `points` are (x, y) or (x, y, excitation) in units of 10^multiplier."""

    mode: str
    points: Sequence[tuple[int, int] | tuple[int, int, bool]]
    x_multiplier: int = 0
    y_multiplier: int = 0
    y_ref_type: int = 0
    open_loop_tms: int | None = None  # 1/100 s
    v_ref: int | None = None  # 1/100 %
    ramp_dec_tms: int | None = None
    ramp_inc_tms: int | None = None
    ramp_pt1_tms: int | None = None
    autonomous_v_ref: bool | None = None
    autonomous_v_ref_tms: int | None = None
    mrid: str = ""  # "" lets the utility number it
    description: str | None = None

    def node(self, mrid: str, href: str, created: int) -> Node:
        """Return the DERCurve resource; its children stand in the order of the schema."""
        return branch(
            "DERCurve",
            leaf("mRID", mrid),
            _optional("description", self.description),
            _optional("autonomousVRefEnable", self.autonomous_v_ref),
            _optional("autonomousVRefTimeConstant", self.autonomous_v_ref_tms),
            leaf("creationTime", created),
            *map(_point, self.points),
            leaf("curveType", CURVE_TYPES[self.mode]),
            _optional("openLoopTms", self.open_loop_tms),
            _optional("rampDecTms", self.ramp_dec_tms),
            _optional("rampIncTms", self.ramp_inc_tms),
            _optional("rampPT1Tms", self.ramp_pt1_tms),
            _optional("vRef", self.v_ref),
            leaf("xMultiplier", self.x_multiplier),
            leaf("yMultiplier", self.y_multiplier),
            leaf("yRefType", self.y_ref_type),
            href=href,
        )


@dataclass(frozen=True, slots=True)
class Control:
    """A DERControl as it is handed to a program; `start` counts in the utility's seconds."""

    start: int
    duration: int
    base: tuple[Node, ...]
    mrid: str = ""  # "" lets the utility number it
    description: str | None = None
    version: int | None = 0
    created: int | None = None  # None: when it is added
    randomize_start: int | None = None
    randomize_duration: int | None = None
    response_required: str | None = "03"  # bit 0 received, bit 1 specific
    reply: bool = True  # False: no replyTo


def control(
    start: int,
    duration: int,
    *base: Node,
    mrid: str = "",
    randomize: tuple[int | None, int | None] = (None, None),
) -> Control:
    """Return a Control over the parts of `base`; `randomize` is (start, duration) in seconds."""
    return Control(
        start, duration, base, mrid, randomize_start=randomize[0], randomize_duration=randomize[1]
    )


def base_node(parts: Sequence[Node]) -> Node:
    """Return the DERControlBase with `parts` in the order that the schema demands.

    Modes of the standard by name, then rampTms, then those of CSIP-AUS as given.
    """
    own = sorted((part for part in parts if part.namespace == SEP2), key=_rank)
    foreign = [part for part in parts if part.namespace != SEP2]
    return branch("DERControlBase", *own, *foreign)


def fixed_pf(
    displacement: Number,
    *,
    absorbing_var: bool,
    direction: Direction = "inject",
    multiplier: int | None = None,
) -> Node:
    """Return opModFixedPFInjectW or opModFixedPFAbsorbW; `absorbing_var` is its excitation."""
    name = "opModFixedPFInjectW" if direction == "inject" else "opModFixedPFAbsorbW"
    value, exponent = _scaled(displacement, UINT16, multiplier)
    return branch(
        name,
        leaf("displacement", value),
        leaf("excitation", absorbing_var),
        leaf("multiplier", exponent),
    )


def fixed_var(percent: Number, ref_type: int) -> Node:
    """Return opModFixedVar; `percent` of what `ref_type` names (2 setMaxVar, 1 setMaxW)."""
    return branch("opModFixedVar", leaf("refType", ref_type), leaf("value", _percent(percent)))


def fixed_w(percent: Number) -> Node:
    """Return opModFixedW: below zero charges, above zero discharges."""
    return leaf("opModFixedW", _percent(percent))


def max_lim_w(percent: Number) -> Node:
    """Return opModMaxLimW: most generation in percent of setMaxW."""
    return leaf("opModMaxLimW", _percent(percent))


def max_lim_pct_w_absorb(percent: Number) -> Node:
    """Return opModMaxLimPctWAbsorb (2023): most charging in percent of setMaxChargeRateW."""
    return leaf("opModMaxLimPctWAbsorb", _percent(percent))


def max_lim_watts(watts: Number, direction: Direction) -> Node:
    """Return opModMaxLimWInject or opModMaxLimWAbsorb (2023), in watts."""
    name = "opModMaxLimWInject" if direction == "inject" else "opModMaxLimWAbsorb"
    return _power(name, watts, valid=UINT16)


def target_w(watts: Number) -> Node:
    """Return opModTargetW; above zero generates."""
    return _power("opModTargetW", watts)


def target_var(var: Number) -> Node:
    """Return opModTargetVar; above zero injects var."""
    return _power("opModTargetVar", var)


def freq_droop(
    *, dead_band_mhz: tuple[int, int], slope: tuple[int, int], open_loop_tms: int
) -> Node:
    """Return opModFreqDroop: dead bands (over, under) in mHz, slopes (over, under) in 1/1000."""
    return branch(
        "opModFreqDroop",
        leaf("dBOF", dead_band_mhz[0]),
        leaf("dBUF", dead_band_mhz[1]),
        leaf("kOF", slope[0]),
        leaf("kUF", slope[1]),
        leaf("openLoopTms", open_loop_tms),
    )


def curve_link(mode: str, href: str) -> Node:
    """Return the part that puts the curve at `href` into force; any mode of CURVE_TYPES."""
    if mode not in CURVE_TYPES:
        raise ValueError(f"{mode!r} is no mode that follows a curve")
    return link(mode, href)


def volt_var(href: str) -> Node:
    """Return opModVoltVar with the curve at `href`."""
    return curve_link("opModVoltVar", href)


def connect(connected: bool) -> Node:
    """Return opModConnect."""
    return leaf("opModConnect", connected)


def energize(energized: bool) -> Node:
    """Return opModEnergize."""
    return leaf("opModEnergize", energized)


def ramp(hundredths: int) -> Node:
    """Return rampTms in 1/100 s."""
    return leaf("rampTms", hundredths)


def import_limit(watts: Number, namespace: str = CSIP_AUS) -> Node:
    """Return opModImpLimW of CSIP-AUS, at the connection point."""
    return _power("opModImpLimW", watts, namespace)


def export_limit(watts: Number, namespace: str = CSIP_AUS) -> Node:
    """Return opModExpLimW of CSIP-AUS, at the connection point."""
    return _power("opModExpLimW", watts, namespace)


def generation_limit(watts: Number, namespace: str = CSIP_AUS) -> Node:
    """Return opModGenLimW of CSIP-AUS, at the device."""
    return _power("opModGenLimW", watts, namespace)


def load_limit(watts: Number, namespace: str = CSIP_AUS) -> Node:
    """Return opModLoadLimW of CSIP-AUS, at the device."""
    return _power("opModLoadLimW", watts, namespace)


def _power(name: str, value: Number, namespace: str = SEP2, valid: range = INT16) -> Node:
    scaled, exponent = _scaled(value, valid)
    children = (leaf("multiplier", exponent), leaf("value", scaled))
    return Node(name, children=children, namespace=namespace)


def _scaled(value: Number, valid: range, multiplier: int | None = None) -> tuple[int, int]:
    """Return (value, exponent): the smallest exponent at which `value` is whole and fits."""
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"{value} is no number")
    _, digits, own_exponent = exact.as_tuple()
    own_exponent = int(own_exponent)
    lowest = min(own_exponent, 0) if multiplier is None else multiplier
    highest = max(own_exponent, 0) + len(digits) if multiplier is None else multiplier
    for exponent in range(lowest, highest + 1):
        scaled = exact.scaleb(-exponent)
        if scaled == int(scaled) and int(scaled) in valid:
            return int(scaled), exponent
    raise ValueError(f"{value} does not fit a value of {valid.start} to {valid[-1]} exactly")


def _percent(percent: Number) -> int:
    """Return hundredths of a percent."""
    scaled = Decimal(percent) * 100
    if scaled != int(scaled):
        raise ValueError(f"{percent} % is no whole number of hundredths")
    return int(scaled)


def _point(point: tuple[int, int] | tuple[int, int, bool]) -> Node:
    x, y, *excitation = point
    return branch(
        "CurveData",
        *(leaf("excitation", bool(absorbing)) for absorbing in excitation),
        leaf("xvalue", x),
        leaf("yvalue", y),
    )


def _optional(name: str, value: object) -> Node | None:
    return None if value is None else leaf(name, value)


def _rank(part: Node) -> tuple[bool, str]:
    """Order by name; the schema sorts without regard to case, and rampTms comes last."""
    return part.name == "rampTms", part.name.lower()
