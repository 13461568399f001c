"""Builders for translations: real mapping book, exact numbers, no I/O beyond reading the mappings."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from gateway.settings.packs import shipped_book
from translators.canonical.capability import (
    Current,
    Dialect,
    Evse,
    Ratings,
    Situation,
    StationProfile,
    Transaction,
)
from translators.canonical.commands import DerCommand, Interval, Origin, Protocol, Revision, Target
from translators.canonical.controls import (
    ActiveSetpoint,
    Alert,
    ApparentLimit,
    ChargeStateTarget,
    Connect,
    Energize,
    EnterService,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    FreqDroop,
    FreqWatt,
    Gradients,
    GridConnectPermit,
    IslandPermit,
    LimitOn,
    LimitScope,
    PowerFactorVertex,
    PowerLimit,
    PowerMonitoring,
    Price,
    Quantity,
    ReactiveLimit,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    TripCurve,
    TripQuantity,
    TripRegion,
    TripSide,
    VoltageSetpoint,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Curve, Vertex
from translators.chain import to_station
from translators.ieee2030_5.inbound import ProgramContext, to_command
from translators.ieee2030_5.wire import Resource
from translators.units import parse_unit

F = Fraction
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
START = 1796148000
_CURVES = ("FreqWatt", "VoltVar", "VoltWatt", "WattPF", "WattVar")
_TRIPS = tuple(
    f"{side}{region}" for side in ("HV", "LV") for region in ("MustTrip", "MayTrip", "MomCess")
)
_REST = ("EnterService", "FreqDroop", "FixedPFAbsorb", "FixedPFInject", "FixedVar", "Gradients")
ALL_MODES = frozenset(
    (*_CURVES, *_TRIPS, *_REST, "HFMustTrip", "HFMayTrip", "LFMustTrip", "LimitMaxDischarge")
) | {"PowerMonitoringMustTrip"}
ALL_V2X = frozenset(
    {"Idle", "ChargingOnly", "CentralSetpoint", "CentralFrequency", "LocalFrequency"}
)


def book():
    return shipped_book()


def some_ratings(**changes):
    """Return unequal ratings, so that no base can stand in for another unnoticed."""
    watts = {"max_w": 20000, "max_charge_rate_w": 22000, "max_discharge_rate_w": 16000}
    rest = {"max_va": 25000, "max_var": 10000, "max_var_neg": 8000, "v_nom": 240, "max_a": 32}
    values = {**watts, **rest, **changes}
    return Ratings(**{name: None if v is None else F(str(v)) for name, v in values.items()})


def an_evse(number=1, *, modes=ALL_MODES, v2x=ALL_V2X, units=("W", "A"), phases=3, **ratings):
    return Evse(
        number, Current.DC, phases, some_ratings(**ratings), frozenset(modes), frozenset(v2x), units
    )


def a_station(*evses, version="2.1", nominal=60, **dialect):
    return StationProfile(
        "CS1", version, F(nominal), evses or (an_evse(),), "", "", Dialect(**dialect)
    )


def charge_only(version="2.1", units=("A",), **ratings):
    silent = {"max_w": None, "max_discharge_rate_w": None, "max_var": None, "max_var_neg": None}
    evse = an_evse(modes=(), v2x=(), units=units, **{**silent, "v_nom": 230, **ratings})
    return a_station(evse, version=version, nominal=50)


def running(watts=None, evse=1, name="tx-1"):
    return Transaction(evse, name, None if watts is None else F(watts))


def situation(*transactions, settings=None, **policy):
    numbers = {name: F(str(value)) for name, value in (settings or {}).items()}
    return Situation(tuple(transactions), numbers, policy)


def q(text):
    """Return the quantity `number unit`."""
    number, _, unit = text.partition(" ")
    return Quantity(F(number), parse_unit(unit))


def vertices(text):
    """Return vertices from `x y, x y`."""
    return tuple(Vertex(*map(F, pair.split())) for pair in text.split(",") if pair.strip())


def curve(points, y="pct[setMaxVar]", x="pct[V_ref]"):
    return Curve(vertices(points), parse_unit(x), parse_unit(y))


def factors(text):
    """Return watt-PF vertices from `x displacement over|under, …`."""
    rows = (row.split() for row in text.split(","))
    return tuple(PowerFactorVertex(F(x), F(d), Excitation(e)) for x, d, e in rows)


def pf(displacement="0.95", excitation="under", flow="injecting"):
    return FixedPowerFactor(F(displacement), Excitation(excitation), Flow(flow))


def limit(on, value, scope="device"):
    return PowerLimit(LimitOn(on), q(value), LimitScope(scope))


def trip(points, *, quantity="voltage", side="high", region="must_trip"):
    unit = parse_unit("Hz" if quantity == "frequency" else "pct[V_ref]")
    return TripCurve(
        TripQuantity(quantity), TripSide(side), TripRegion(region), vertices(points), unit
    )


def droop(**changes):
    values = {"over_deadband": F("0.036"), "under_deadband": F("0.04"), "over_droop": F("0.05")}
    rest = {"under_droop": F("0.03"), "response_time": F(5)}
    return FreqDroop(**{**values, **rest, **changes})


def enter_service(**changes):
    numbers = {
        "high_voltage": F(105),
        "low_voltage": F("91.7"),
        "high_frequency": F("60.1"),
        "low_frequency": F("59.5"),
        "delay": F(300),
        "random_delay": F(20),
        "ramp_time": F(250),
    }
    return EnterService(**{**numbers, **changes})


EVERY_CONTROL = (
    pf(),
    pf("0.9", "over", "absorbing"),
    FixedVar(q("-44 pct[setMaxVar]")),
    VoltVar(curve("92 44, 98 0, 102 0, 108 -44"), F(5), F(97), v_ref_auto=True),
    VoltWatt(curve("106 100, 110 0", "pct[setMaxW]"), F(10), generation_only=True),
    WattVar(curve("50 0, 100 -44", x="pct[setMaxW]")),
    WattPowerFactor(factors("50 1 over, 100 0.95 under"), parse_unit("pct[setMaxW]"), F(3)),
    FreqWatt(curve("60.04 100, 62 0", "pct[setMaxW]", "Hz")),
    droop(p_min=F(10)),
    *(
        trip("110 13, 120 0.16", quantity=quantity, side=side, region=region)
        for quantity in TripQuantity
        for side in TripSide
        for region in TripRegion
    ),
    PowerMonitoring(curve("0 120, 60 110, 60 100", "pct[setMaxDischargeRateW]", "s")),
    enter_service(),
    Gradients(F("0.27"), F("0.33")),
    limit("import", "7000 W", "connection_point"),
    limit("export", "5000 W", "connection_point"),
    limit("generation", "60 pct[setMaxW]"),
    limit("load", "50 pct[setMaxChargeRateW]"),
    ReactiveLimit(Flow.INJECTING, q("2000 var")),
    ApparentLimit(Flow.ABSORBING, q("50 pct[setMaxVA]")),
    ActiveSetpoint(q("-50 pct[setMaxW|setMaxChargeRateW]")),
    ReactiveSetpoint(q("2000 var")),
    RelativeActiveSetpoint(q("-500 W")),
    RelativeReactiveSetpoint(q("500 var")),
    VoltageSetpoint(q("240 V")),
    StorageTarget(q("500 W")),
    ChargeStateTarget(F("0.8")),
    Connect(connected=False),
    Energize(energized=True),
    GridConnectPermit(permitted=False),
    IslandPermit(permitted=True),
    Price(F("0.17"), "USD/kWh", export=True),
    Alert("GRID_EMERGENCY", "hot day"),
)
"""At least one of each member of `DerControl`."""


def a_command(*controls, **changes):
    origin = Origin("dso", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018, "P1", "/derc/1", "00ff")
    fields = {
        "mrid": "0A",
        "origin": origin,
        "target": Target("CS1"),
        "controls": controls,
        "primacy": 7,
        "created": NOON - timedelta(hours=1),
        "server_time": NOON,
        "interval": Interval(NOON, NOON + timedelta(hours=1)),
    }
    return DerCommand(**{**fields, **changes})


def a_default(*controls, **changes):
    return a_command(*controls, interval=None, is_default=True, **changes)


def translated(*controls, station=None, situation=None, default=False, **changes):
    """Return the translation of a command with these controls for one station."""
    make = a_default if default else a_command
    return to_station(
        book(), make(*controls, **changes), station or a_station(), situation or Situation()
    )


def payloads(translation, action=None):
    return [m.payload for m in translation.value.messages if action in {None, m.action}]


def only(translation):
    """Return the one payload of a translation that owes exactly one message."""
    (message,) = translation.value.messages
    return message.payload


def body(translation):
    """Return the member of the one SetDERControl besides its envelope, without times and priority."""
    (slot,) = (value for value in only(translation).values() if isinstance(value, dict))
    return {k: v for k, v in slot.items() if k not in {"startTime", "duration", "priority"}}


def xy(translation):
    return [(point["x"], point["y"]) for point in only(translation)["curve"]["curveData"]]


def period(payload):
    """Return the one period of a charging profile without its start."""
    (schedule,) = payload["chargingProfile"]["chargingSchedule"]
    (first,) = schedule["chargingSchedulePeriod"]
    assert first["startPeriod"] == 0
    return {key: value for key, value in first.items() if key != "startPeriod"}


def kinds(translation):
    return sorted(loss.kind.value for loss in translation.losses)


def refused(translation):
    return [(r.outcome.value, r.function) for r in translation.refusals]


def el(name, *inside, **attributes):
    """Return an element with a text or with children."""
    children = tuple(child for child in inside if isinstance(child, Resource))
    text = "".join(str(part) for part in inside if not isinstance(part, Resource))
    return Resource(name, text=text, attributes=attributes, children=children)


def fields(name, *inside, **values):
    """Return an element whose children hold these texts, in order."""
    return el(name, *inside, *(el(key, str(value)) for key, value in values.items()))


def a_dercontrol(*base, href="/derc/1", extra=(), **attributes):
    return el(
        "DERControl",
        el("mRID", "0a"),
        el("creationTime", START - 3600),
        fields("interval", duration=3600, start=START),
        el("DERControlBase", *base),
        *extra,
        href=href,
        **attributes,
    )


def a_default_control(*beside, base=()):
    return el(
        "DefaultDERControl", el("mRID", "0d"), el("DERControlBase", *base), *beside, href="/dd"
    )


def a_dercurve(curve_type, points, **members):
    """Return a DERCurve from `x y` or `x y true|false` (excitation) rows."""
    values = {"xMultiplier": 0, "yMultiplier": 0, "yRefType": 2, **members}
    rows = [row.split() for row in points.split(",") if row.strip()]
    data = [
        fields("CurveData", **dict(zip(("xvalue", "yvalue", "excitation"), row, strict=False)))
        for row in rows
    ]
    return fields("DERCurve", *data, curveType=curve_type, **values)


def in_program(revision="2018", **changes):
    known = {"utility": "dso", "station": "CS1", "program": "P1", "primacy": 7, "server_time": NOON}
    return ProgramContext(**{**known, "revision": Revision(revision), **changes})


def read(control, links=None, revision="2018", **context):
    """Return the command that a document is."""
    return to_command(book(), control, links or {}, in_program(revision, **context))


def read_one(*base, links=None, revision="2018"):
    """Return the one control that a DERControlBase asks for, and its translation."""
    translation = read(a_dercontrol(*base), links, revision)
    (control,) = translation.value.controls
    return control, translation
