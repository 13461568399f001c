"""Generated documents through the shipped rules and through a second, plain translator: no difference."""

from decimal import Decimal
from functools import cache
from itertools import groupby, pairwise
from math import ceil, floor

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support import oracle as o
from support.oracle import GOLDEN, F, Place
from support.translation import book
from translators.chain import travel
from translators.vectors import case_of, play, read_stations, vector_of

MRID = "0000000000000000000000990000C0DE"


@cache
def stations():
    return read_stations((GOLDEN / "vectors" / "stations.yaml").read_text(encoding="utf-8"))


# Documents -------------------------------------------------------------------------------------------------


def xml(name, value):
    """An element (`name` may carry attributes): text, a table of members, or a list of equal elements."""
    if isinstance(value, list):
        return "".join(xml(name, item) for item in value)
    if isinstance(value, dict):
        value = "".join(xml(key, item) for key, item in value.items() if item is not None)
    text = str(value).lower() if isinstance(value, bool) else value
    return f"<{name}>{text}</{name.split()[0]}>"


def document(name, members):
    names = 'xmlns="urn:ieee:std:2030.5:ns" xmlns:csipaus="https://csipaus.org/ns"'
    return xml(f"{name} {names}", {"mRID": MRID, **members})


def scheduled(base):
    interval = {"duration": o.DURATION, "start": o.START}
    members = {"creationTime": 1, "interval": interval, "DERControlBase": base}
    return document("DERControl", members)


def default(settings):
    return document("DefaultDERControl", {"DERControlBase": "", **settings})


def a_curve(curve_type, points, scales, ref, **members):
    """A curve whose points are whole numbers of the wire."""
    named = {"xMultiplier": scales[0], "yMultiplier": scales[1], "yRefType": ref}
    data = [p if isinstance(p, dict) else {"xvalue": p[0], "yvalue": p[1]} for p in points]
    return document("DERCurve", {"CurveData": data, "curveType": curve_type, **members, **named})


def linked(mode):
    return scheduled({f'{mode} href="/c"': ""})


def a_vector(place, control, owed, curve=None):
    """The vector that the oracle makes of a document."""
    transaction = {"evseId": 1, "transactionId": "tx-1"}
    if place.running is not None:
        transaction["running_setpoint_w"] = Decimal(place.running.numerator)
    expect = {"messages": owed.messages, "loss_kinds": sorted(owed.losses)}
    source = {
        "protocol": "ieee2030_5",
        "revision": place.revision,
        "program_primacy": o.PRIMACY,
        "documents": {"control": control, **({"/c": curve} if curve else {})},
    }
    context = {
        "transactions": [transaction] if place.transaction else [],
        "der_settings": place.settings,
        "dialect": place.dialect,
        "policy": place.policy,
    }
    vector = {"id": "oracle", "station": place.station, "ocpp_version": place.version}
    expect |= {} if owed.status is None else {"response_status": owed.status}
    return vector_of(vector | {"source": source, "context": context, "expect": expect})


def differences(place, control, owed, curve=None):
    vector = a_vector(place, control, owed, curve)
    return [str(item) for item in play(book(), vector, stations())]


def agrees(place, control, owed, curve=None):
    for message in owed.messages:
        assume(len(message["payload"].get("curve", {}).get("curveData", [])) <= 10)
    assert differences(place, control, owed, curve) == []


# What is drawn ---------------------------------------------------------------------------------------------


def at(names="AABBC", **others):
    """A station over a version and a revision, with what else a test draws."""
    fields = {"version": versions, "revision": revisions, **others}
    return st.builds(Place, st.sampled_from(names), **fields)


def read_as(key, *readings):
    return st.sampled_from(readings).map(lambda reading: {key: reading})


def whole(low, high, m):
    """Whole numbers of the wire that are worth something within bounds, under a power of ten."""
    return st.integers(ceil(F(low) / F(10) ** m), floor(F(high) / F(10) ** m))


@st.composite
def scaled(draw, low, high, multipliers, wire):
    """A whole number that fits its type, the power of ten that it stands under, and its value."""
    m = draw(st.sampled_from(multipliers))
    raw = draw(whole(low, high, m))
    assume(wire[0] <= raw <= wire[1])
    return raw, m, raw * F(10) ** m


