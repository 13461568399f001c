"""Stations of the simulator that accept and do nothing, function by function: found, and how soon."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest

from gateway.simulators.station_core import PROFILES
from gateway.simulators.station_dialect import Dialect
from gateway.simulators.station_options import Personality
from support.engine_bench import a_command, limit, pf
from support.followed import Side, options
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    Energize,
    Excitation,
    FixedVar,
    Flow,
    FreqDroop,
    FreqWatt,
    LimitOn,
    PowerFactorVertex,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    StorageTarget,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Curve, Vertex
from translators.units import parse_unit


def amount(value, unit="W"):
    return Quantity(Fraction(value), parse_unit(unit))


def curve(*points, x, y="pct[setMaxVar]"):
    vertices = tuple(Vertex(Fraction(str(a)), Fraction(str(b))) for a, b in points)
    return Curve(vertices, parse_unit(x), parse_unit(y))


@dataclass(frozen=True)
class Ignored:
    """A control, what the station ignores of it, and where the grid and the car stand meanwhile."""

    control: object
    kind: str
    discharge_w: float = 10_000
    demand_w: float = 0
    voltage: float = 1.0
    hertz: float = 50.0
    beside: tuple = ()
    slow_s: float = 0
    function: str = ""
    options: dict = field(default_factory=dict)


VERTEX = PowerFactorVertex(Fraction(0), Fraction(8, 10), Excitation.UNDER)
CASES = {
    "power factor while injecting": Ignored(pf("0.9"), "FixedPFInject"),
    "power factor while absorbing": Ignored(
        pf("0.9", Excitation.OVER, Flow.ABSORBING), "FixedPFAbsorb", 0, 10_000
    ),
    "constant var": Ignored(FixedVar(amount(-40, "pct[setMaxVar]")), "FixedVar"),
    "volt-var": Ignored(
        VoltVar(curve((92, 60), (98, 0), (102, 0), (108, -60), x="pct[V_ref]"), Fraction(5)),
        "VoltVar",
        voltage=1.07,
        slow_s=5,
    ),
    "watt-var": Ignored(WattVar(curve((0, 0), (40, -60), (100, -60), x="pct[setMaxW]")), "WattVar"),
    "watt-PF": Ignored(
        WattPowerFactor((VERTEX, replace(VERTEX, x=Fraction(100))), parse_unit("pct[setMaxW]")),
        "WattPF",
    ),
    "volt-watt": Ignored(
        VoltWatt(curve((104, 100), (107, 10), x="pct[V_ref]", y="pct[setMaxW]"), Fraction(10)),
        "VoltWatt",
        voltage=1.08,
        slow_s=10,
    ),
    "freq-watt": Ignored(
        FreqWatt(curve((50.1, 100), (50.3, 10), x="Hz", y="pct[setMaxW]")), "FreqWatt", hertz=50.4
    ),
    "droop beside a setpoint": Ignored(
        FreqDroop(*(Fraction(n) for n in ("0.036", "0.036", "0.02", "0.02", "5"))),
        "FreqDroop",
        hertz=50.4,
        beside=(ActiveSetpoint(amount(15_000)),),
        function="FreqDroop",
    ),
    "export limit": Ignored(
        PowerLimit(LimitOn.GENERATION, amount(20, "pct[setMaxW]")), "LimitMaxDischarge"
    ),
    "import limit": Ignored(limit(LimitOn.LOAD, 4_000), PROFILES, 0, 12_000),
    "setpoint, discharging": Ignored(ActiveSetpoint(amount(9_000)), PROFILES, 0, 3_000),
    "setpoint, charging": Ignored(ActiveSetpoint(amount(-9_000)), PROFILES, 0, 3_000),
    "power of the storage": Ignored(StorageTarget(amount(9_000)), PROFILES, 0, 3_000),
    "reactive setpoint": Ignored(
        ReactiveSetpoint(amount(5_000, "var")),
        PROFILES,
        9_000,
        beside=(ActiveSetpoint(amount(9_000)),),
        function="ReactiveSetpoint",
    ),
    "cease to energize": Ignored(Energize(energized=False), PROFILES),
    "disconnect": Ignored(Connect(connected=False), PROFILES, 0, 9_000),
}


def a_side(book, case, personality):
    station = options(discharge_w=case.discharge_w, demand_w=case.demand_w, **case.options)
    side = Side(book, station)
    side.core.personality = personality
    side.grid.set_voltage(case.voltage)
    side.grid.set_frequency(case.hertz)
    side.run(3)
    side.hears(a_command("M1", case.control, *case.beside, start=side.minute + 1 / 60))
    return side


@pytest.mark.parametrize("name", CASES)
def test_who_accepts_and_does_nothing_is_found_within_two_samples_of_the_settling_time(book, name):
    case = CASES[name]
    side = a_side(book, case, Personality(ignores=frozenset({case.kind})))
    settling = 1 + 2 + 2 * (case.slow_s or 10)
    side.run(settling + 2)
    assert (case.function or side.not_followed[0]) in side.not_followed
    assert side.reports[-1].faulted


@pytest.mark.parametrize("name", CASES)
def test_who_does_it_is_not(book, name):
    side = a_side(book, CASES[name], Personality())
    side.run(60)
    assert side.not_followed == []
    assert {"started"} <= set(side.bench.told())
    assert side.bench.engine.world.stations["CS1"].watch.tracks


READINGS = {
    "excitation": ("excitation", "inverted", CASES["power factor while injecting"]),
    "sign of watt-PF": ("wattpf_y", "inverted", CASES["watt-PF"]),
    "droop in per cent": ("droop", "percent", CASES["droop beside a setpoint"]),
}


@pytest.mark.parametrize("name", READINGS)
def test_a_dialect_that_nobody_declared_is_noticed_where_a_meter_can(book, name):
    key, reading, case = READINGS[name]
    if key == "droop":
        case = replace(case, hertz=50.1)
    side = a_side(book, case, Personality(dialect=Dialect(**{key: reading})))
    side.run(30)
    assert side.not_followed
