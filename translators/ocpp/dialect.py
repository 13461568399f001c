"""How station models read fields that the standards leave open: named, versioned codecs.

Each codec takes the value as the schema text would have it and returns what this dialect expects.
A mapping file names the codec; the dialect key of the same name in the settings selects the reading.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from translators.canonical.capability import Dialect
from translators.rules.bases import Bases
from translators.rules.values import Unmet
from translators.units import Base

type Number = Fraction
type Codec = Callable[[Number, Dialect, Bases, str], Number]


def _droop(value: Number, dialect: Dialect, _bases: Bases, _where: str) -> Number:
    """Per unit (R04 table), or per cent (seen in the field)."""
    return value * 100 if dialect.droop == "percent" else value


def _gradient(value: Number, dialect: Dialect, _bases: Bases, _where: str) -> Number:
    """Per cent per second, or the seconds that the full scale takes; 0 is `no limit` in both."""
    seconds = dialect.gradient == "seconds_full_scale" and value != 0
    return 100 / value if seconds else value


def _enter_service_voltage(value: Number, dialect: Dialect, bases: Bases, where: str) -> Number:
    """Per cent of nominal, or volts."""
    if dialect.enter_service_voltage == "volts":
        return value * bases.rating(Base.V_NOM, where) / 100
    return value


def _enter_service_ramp(value: Number, dialect: Dialect, _bases: Bases, where: str) -> Number:
    """Seconds for the full scale, or per cent per second."""
    if dialect.enter_service_ramp == "pct_per_s":
        if value == 0:
            raise Unmet("not_applicable", where, "a ramp of 0 s has no rate in per cent per second")
        return 100 / value
    return value


def _wattpf_y(value: Number, dialect: Dialect, _bases: Bases, _where: str) -> Number:
    """Positive absorbs (schema text), or the other way round."""
    return -value if dialect.wattpf_y == "inverted" else value


CODECS: dict[str, Codec] = {
    "droop": _droop,
    "gradient": _gradient,
    "enter_service_voltage": _enter_service_voltage,
    "enter_service_ramp": _enter_service_ramp,
    "wattpf_y": _wattpf_y,
}