@st.composite
def lines(draw, x, y, least=2, most=4):
    """Points of a curve: x never falls, equal x is a step; as on the wire, and in numbers."""
    x10, y10 = draw(powers), draw(powers)
    n = draw(st.integers(least, most))
    xs = sorted(draw(st.lists(whole(*x, x10), min_size=n, max_size=n)))
    ys = draw(st.lists(whole(*y, y10) | st.just(max(0, y[0]) * 10**-y10), min_size=n, max_size=n))
    raw = [point for point, _ in groupby(zip(xs, ys, strict=True))]
    return raw, (x10, y10), [(a * F(10) ** x10, b * F(10) ** y10) for a, b in raw]


def power(drawn):
    return {"multiplier": drawn[1], "value": drawn[0]}, drawn[2]


powers = st.sampled_from((-5, -4, -3, -2, -1, 0))
revisions, versions = st.sampled_from(("2018", "2023")), st.sampled_from(("2.1", "2.1", "2.0.1"))
new, over_21 = st.just("2023"), st.just("2.1")
times = st.none() | st.integers(0, 65535)
per_cent = st.integers(0, 10000)
watts = scaled(0, 40000, (-3, -2, -1, 0, 1), (0, 32767))
either_way = scaled(-30000, 30000, (-4, -3, -2, -1, 0, 1), (-32768, 32767))
least_pf = st.dictionaries(
    st.sampled_from(("setMinPFOverExcited", "setMinPFUnderExcited")),
    st.integers(70, 100).map(lambda n: Decimal(n) / 100),
)
EXPORTS = {"csipaus:opModExpLimW": 1, "csipaus:opModGenLimW": 0, "opModMaxLimWInject": 0}
IMPORTS = {"csipaus:opModImpLimW": 1, "csipaus:opModLoadLimW": 0, "opModMaxLimWAbsorb": 0}
DROOP = ("dBOF", "dBUF", "kOF", "kUF", "openLoopTms")
TRIPS = [  # by their curveType, from 1
    f"{side}RT{region}"
    for side in ("HF", "HV", "LF", "LV")
    for region in ("MayTrip", "MomentaryCessation", "MustTrip")
    if side[1] == "V" or region != "MomentaryCessation"
]

# Fixed values ----------------------------------------------------------------------------------------------


@given(
    at(dialect=read_as("excitation", "as_spec", "inverted"), settings=least_pf),
    st.sampled_from(("Inject", "Absorb")),
    scaled(F(1, 100), 1, (-6, -5, -4, -3, -2, -1), (1, 65535)),
    st.booleans(),
)
def test_power_factors(place, side, displacement, under):
    raw, m, value = displacement
    base = {"displacement": raw, "excitation": under, "multiplier": m}
    owed = o.fixed_pf(place, side, value, under)
    agrees(place, scheduled({f"opModFixedPF{side}W": base}), owed)


@given(at(), st.sampled_from((1, 2, 3, 8)), st.integers(-10000, 10000))
def test_fixed_vars(place, ref, value):
    owed = o.fixed_var(place, ref, F(value, 100))
    agrees(place, scheduled({"opModFixedVar": {"refType": ref, "value": value}}), owed)


@given(
    at(dialect=read_as("droop", "per_unit", "percent")),
    st.tuples(*[st.integers(0, 1000)] * 2, *[st.integers(1, 1000)] * 2, st.integers(0, 65535)),
)
def test_droop(place, numbers):
    base = dict(zip(DROOP, numbers, strict=True))
    agrees(place, scheduled({"opModFreqDroop": base}), o.droop(place, *numbers))


# Curves ----------------------------------------------------------------------------------------------------


