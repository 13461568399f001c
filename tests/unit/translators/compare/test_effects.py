"""What two books make of one document."""

from dataclasses import replace
from functools import cache

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.translation import (
    a_default_control,
    a_dercontrol,
    a_station,
    an_evse,
    el,
    fields,
    in_program,
    running,
)
from translators.canonical.capability import Situation
from translators.chain import Case, load_book
from translators.compare import Direction, MessageChange, NumberChange, effect
from translators.ieee2030_5.inbound import Served

FIXED_VAR = fields("opModFixedVar", refType=1, value=-2000)
IMPORT = fields("opModImpLimW", multiplier=0, value=7000)
PERIOD = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[0]"


def a_case(*base, station=None):
    served = Served(a_dercontrol(*base), {}, in_program())
    return Case(served, station or a_station(), Situation())


@cache
def changed(path, old, new, rule=""):
    """Return the shipped rules with the first `old` of a file, or of one rule in it, replaced."""
    files = mapping_files()
    head, name, tail = files[path].partition(f"  id: {rule}\n" if rule else "")
    assert old in tail
    return load_book({**files, path: head + name + tail.replace(old, new, 1)})


def rounded(rule, places):
    """Return the shipped rules with other digits after the point in one rule of OCPP 2.1."""
    return changed("ocpp/2.1.yaml", "places: 4", f"places: {places}", rule)


def test_equal_books_change_nothing():
    found = effect("d", a_case(FIXED_VAR), shipped_book(), shipped_book())
    assert not found.changed
    assert (found.document, found.mrid, found.station) == ("d", "0A", "CS1")


def test_a_number_changes_by_so_much():
    found = effect("d", a_case(FIXED_VAR), shipped_book(), rounded("ocpp21.fixed_var", 0))
    assert found.numbers == ()
    narrow = a_station(an_evse(max_w=10000, max_var_neg=2750))
    found = effect(
        "d", a_case(FIXED_VAR, station=narrow), shipped_book(), rounded("ocpp21.fixed_var", 0)
    )
    assert found.numbers == (
        NumberChange(
            "SetDERControl FixedVar",
            "fixedVar/setpoint",
            -72.7273,
            -73,
            "-0.2727",
            Direction.OTHER,
        ),
    )
    assert found.changed


def test_a_limit_that_falls_is_safer():
    amps = a_station(an_evse(units=("A",), v_nom=230, phases=3, modes=(), v2x=()))
    found = effect(
        "d", a_case(IMPORT, station=amps), shipped_book(), rounded("ocpp21.import_limit", 0)
    )
    (number,) = found.numbers
    assert (number.path, number.before, number.after) == (f"{PERIOD}/limit", 10.1449, 10)
    assert (number.by, number.direction) == ("-0.1449", Direction.SAFER)
    assert found.directions == (Direction.SAFER,)
    assert found.lost == (f"round {PERIOD}/limit: 0 decimals",)
    assert found.kept == (f"round {PERIOD}/limit: 4 decimals",)


def test_a_limit_that_no_rule_reads_any_more_is_looser_and_refused():
    path, rule = "ieee2030_5/csip-aus.yaml", "csip_aus.import_limit"
    blind = changed(path, "elements: [opModImpLimW]", "elements: [opModX]", rule)
    found = effect("d", a_case(IMPORT, FIXED_VAR), shipped_book(), blind)
    (message,) = found.messages
    assert message == MessageChange(
        "SetChargingProfile ChargingStationMaxProfile EVSE 0",
        ("PowerLimit.import.connection_point",),
        sent=False,
        direction=Direction.LOOSER,
    )
    (refused,) = found.refused
    assert refused.startswith("DERControlBase/opModImpLimW not_supported: no rule")
    assert found.outcomes == ((), ("not_supported",))
    back = effect("d", a_case(IMPORT, FIXED_VAR), blind, shipped_book())
    assert back.accepted == found.refused
    assert back.messages == (replace(message, sent=True, direction=Direction.SAFER),)


def volt_watt():
    curve = el("opModVoltWatt", href="/c")
    points = [fields("CurveData", xvalue=x, yvalue=y) for x, y in ((106, 100), (110, 0))]
    linked = fields("DERCurve", *points, curveType=12, xMultiplier=0, yMultiplier=0, yRefType=1)
    served = Served(a_dercontrol(curve), {"/c": linked}, in_program())
    return Case(served, a_station(), Situation())


def test_another_unit_says_nothing_about_its_number():
    unit = '"pct[setMaxW]": PctMaxW'
    other = changed("ocpp/2.1.yaml", unit, '"pct[setMaxW]": PctWAvail', "ocpp21.volt_watt")
    (number,) = effect("d", volt_watt(), shipped_book(), other).numbers
    assert (number.before, number.after, number.by) == ("PctMaxW", "PctWAvail", "")
    assert number.direction is Direction.OTHER


def test_a_curve_of_allowed_power_that_sinks_is_safer():
    bounds = "clip: [-100.0, 100.0]"
    cut = changed("ocpp/2.1.yaml", bounds, "clip: [-100.0, 50.0]", "ocpp21.volt_watt")
    found = effect("d", volt_watt(), shipped_book(), cut)
    assert {number.direction for number in found.numbers} == {Direction.SAFER}
    assert {number.path for number in found.numbers} >= {"curve/curveData[0]/y"}
    assert any(number.before is None for number in found.numbers)


def test_messages_of_one_kind_keep_apart_and_defaults_are_named():
    two = Situation((running(9000, name="a"), running(8000, name="b")))
    limit = fields("opModExpLimW", multiplier=0, value=5000)
    other = changed(
        "ocpp/2.1.yaml", "clip: [0.0, 100.0]", "clip: [0.0, 9.0]", "ocpp21.export_limit"
    )
    default = Served(a_default_control(base=(limit,)), {}, in_program())
    (number,) = effect("d", Case(default, a_station(), Situation()), shipped_book(), other).numbers
    assert number.message == "SetDERControl LimitMaxDischarge default"
    blind = changed(
        "ieee2030_5/csip-aus.yaml",
        "elements: [opModExpLimW]",
        "elements: [opModX]",
        "csip_aus.export_limit",
    )
    case = replace(a_case(limit, FIXED_VAR), situation=two)
    assert [m.message for m in effect("d", case, shipped_book(), blind).messages] == [
        "SetChargingProfile TxProfile EVSE 1",
        "SetChargingProfile TxProfile EVSE 1 (2)",
        "SetDERControl LimitMaxDischarge",
    ]
