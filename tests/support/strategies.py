"""Hypothesis strategies for canonical values: exact numbers, every control, whole commands."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from support.translation import EVERY_CONTROL, F
from translators.canonical import controls as c
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Randomization,
    ResponseDuty,
    Revision,
    Target,
)
from translators.canonical.controls import Quantity
from translators.canonical.curves import Curve, Vertex
from translators.units import Base, Kind, Unit, parse_unit, percent

UNIT_TEXTS = ("W", "kW", "var", "VA", "V", "A", "Hz", "mHz", "cHz", "s", "cs", "1", "permille")


def numbers(low=-10_000, high=10_000, *, denominator=10_000):
    return st.fractions(low, high, max_denominator=denominator)


def decimals(low=-100, high=100, places=4):
    """Return numbers that a wire with so many decimals holds exactly."""
    scale = 10**places
    return st.integers(low * scale, high * scale).map(lambda n: F(n, scale))


bases = st.sampled_from(Base)
percent_units = st.builds(percent, bases, st.none() | bases)
rates = st.builds(lambda base: Unit(Kind.PERCENT_RATE, F(1), base, base), bases)
units = st.sampled_from(UNIT_TEXTS).map(parse_unit) | percent_units


def quantities(*texts, low=-10_000, high=10_000):
    return st.builds(Quantity, numbers(low, high), st.sampled_from(texts).map(parse_unit))


def vertices(least=1, most=10, y_low=-300, y_high=300):
    """Return vertices whose x never falls; equal x is a step."""
    steps = st.tuples(numbers(0, 20, denominator=20), numbers(y_low, y_high, denominator=20))

    def laid(rows):
        x, points = F(0), []
        for step, y in rows:
            x += step
            points.append(Vertex(x, y))
        return tuple(points)

    return st.lists(steps, min_size=least, max_size=most).map(laid)


def curves(*y_texts, x="pct[V_ref]"):
    return st.builds(
        Curve, vertices(), st.just(parse_unit(x)), st.sampled_from(y_texts).map(parse_unit)
    )


flows, excitations = st.sampled_from(c.Flow), st.sampled_from(c.Excitation)
maybe = st.none() | numbers(0, 1000)
factors = st.builds(c.FixedPowerFactor, numbers(F(1, 100), 1), excitations, flows)
factor_vertices = st.builds(c.PowerFactorVertex, numbers(0, 100), numbers(F(1, 10), 1), excitations)
VAR_BASES = ("pct[setMaxVar]", "pct[setMaxW]", "pct[setMaxVA]", "pct[statVarAvail]")
WATT_BASES = ("pct[setMaxW]", "pct[setMaxW|setMaxChargeRateW]", "pct[statWAvail]")
fixed_vars = st.builds(c.FixedVar, quantities(*VAR_BASES, low=-300, high=300))
volt_vars = st.builds(c.VoltVar, curves(*VAR_BASES), maybe, numbers(50, 150), st.booleans(), maybe)
volt_watts = st.builds(c.VoltWatt, curves(*WATT_BASES), maybe, st.booleans())
watt_vars = st.builds(c.WattVar, curves(*VAR_BASES, x="pct[setMaxW]"), maybe)
freq_watts = st.builds(c.FreqWatt, curves("pct[setMaxW]", "pct[statWAvail]", x="Hz"), maybe)
watt_factors = st.builds(
    c.WattPowerFactor,
    st.lists(factor_vertices, min_size=1, max_size=10).map(
        lambda v: tuple(sorted(v, key=lambda p: p.x))
    ),
    st.just(parse_unit("pct[setMaxW]")),
    maybe,
)
droops = st.builds(
    c.FreqDroop,
    numbers(0, 5),
    numbers(0, 5),
    numbers(0, 1),
    numbers(0, 1),
    numbers(0, 100),
    st.none() | numbers(0, 100),
)
trips = st.builds(
    c.TripCurve,
    st.sampled_from(c.TripQuantity),
    st.sampled_from(c.TripSide),
    st.sampled_from(c.TripRegion),
    vertices(y_low=0),
    st.just(parse_unit("pct[V_ref]")),
)
entries = st.builds(c.EnterService, *(maybe for _ in range(7)))
gradients = st.builds(c.Gradients, maybe, maybe)
limits = st.builds(
    c.PowerLimit,
    st.sampled_from(c.LimitOn),
    quantities("W", "pct[setMaxW]", low=0, high=30_000),
    st.sampled_from(c.LimitScope),
)
setpoints = st.builds(
    c.ActiveSetpoint, quantities("W", "pct[setMaxW|setMaxChargeRateW]", low=-200, high=200)
)
var_setpoints = st.builds(c.ReactiveSetpoint, quantities("var", "pct[setMaxVar]"))
charge_states = st.builds(c.ChargeStateTarget, numbers(0, 1))
switches = st.sampled_from([c.Connect, c.Energize]).flatmap(
    lambda kind: st.builds(kind, st.booleans())
)

der_controls = (
    factors
    | fixed_vars
    | volt_vars
    | volt_watts
    | watt_vars
    | watt_factors
    | freq_watts
    | droops
    | trips
)
defaults_only = entries | gradients
profiles = limits | setpoints | var_setpoints | charge_states | switches
controls = der_controls | defaults_only | profiles | st.sampled_from(EVERY_CONTROL)


def asked_together(most):
    """Return controls of one command: one per function."""
    return st.lists(controls, max_size=most, unique_by=c.function_of)


spans = st.integers(-3600, 3600)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
intervals = st.builds(
    lambda start, seconds: Interval(
        start, None if seconds is None else start + timedelta(seconds=seconds)
    ),
    instants,
    st.none() | st.integers(0, 2**31),
)
commands = st.builds(
    DerCommand,
    mrid=st.text("0123456789ABCDEF", min_size=1, max_size=32),
    origin=st.builds(
        Origin, st.text(), st.sampled_from(Protocol), st.sampled_from(Revision), st.text()
    ),
    target=st.builds(Target, st.text(), st.none() | st.integers(0, 9)),
    controls=st.lists(controls, max_size=4).map(tuple),
    primacy=st.integers(0, 255),
    created=instants,
    server_time=instants,
    interval=st.none() | intervals,
    version=st.integers(0, 65535),
    description=st.text(),
    is_default=st.booleans(),
    randomization=st.builds(
        Randomization, st.integers(-3600, 3600), st.integers(-3600, 3600), st.none() | st.integers()
    ),
    ramp_time=maybe,
    response=st.builds(ResponseDuty, st.booleans(), st.booleans(), st.text()),
)