@given(
    at(dialect=read_as("vref", "native", "bake_multiplicative", "bake_additive")),
    st.sampled_from((1, 2, 3, 8)),
    lines((80, 120), (-150, 150)),
    times,
    st.none() | st.integers(9000, 10000) | st.just(10000),
)
def test_volt_var(place, ref, line, response, v_ref):
    raw, scales, points = line
    owed = o.var_curve(place, "VoltVar", ref, points, response, v_ref=v_ref)
    curve = a_curve(11, raw, scales, ref, openLoopTms=response, vRef=v_ref)
    agrees(place, linked("opModVoltVar"), owed, curve)


@given(at(), lines((80, 120), (-100, 100)), st.booleans())
def test_volt_var_that_adjusts_itself(place, line, auto):
    raw, scales, points = line
    owed = o.var_curve(place, "VoltVar", 2, points, auto=auto)
    curve = a_curve(11, raw, scales, 2, autonomousVRefEnable=auto)
    agrees(place, linked("opModVoltVar"), owed, curve)


@given(
    at(),
    st.sampled_from((1, 2, 3)),
    lines((0, 100), (-120, 120)) | lines((-100, 100), (-120, 120)),
    times,
)
def test_watt_var(place, ref, line, response):
    raw, scales, points = line
    owed = o.var_curve(place, "WattVar", ref, points, response)
    agrees(place, linked("opModWattVar"), owed, a_curve(14, raw, scales, ref, openLoopTms=response))


@given(
    at(),
    st.tuples(st.just(("VoltWatt", 12)), lines((80, 125), (0, 100)) | lines((80, 125), (-100, 100)))
    | st.tuples(st.just(("FreqWatt", 0)), lines((45, 65), (-120, 120))),
    st.sampled_from((1, 7)),
    times,
)
def test_watt_curves(place, drawn, ref, response):
    (kind, curve_type), (raw, scales, points) = drawn
    owed = o.watt_curve(place, kind, ref, points, response)
    curve = a_curve(curve_type, raw, scales, ref, openLoopTms=response)
    agrees(place, linked(f"opMod{kind}"), owed, curve)


@given(
    at(dialect=read_as("wattpf_y", "as_spec", "inverted")),
    st.lists(st.integers(-10000, 10000), min_size=1, max_size=6, unique=True).map(sorted),
    st.integers(0, 5),
    st.lists(st.integers(50, 99), min_size=6, max_size=6),
    st.tuples(*[st.booleans()] * 3),
)
def test_watt_pf(place, xs, at_unity, factors, excited):
    """A branch, a vertex at unity, another branch."""
    unity = min(at_unity, len(xs) - 1)
    says = [excited[(n > unity) - (n < unity)] for n in range(len(xs))]
    ys = [100 if n == unity else factors[n] for n in range(len(xs))]
    rows = list(zip(says, xs, ys, strict=True))
    owed = o.watt_pf(place, [(F(x, 100), F(y, 100), under) for under, x, y in rows])
    names = ("excitation", "xvalue", "yvalue")
    data = [dict(zip(names, row, strict=True)) for row in rows]
    agrees(place, linked("opModWattPF"), owed, a_curve(13, data, (-2, -2), 0))


@given(
    at(dialect=read_as("trip_axes", "value_x", "time_x")),
    st.sampled_from(TRIPS),
    lines((0, 300), (45, 125), most=6),
    st.booleans(),
    st.booleans(),
)
def test_trips(place, mode, line, falling, ramped):
    (raw, scales, _), kind = line, mode.replace("RT", "").replace("entaryCessation", "Cess")
    ys = sorted((y for _, y in raw), reverse=falling)
    raw = [(x, y) for (x, _), y in zip(raw, ys, strict=True)]
    x1, y1 = (F(10) ** m for m in scales)
    owed = o.trip(place, kind, [(x * x1, y * y1) for x, y in raw])
    owed.losses |= {"drop"} if ramped else set()
    assume(place.can(kind) or not ramped)
    members = {"openLoopTms": 100} if ramped else {}
    ref, curve_type = 4 if "V" in mode[:2] else 0, TRIPS.index(mode) + 1
    agrees(place, linked(f"opMod{mode}"), owed, a_curve(curve_type, raw, scales, ref, **members))


