"""What canonical controls are made of, as the compiler of rules needs it: classes, units, enums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from fractions import Fraction
from typing import Any, NamedTuple

from translators.canonical import controls as c
from translators.canonical.curves import Curve, Vertex
from translators.errors import MappingError
from translators.units import Base, Kind, Unit, parse_unit, percent

CLASSES: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (
        c.FixedPowerFactor,
        c.FixedVar,
        c.VoltVar,
        c.VoltWatt,
        c.WattVar,
        c.WattPowerFactor,
        c.FreqWatt,
        c.FreqDroop,
        c.TripCurve,
        c.PowerMonitoring,
        c.EnterService,
        c.Gradients,
        c.PowerLimit,
        c.ReactiveLimit,
        c.ApparentLimit,
        c.ActiveSetpoint,
        c.ReactiveSetpoint,
        c.RelativeActiveSetpoint,
        c.RelativeReactiveSetpoint,
        c.VoltageSetpoint,
        c.StorageTarget,
        c.ChargeStateTarget,
        c.Connect,
        c.Energize,
        c.GridConnectPermit,
        c.IslandPermit,
        c.Price,
        c.Alert,
    )
}

ENUMS: dict[str, type[Any]] = {
    "excitation": c.Excitation,
    "flow": c.Flow,
    "on": c.LimitOn,
    "scope": c.LimitScope,
    "quantity": c.TripQuantity,
    "side": c.TripSide,
    "region": c.TripRegion,
}

_HERTZ, _SECONDS, _ONE = parse_unit("Hz"), parse_unit("s"), parse_unit("1")
UNITS: dict[str, Unit] = {
    "displacement": _ONE,
    "Price.value": _ONE,
    "soc": _ONE,
    "response_time": _SECONDS,
    "v_ref": percent(Base.V_NOM),
    "v_ref_time_constant": _SECONDS,
    "over_deadband": _HERTZ,
    "under_deadband": _HERTZ,
    "over_droop": _ONE,
    "under_droop": _ONE,
    "hysteresis_high": _HERTZ,
    "hysteresis_low": _HERTZ,
    "hysteresis_delay": _SECONDS,
    "hysteresis_gradient": Unit(Kind.PERCENT_RATE, Fraction(1), Base.MAX_W, Base.MAX_W),
    "p_min": parse_unit("W"),
    "high_voltage": percent(Base.V_NOM),
    "low_voltage": percent(Base.V_NOM),
    "high_frequency": _HERTZ,
    "low_frequency": _HERTZ,
    "delay": _SECONDS,
    "random_delay": _SECONDS,
    "ramp_time": _SECONDS,
    "normal": Unit(Kind.PERCENT_RATE, Fraction(1), Base.MAX_W, Base.MAX_W),
    "soft": Unit(Kind.PERCENT_RATE, Fraction(1), Base.MAX_W, Base.MAX_W),
}
"""The unit of a canonical field that is a plain number; `Class.field` where the name has two meanings."""

QUANTITY_KINDS: dict[str, frozenset[Kind]] = {
    "FixedVar": frozenset({Kind.REACTIVE, Kind.PERCENT}),
    "PowerLimit": frozenset({Kind.POWER, Kind.PERCENT}),
    "ActiveSetpoint": frozenset({Kind.POWER, Kind.PERCENT}),
    "StorageTarget": frozenset({Kind.POWER}),
    "RelativeActiveSetpoint": frozenset({Kind.POWER}),
    "ReactiveLimit": frozenset({Kind.REACTIVE, Kind.PERCENT}),
    "ReactiveSetpoint": frozenset({Kind.REACTIVE, Kind.PERCENT}),
    "RelativeReactiveSetpoint": frozenset({Kind.REACTIVE}),
    "ApparentLimit": frozenset({Kind.APPARENT, Kind.PERCENT}),
    "VoltageSetpoint": frozenset({Kind.VOLTAGE, Kind.PERCENT}),
}
"""The kinds that a control's quantity may have: W, var and VA never mix."""


type Rows = tuple[tuple[Fraction, Fraction, c.Excitation | None], ...]
"""Points as (x, y, excitation)."""


class Points(NamedTuple):
    """Points as read, with the units of both axes."""

    rows: Rows
    x_unit: Unit
    y_unit: Unit
    doubles: list[dict[str, float]] | None = None
    """The same as conditions see them, where they are at hand."""


def names(cls: type[Any]) -> frozenset[str]:
    """Return the field names of a canonical class, `points` standing for a curve."""
    own = {field.name for field in fields(cls)}
    return frozenset(own | {"points"} if "curve" in own else own)


def needed(cls: type[Any], with_points: bool) -> frozenset[str]:
    """Return the fields that a control cannot be without, less those that its points bring."""
    brought = {"curve", "points", "x_unit", "unit"} if with_points else set[str]()
    bare = {field.name for field in fields(cls) if field.default is MISSING}
    return frozenset(bare - brought)


def builder(name: str) -> Callable[[Mapping[str, Any], Points | None], c.DerControl]:
    """Return how a control of a class of `CLASSES` is made from compiled field values and points."""
    cls = CLASSES[name]
    shaped = _SHAPED.get(name, _curve)

    def build(values: Mapping[str, Any], points: Points | None) -> c.DerControl:
        control: c.DerControl = cls(**values) if points is None else cls(**values, **shaped(points))
        return control

    return build


def _factors(points: Points) -> dict[str, Any]:
    rows = tuple(c.PowerFactorVertex(x, y, e or c.Excitation.OVER) for x, y, e in points.rows)
    return {"points": rows, "x_unit": points.x_unit}


def _boundary(points: Points) -> dict[str, Any]:
    return {"points": _vertices(points), "unit": points.x_unit}


def _curve(points: Points) -> dict[str, Any]:
    return {"curve": Curve(_vertices(points), points.x_unit, points.y_unit)}


def _vertices(points: Points) -> tuple[Vertex, ...]:
    return tuple([Vertex(x, y) for x, y, _ in points.rows])


_SHAPED = {"WattPowerFactor": _factors, "TripCurve": _boundary}
"""How points become members of a control, where they are no curve."""


def enum_value(name: str, value: object, rule: str) -> object:
    """Return the enum member for a field that is one, else the value itself."""
    if name not in ENUMS or not isinstance(value, str):
        return value
    try:
        return ENUMS[name](value)
    except ValueError as exc:
        problem = (
            f"is no such value, it is one of {', '.join(member.value for member in ENUMS[name])}"
        )
        raise MappingError(problem, where=name, value=value, rule=rule) from exc
