"""A station that does what it accepted is never suspected, whatever the grid, the car and the meter do."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.station_options import Nameplate
from support.engine_bench import a_command, a_default, the_book
from support.followed import PLATE, Side, options
from translators.canonical.controls import (
    ActiveSetpoint,
    Energize,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    FreqDroop,
    FreqWatt,
    Gradients,
    LimitOn,
    PowerFactorVertex,
    PowerLimit,
    Quantity,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
    function_of,
)
from translators.canonical.curves import Curve, Vertex
from translators.units import parse_unit

BOOK = the_book()
UNEVEN = Nameplate(
    max_w=11_000, max_charge_w=22_000, max_discharge_w=9_000, max_va=12_000, max_var=8_000,
    max_var_neg=5_000, v_nom=240,
)  # fmt: skip
LIMITED = replace(PLATE, max_a=30)


def whole(low, high):
    return st.integers(low, high).map(Fraction)


def quantity(values, unit):
    return st.builds(Quantity, values, st.just(parse_unit(unit)))


def falling(x, y, base, kinds):
    """Curves over fixed x whose y fall."""

    def curve(ys):
        points = zip(x, sorted(ys, reverse=True), strict=True)
        vertices = tuple(Vertex(Fraction(str(a)), Fraction(b)) for a, b in points)
        return Curve(vertices, parse_unit(kinds), parse_unit(f"pct[{base}]"))

    return st.lists(st.integers(*y), min_size=len(x), max_size=len(x)).map(curve)


RESPONSES = st.sampled_from([None, Fraction(1), Fraction(5), Fraction(20)])
PF = st.builds(
    FixedPowerFactor,
    st.sampled_from([Fraction(n, 100) for n in (60, 85, 95, 100)]),
    st.sampled_from(Excitation),
    st.sampled_from(Flow),
)
VAR = st.builds(FixedVar, quantity(whole(-100, 100), "pct[setMaxVar]"))
VOLT_VAR = st.builds(
    VoltVar, falling((92, 98, 102, 108), (-60, 60), "setMaxVar", "pct[V_ref]"), RESPONSES
)
WATT_VAR = st.builds(
    WattVar, falling((-100, -20, 20, 100), (-60, 60), "setMaxVar", "pct[setMaxW]"), RESPONSES
)
VOLT_WATT = st.builds(
    VoltWatt, falling((102, 105, 108), (0, 100), "setMaxW", "pct[V_ref]"), RESPONSES
)
FREQ_WATT = st.builds(FreqWatt, falling((50, 50.2, 50.4), (0, 100), "setMaxW", "Hz"), RESPONSES)
WATT_PF = st.builds(
    WattPowerFactor,
    st.tuples(*(
        st.builds(
            PowerFactorVertex,
            st.just(Fraction(x)),
            st.sampled_from([Fraction(n, 100) for n in (80, 90, 98)]),
            st.just(Excitation.UNDER),
        )
        for x in (20, 60, 100)
    )),
    st.just(parse_unit("pct[setMaxW]")),
)  # fmt: skip
DROOP = st.builds(
    FreqDroop,
    *(st.sampled_from([Fraction(n, 1000) for n in (17, 36, 200)]) for _ in range(2)),
    *(st.sampled_from([Fraction(n, 100) for n in (3, 5, 12)]) for _ in range(2)),
    st.sampled_from([Fraction(1), Fraction(5), Fraction(20)]),
)
EXPORT = st.builds(PowerLimit, st.just(LimitOn.GENERATION), quantity(whole(0, 100), "pct[setMaxW]"))
IMPORT = st.builds(PowerLimit, st.just(LimitOn.LOAD), quantity(whole(0, 20_000), "W"))
SETPOINT = st.builds(ActiveSetpoint, quantity(whole(-15_000, 12_000), "W"))
CEASE = st.just(Energize(energized=False))
CONTROLS = st.one_of(
    PF,
    VAR,
    VOLT_VAR,
    WATT_VAR,
    VOLT_WATT,
    FREQ_WATT,
    WATT_PF,
    DROOP,
    EXPORT,
    IMPORT,
    SETPOINT,
    CEASE,
)
GRADIENTS = st.sampled_from([None, Fraction(2), Fraction(10)])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("voltage"), st.sampled_from([0.9, 0.95, 1.0, 1.04, 1.07, 1.09])),
        st.tuples(st.just("frequency"), st.sampled_from([49.7, 49.95, 50.0, 50.1, 50.3, 50.45])),
        st.tuples(st.just("demand"), st.sampled_from([0.0, 7_000.0, 22_000.0])),
        st.tuples(st.just("discharge"), st.sampled_from([0.0, 4_000.0, 20_000.0])),
        st.tuples(st.just("leave"), st.none()),
        st.tuples(st.just("wait"), st.none()),
    ),
    min_size=2,
    max_size=8,
)


def move(side, kind, value):
    """Let the grid or the car do something."""
    now = side.seconds
    if kind == "voltage":
        side.grid.set_voltage(value, side.over_s)
    elif kind == "frequency":
        side.grid.set_frequency(value, side.over_s)
    elif kind == "leave":
        side.core.plug(now, present=False)
    elif kind != "wait":
        wishes = {"demand_w": 0.0, "discharge_w": 0.0, f"{kind}_w": value}
        side.core.plug(now, present=True, **wishes)


@given(
    controls=st.lists(CONTROLS, min_size=1, max_size=3, unique_by=function_of),
    gradient=GRADIENTS,
    moves=MOVES,
    plate=st.sampled_from([PLATE, UNEVEN, LIMITED]),
    interval=st.sampled_from([1.0, 5.0, 30.0]),
    over_s=st.sampled_from([0.0, 3.0, 40.0]),
    noise=st.sampled_from([0.0, 0.01]),
    reactive_first=st.booleans(),
    seed=st.integers(0, 99),
    evses=st.sampled_from([1, 1, 2]),
)
def test_a_station_that_follows_is_never_suspected(
    controls, gradient, moves, plate, interval, over_s, noise, reactive_first, seed, evses
):
    station = options(
        plate=plate,
        meter_interval_s=interval,
        reactive_first=reactive_first,
        discharge_w=6_000,
        evses=evses,
    )
    side = Side(BOOK, station, noise=noise, seed=seed)
    side.over_s = over_s
    if gradient is not None:
        side.hears(a_default("D1", Gradients(gradient, gradient)))
    side.run(interval)
    for number, control in enumerate(controls):
        side.hears(a_command(f"M{number}", control, start=side.minute + 0.05))
        side.run(7)
    for kind, value in moves:
        move(side, kind, value)
        side.run(max(15, 2 * interval))
    assert side.not_followed == []