@settings(max_examples=10)
@given(st.lists(st.integers(60, 140), min_size=10, max_size=10))
def test_too_many_points_are_thinned_with_the_error_declared(ys):
    raw = [(85 + 3 * n, (-1) ** n * y) for n, y in enumerate(ys)]
    exact, _ = o.cut([(F(x), F(2 * y)) for x, y in raw])
    curve = a_curve(11, raw, (0, 0), 1)
    vector = a_vector(Place(), linked("opModVoltVar"), o.Owed(), curve)
    gone = travel(book(), case_of(vector, stations()))
    (message,) = gone.value.orders.messages
    sent = [(F(str(p["x"])), F(str(p["y"]))) for p in message.payload["curve"]["curveData"]]
    (error,) = (F(loss.residual) for loss in gone.losses if loss.kind.value == "approximate")
    gaps = [abs(height(sent, x) - y) for x, y in exact]
    assert len(sent) == 10
    assert abs(max(gaps) - error) < F(1, 50)  # what rounding x to 4 decimals makes of a slope


def height(points, x):
    """y of a polyline at x."""
    (x0, y0), (x1, y1) = next(pair for pair in pairwise(points) if x <= pair[1][0])
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


# Defaults --------------------------------------------------------------------------------------------------


@given(
    at(dialect=read_as("gradient", "pct_per_s", "seconds_full_scale")),
    per_cent | st.just(0),
    per_cent | st.just(0),
)
def test_gradients(place, gradient, soft):
    owed = o.gradients(place, gradient, soft)
    agrees(place, default({"setGradW": gradient, "setSoftGradW": soft}), owed)


NEEDED = {"HighFreq": (5000, 6200), "HighVolt": (10000, 12000), "LowFreq": (4700, 5000)}
NEEDED |= {"LowVolt": (8000, 10000)}
OPTIONAL = {"Delay": (0, 60000), "RampTms": (1, 100000), "RandomDelay": (0, 100000)}
READINGS = [{"enter_service_voltage": v} for v in ("pct", "volts")]


@given(
    at(
        dialect=st.builds(
            lambda v, r: v | {"enter_service_ramp": r},
            st.sampled_from(READINGS),
            st.sampled_from(("seconds", "pct_per_s")),
        )
    ),
    st.fixed_dictionaries(
        {key: st.integers(*bounds) for key, bounds in NEEDED.items()},
        optional={key: st.integers(*bounds) for key, bounds in OPTIONAL.items()},
    ),
)
def test_enter_service(place, es):
    agrees(place, default({f"setES{key}": es[key] for key in es}), o.enter_service(place, es))


@given(at("AB"), st.tuples(*[st.integers(1, 1000)] * 5))
def test_controls_as_defaults(place, n):
    assume(place.version == "2.1")
    base = {
        "opModFixedVar": {"refType": 2, "value": n[0]},
        "opModFreqDroop": dict(zip(DROOP, n, strict=True)),
        "opModMaxLimW": n[1],
    }
    owed = o.fixed_var(place, 2, F(n[0], 100)) + o.droop(place, *n)
    owed += o.export_limit(place, percent=F(n[1], 100))
    agrees(place, default({"DERControlBase": base}), o.standing(owed))


# Limits and setpoints --------------------------------------------------------------------------------------

running = at(
    "AB", running=st.integers(-10000, 20000).map(F), transaction=st.just(True), version=over_21
)


@given(at() | running, per_cent)
def test_the_export_limit_in_percent(place, value):
    owed = o.export_limit(place, percent=F(value, 100))
    agrees(place, scheduled({"opModMaxLimW": value}), owed)


@given(at(revision=new) | running, st.sampled_from(sorted(EXPORTS)), watts)
def test_export_limits_in_watts(place, mode, drawn):
    assume(place.revision == "2023" or "csipaus" in mode)
    base, value = power(drawn)
    owed = o.export_limit(place, watts=value, scope=EXPORTS[mode])
    agrees(place, scheduled({mode: base}), owed)


@given(at(), st.sampled_from(sorted(IMPORTS)), watts)
def test_import_limits_in_watts(place, mode, drawn):
    assume(place.revision == "2023" or "csipaus" in mode)
    base, value = power(drawn)
    agrees(place, scheduled({mode: base}), o.import_limit(place, value, scope=IMPORTS[mode]))


