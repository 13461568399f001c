"""What 100 % means at a station, and the step from one base to another."""

import pytest

from support.translation import F, a_station, an_evse, q, situation
from translators.errors import MappingError
from translators.rules.bases import Bases, check_bases, kind_of
from translators.rules.values import Trace, Unmet
from translators.units import Base, Kind, parse_unit

KNOWN = {
    Base.MAX_W: Kind.POWER,
    Base.MAX_CHARGE_W: Kind.POWER,
    Base.MAX_DISCHARGE_W: Kind.POWER,
    Base.MAX_VAR: Kind.REACTIVE,
    Base.MAX_VAR_NEG: Kind.REACTIVE,
    Base.MAX_VA: Kind.APPARENT,
    Base.V_NOM: Kind.VOLTAGE,
    Base.V_REF: Kind.VOLTAGE,
}


def at(*evses, **policy):
    return Bases(a_station(*evses), situation(**policy))


def converted(text, unit, bases=None):
    trace = Trace("r", ())
    return (bases or at()).convert(q(text), parse_unit(unit), trace, "here"), trace


@pytest.mark.parametrize("base", Base)
def test_a_base_measures_one_kind_or_varies_with_time(base):
    assert kind_of(base) is KNOWN.get(base)


@pytest.mark.parametrize(
    ("text", "unit", "expected", "losses"),
    [
        ("-44 pct[setMaxVar]", "pct[setMaxVar]", "-44", []),
        ("-44 pct[setMaxVar]", "pct100[setMaxVar]", "-4400", []),
        ("10 pct[setMaxW]", "pct[setMaxVar]", "20", ["rebase"]),
        ("-10 pct[setMaxW]", "pct[setMaxVar]", "-25", ["rebase"]),
        ("-10 pct[setMaxW|setMaxChargeRateW]", "pct[setMaxVar]", "-27.5", ["rebase"]),
        ("10 pct[setMaxW|setMaxChargeRateW]", "pct[setMaxVar]", "20", ["rebase"]),
        ("4 pct[setMaxVA]", "pct[setMaxVar]", "10", ["rebase"]),
        ("60 pct[setMaxW]", "pct[setMaxDischargeRateW]", "75", ["rebase"]),
        ("60 pct[setMaxW]", "W", "12000", []),
        ("-50 pct[setMaxW|setMaxChargeRateW]", "W", "-11000", []),
        ("50 pct[setMaxW]", "kW", "10", []),
        ("5000 W", "kW", "5", []),
        ("5 kW", "pct[setMaxW]", "25", []),
        ("5000 W", "pct[setMaxDischargeRateW]", "31.25", []),
        ("-4000 var", "pct[setMaxVar]", "-50", []),
        ("4000 var", "pct[setMaxVar]", "40", []),
        ("12 V", "pct[V_nom]", "5", []),
        ("0 pct[setMaxW]", "pct[setMaxVar]", "0", ["rebase"]),
    ],
)
def test_a_quantity_moves_by_the_ratings_of_the_side_it_is_on(text, unit, expected, losses):
    value, trace = converted(text, unit)
    assert value == F(expected)
    assert [loss.kind.value for loss in trace.losses] == losses


@pytest.mark.parametrize(("text", "unit"), [("5 W", "var"), ("5 var", "VA"), ("5 V", "A")])
def test_watts_var_and_va_never_mix(text, unit):
    with pytest.raises(MappingError, match="W, var, VA never mix"):
        converted(text, unit)


def test_a_rebase_names_the_ratings_that_it_used():
    _, trace = converted("10 pct[setMaxW]", "pct[setMaxVar]")
    (step,) = trace.steps
    assert step.base == "setMaxW = 20000, setMaxVar = 10000"
    assert (step.before, step.after) == ("10", "20")
    assert step.operation == "rebase pct[setMaxW] -> pct[setMaxVar]"


@pytest.mark.parametrize(
    ("evses", "policy", "expected"),
    [
        ([an_evse(1)], {}, 20000),
        ([an_evse(1), an_evse(2)], {}, 40000),
        ([an_evse(1), an_evse(2, max_w=5000)], {"unequal_ratings": "sum"}, 25000),
        (
            [an_evse(1), an_evse(2, max_w=5000)],
            {"unequal_ratings": "refuse"},
            "EVSEs differ in setMaxW",
        ),
        ([an_evse(1), an_evse(2, max_w=5000)], {}, "EVSEs differ in setMaxW"),
        ([an_evse(1), an_evse(2, max_w=None)], {}, "rating setMaxW is not known"),
        ([an_evse(1, max_w=None)], {}, "rating setMaxW is not known"),
        ([an_evse(1, max_w=0)], {}, "rating setMaxW is 0"),
        ([an_evse(1, max_w="-0.5")], {}, "rating setMaxW is -0.5"),
    ],
)
def test_a_rating_is_of_the_whole_station_or_cannot_be_told(evses, policy, expected):
    bases = at(*evses, **policy)
    if isinstance(expected, int):
        assert bases.rating(Base.MAX_W, "here") == expected
        return
    with pytest.raises(Unmet, match=expected) as caught:
        bases.rating(Base.MAX_W, "here")
    assert (caught.value.outcome, caught.value.where) == ("not_applicable", "here")