@given(at() | running, watts, watts)
def test_an_envelope_bounds_both_ways(place, drawn, other):
    (out, export), (into, limit) = power(drawn), power(other)
    owed = o.export_limit(place, watts=export, scope=True)
    owed += o.import_limit(place, limit, scope=True)
    agrees(place, scheduled({"csipaus:opModExpLimW": out, "csipaus:opModImpLimW": into}), owed)


@given(at(revision=new), per_cent)
def test_the_import_limit_in_percent(place, value):
    owed = o.import_limit(place, F(value, 10000) * place["MaxChargeRateW"])
    agrees(place, scheduled({"opModMaxLimPctWAbsorb": value}), owed)


any_policy = st.just({}) | read_as("fixed_w_positive_base", "setMaxW", "setMaxDischargeRateW")
perhaps = st.sampled_from((True, True, False))


@given(at(policy=any_policy, transaction=perhaps), st.integers(-10000, 10000))
def test_fixed_watts(place, value):
    agrees(place, scheduled({"opModFixedW": value}), o.fixed_w(place, F(value, 100)))


@given(at(transaction=perhaps), st.none() | either_way, either_way)
def test_targets(place, var, watt):
    base, value = power(watt)
    base, exact = {"opModTargetW": base}, None
    if var is not None:
        base["opModTargetVar"], exact = power(var)
    agrees(place, scheduled(base), o.setpoint(place, value, exact))


@given(at(transaction=perhaps), st.sampled_from(("opModConnect", "opModEnergize")))
def test_cease_to_energize(place, mode):
    agrees(place, scheduled({mode: False}), o.cease(place))


@given(
    at("AB", version=over_21, transaction=st.just(True)),
    st.lists(st.integers(1, 10000), min_size=6, max_size=6),
    st.sets(st.integers(0, 6), min_size=1),
    st.booleans(),
)
def test_controls_together(place, n, chosen, ramped):
    """Each control is carried as if it were alone, but our own setpoint keeps our own limit."""
    charge = o.fixed_w(place, -F(n[5], 100))
    if 4 in chosen and F(n[5], 10000) * place["MaxChargeRateW"] > n[3]:
        charge = o.setpoint(place, F(-n[3]), losses={"clip"})
    factor = {"displacement": n[4], "excitation": True, "multiplier": -4}
    limit = o.import_limit(place, F(n[3]), scope=True)
    every = [
        ("opModFixedPFInjectW", factor, o.fixed_pf(place, "Inject", F(n[4], 10000), under=True)),
        ("opModFixedPFAbsorbW", factor, o.fixed_pf(place, "Absorb", F(n[4], 10000), under=True)),
        ("opModFixedVar", {"refType": 1, "value": n[0]}, o.fixed_var(place, 1, F(n[0], 100))),
        ("opModMaxLimW", n[1], o.export_limit(place, percent=F(n[1], 100))),
        ("csipaus:opModImpLimW", {"multiplier": 0, "value": n[3]}, limit),
        ("opModFixedW", -n[5], charge),
        ("opModLFRTMayTrip", "", o.lacking(place)),
    ]
    taken = [every[index] for index in sorted(chosen)]
    owed = sum((owed for _, _, owed in taken), o.Owed())
    base = {mode: value for mode, value, _ in taken}
    if ramped:
        base["rampTms"] = 100
        owed.losses |= {"drop"} if owed.messages else set()
    agrees(place, scheduled(base), owed)


# The oracle itself -----------------------------------------------------------------------------------------


def test_the_oracle_has_the_figures_of_a_published_vector():
    owed = o.fixed_var(Place("B"), 1, F(-20))  # GV06a
    assert owed.messages[0]["payload"]["fixedVar"]["setpoint"] == Decimal("-72.7273")
    assert owed.losses == {"rebase", "round"}


def test_a_difference_is_seen():
    control = scheduled({"opModFixedVar": {"refType": 1, "value": -2000}})
    assert differences(Place("B"), control, o.fixed_var(Place("A"), 1, F(-20)))