def test_nominal_voltage_does_not_add_up():
    assert at(an_evse(1), an_evse(2)).rating(Base.V_NOM, "here") == 240


def test_what_varies_with_time_has_no_rating():
    with pytest.raises(Unmet, match="statVarAvail is not known"):
        converted("5 pct[statVarAvail]", "pct[setMaxVar]")


@pytest.mark.parametrize(
    ("evses", "total"),
    [([an_evse(1)], 22000), ([an_evse(1), an_evse(2, max_charge_rate_w=1)], 22001),
     ([an_evse(1), an_evse(2, max_charge_rate_w=None)], None)],
)  # fmt: skip
def test_a_total_is_known_where_every_part_is(evses, total):
    assert at(*evses).total("max_charge_rate_w") == total


@pytest.mark.parametrize(
    ("source", "targets", "rebase", "fits"),
    [
        ("pct[setMaxVar]", ["pct[setMaxVar]"], [], True),
        ("pct[setMaxW]", ["pct[setMaxVar]"], [], False),
        ("pct[setMaxW]", ["pct[setMaxVar]"], ["setMaxW"], True),
        ("pct[setMaxW|setMaxChargeRateW]", ["pct[setMaxW]"], [], False),
        ("pct[setMaxW|setMaxChargeRateW]", ["pct[setMaxW]"], ["setMaxChargeRateW"], True),
        ("pct[setMaxChargeRateW]", ["pct[setMaxW|setMaxChargeRateW]"], [], False),
        ("pct[statVarAvail]", ["pct[setMaxVar]", "pct[statVarAvail]"], [], True),
        ("W", ["pct[setMaxDischargeRateW]"], [], True),
        ("W", ["pct[setMaxVar]"], ["setMaxVar"], False),
        ("pct[setMaxW]", ["W"], [], True),
        ("pct[setMaxW]", ["var"], [], False),
        ("pct[V_nom]", ["V"], [], True),
        ("pct[V_ref]", ["V"], [], True),
        ("Hz", ["pct[V_ref]", "Hz"], [], True),
        ("Hz", ["pct[V_ref]"], [], False),
    ],
)
def test_a_crossing_of_bases_is_declared_or_refused(source, targets, rebase, fits):
    units = tuple(map(parse_unit, targets))
    if fits:
        check_bases(parse_unit(source), units, frozenset(rebase), "r")
    else:
        with pytest.raises(MappingError, match="declare a re-base"):
            check_bases(parse_unit(source), units, frozenset(rebase), "r")


@pytest.mark.parametrize(
    ("text", "unit", "settings", "expected"),
    [
        ("50 pct[setMaxW]", "W", {"setMaxW": 10000}, "5000"),
        ("50 pct[setMaxW]", "pct[setMaxW]", {"setMaxW": 10000}, "25"),
        ("-50 pct[setMaxVar]", "pct[setMaxVar]", {"setMaxVarNeg": -4000}, "-25"),
        ("50 pct[setMaxVar]", "pct[setMaxVar]", {"setMaxVarNeg": -4000}, "50"),
        ("10 pct[setMaxW]", "pct[setMaxVar]", {"setMaxW": 10000}, "10"),
        ("5000 W", "pct[setMaxW]", {"setMaxW": 10000}, "25"),
    ],
)
def test_a_utility_counts_in_what_it_set_and_the_station_in_its_ratings(
    text, unit, settings, expected
):
    bases = Bases(a_station(), situation(settings=settings))
    assert converted(text, unit, bases)[0] == F(expected)


@pytest.mark.parametrize(
    ("set_to", "share"), [(None, "1"), (10000, "1/2"), (-10000, "1/2"), (20000, "1"), (90000, "1")]
)
def test_a_setting_leaves_a_share_of_the_rating_and_never_more_than_all(set_to, share):
    bases = Bases(a_station(), situation(settings={} if set_to is None else {"setMaxW": set_to}))
    assert bases.share(Base.MAX_W) == F(share)
    assert bases.share(None) == 1


def test_zero_is_zero_where_no_rating_is_known():
    bare = at(an_evse(max_w=None, max_var=None))
    assert converted("0 pct[setMaxW]", "W", bare)[0] == 0
    assert converted("0 W", "pct[setMaxW]", bare)[0] == 0
    with pytest.raises(Unmet, match="is not known"):
        converted("0 pct[setMaxW]", "pct[setMaxVar]", bare)


def test_a_share_of_the_reference_voltage_is_of_the_nominal_one_and_never_a_sum():
    two = at(an_evse(1, v_nom=230), an_evse(2, v_nom=230))
    assert converted("253 V", "pct[V_ref]", two)[0] == 110
