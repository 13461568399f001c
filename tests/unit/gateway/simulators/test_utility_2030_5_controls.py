"""What a utility asks for: numbers to the digit, names to the letter, order of the schema."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators.utility_2030_5_records import leaves
from gateway.simulators.utility_2030_5_xml import CSIP_AUS, SEP2


@pytest.mark.parametrize(
    ("part", "name", "values"),
    [
        pytest.param(
            make.fixed_pf("0.95", absorbing_var=True),
            "opModFixedPFInjectW",
            {"displacement": "95", "excitation": "true", "multiplier": "-2"},
            id="power factor, absorbing var, while injecting",
        ),
        pytest.param(
            make.fixed_pf("0.985", absorbing_var=False, direction="absorb"),
            "opModFixedPFAbsorbW",
            {"displacement": "985", "excitation": "false", "multiplier": "-3"},
            id="power factor, injecting var, while absorbing",
        ),
        pytest.param(
            make.fixed_pf(Decimal("0.9"), absorbing_var=True, multiplier=-4),
            "opModFixedPFInjectW",
            {"displacement": "9000", "excitation": "true", "multiplier": "-4"},
            id="power factor with a chosen multiplier",
        ),
        pytest.param(
            make.fixed_pf("1.2", absorbing_var=True),
            "opModFixedPFInjectW",
            {"displacement": "12", "excitation": "true", "multiplier": "-1"},
            id="an impossible power factor is built all the same",
        ),
        pytest.param(
            make.fixed_pf(0, absorbing_var=True),
            "opModFixedPFInjectW",
            {"displacement": "0", "excitation": "true", "multiplier": "0"},
            id="power factor zero",
        ),
        pytest.param(
            make.fixed_var("-30.25", 2),
            "opModFixedVar",
            {"refType": "2", "value": "-3025"},
            id="fixed var, absorbing",
        ),
        pytest.param(
            make.freq_droop(dead_band_mhz=(36, 40), slope=(50, 60), open_loop_tms=500),
            "opModFreqDroop",
            {"dBOF": "36", "dBUF": "40", "kOF": "50", "kUF": "60", "openLoopTms": "500"},
            id="droop, over before under",
        ),
        pytest.param(
            make.target_w(-40000),
            "opModTargetW",
            {"multiplier": "1", "value": "-4000"},
            id="watts beyond 16 bits",
        ),
        pytest.param(
            make.target_var("12.5"),
            "opModTargetVar",
            {"multiplier": "-1", "value": "125"},
            id="half a var",
        ),
        pytest.param(
            make.max_lim_watts(40000, "inject"),
            "opModMaxLimWInject",
            {"multiplier": "0", "value": "40000"},
            id="an unsigned limit has one bit more",
        ),
        pytest.param(
            make.max_lim_watts(0, "absorb"),
            "opModMaxLimWAbsorb",
            {"multiplier": "0", "value": "0"},
            id="zero watts",
        ),
        pytest.param(
            make.import_limit(7000),
            "opModImpLimW",
            {"multiplier": "0", "value": "7000"},
            id="import limit",
        ),
    ],
)
def test_a_part_says_what_was_asked(part, name, values):
    assert part.name == name
    assert leaves(part) == values


@pytest.mark.parametrize(
    ("part", "name", "text"),
    [
        pytest.param(make.fixed_w("-45.5"), "opModFixedW", "-4550", id="charge"),
        pytest.param(make.max_lim_w(80), "opModMaxLimW", "8000", id="limit"),
        pytest.param(make.max_lim_pct_w_absorb("0.01"), "opModMaxLimPctWAbsorb", "1", id="least"),
        pytest.param(make.connect(False), "opModConnect", "false", id="disconnect"),
        pytest.param(make.energize(True), "opModEnergize", "true", id="energize"),
        pytest.param(make.ramp(1000), "rampTms", "1000", id="ramp"),
    ],
)
def test_a_simple_part_says_what_was_asked(part, name, text):
    assert (part.name, part.text, part.namespace) == (name, text, SEP2)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (make.import_limit, "opModImpLimW"),
        (make.export_limit, "opModExpLimW"),
        (make.generation_limit, "opModGenLimW"),
        (make.load_limit, "opModLoadLimW"),
    ],
)
def test_limits_of_csip_aus_carry_its_namespace_and_their_values_do_not(build, name):
    part = build(1500)
    assert (part.name, part.namespace) == (name, CSIP_AUS)
    assert {child.namespace for child in part.children} == {SEP2}
    assert build(1, "http://csipaus.org/ns").namespace == "http://csipaus.org/ns"


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=3))
def test_power_is_exact_or_refused(watts):
    try:
        part = make.target_w(watts)
    except ValueError:
        return
    value, exponent = int(part.at("value")), int(part.at("multiplier"))
    assert -32768 <= value <= 32767
    assert value * Fraction(10) ** exponent == Fraction(watts)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="is no number"):
        make.target_w(value)


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        pytest.param("-0.95", make.UINT16, id="below zero where none may be"),
        pytest.param("123456.78", make.INT16, id="more digits than 16 bits hold"),
        pytest.param(32768, make.INT16, id="one more than 16 bits hold"),
    ],
)
def test_what_does_not_fit_exactly_is_refused(value, valid):
    with pytest.raises(ValueError, match="does not fit"):
        make._scaled(value, valid)


def test_a_chosen_multiplier_that_loses_digits_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        make.fixed_pf("0.955", absorbing_var=True, multiplier=-2)


def test_less_than_a_hundredth_of_a_percent_is_refused():
    with pytest.raises(ValueError, match="hundredths"):
        make.max_lim_w("12.345")


@pytest.mark.parametrize("mode", sorted(make.CURVE_TYPES))
def test_a_curve_is_linked_under_its_mode(mode):
    part = make.curve_link(mode, "/derp/1/dc/1")
    assert (part.name, part.attributes) == (mode, {"href": "/derp/1/dc/1"})


def test_volt_var_is_the_short_form_of_its_link():
    assert make.volt_var("/x") == make.curve_link("opModVoltVar", "/x")


def test_a_mode_without_curve_is_refused():
    with pytest.raises(ValueError, match="follows a curve"):
        make.curve_link("opModMaxLimW", "/x")


def test_the_base_stands_in_the_order_of_the_schema_and_foreign_parts_come_last():
    parts = [
        make.export_limit(1),
        make.ramp(1),
        make.import_limit(1),
        make.volt_var("/x"),
        make.target_w(1),
        make.fixed_var(1, 2),
        make.fixed_pf(1, absorbing_var=True),
        make.fixed_w(1),
        make.connect(True),
    ]
    assert [child.name for child in make.base_node(parts).children] == [
        "opModConnect",
        "opModFixedPFInjectW",
        "opModFixedVar",
        "opModFixedW",
        "opModTargetW",
        "opModVoltVar",
        "rampTms",
        "opModExpLimW",
        "opModImpLimW",
    ]


def test_a_curve_says_only_what_it_was_given():
    curve = make.Curve("opModVoltVar", [(92, 44), (98, 0)], y_ref_type=2)
    node = curve.node("AA", "/derp/1/dc/1", 1700000000)
    assert [child.name for child in node.children] == [
        "mRID",
        "creationTime",
        "CurveData",
        "CurveData",
        "curveType",
        "xMultiplier",
        "yMultiplier",
        "yRefType",
    ]
    assert leaves(node)["curveType"] == "11"
    assert node.attributes == {"href": "/derp/1/dc/1"}


def test_a_curve_says_everything_it_was_given():
    curve = make.Curve(
        "opModWattPF",
        [(0, 100, True), (100, 95, False)],
        x_multiplier=-2,
        y_multiplier=-3,
        y_ref_type=1,
        open_loop_tms=500,
        v_ref=10000,
        ramp_dec_tms=1,
        ramp_inc_tms=2,
        ramp_pt1_tms=3,
        autonomous_v_ref=True,
        autonomous_v_ref_tms=30000,
        description="watt-pf",
    )
    values = leaves(curve.node("AA", "/c", 5))
    assert values == {
        "mRID": "AA",
        "description": "watt-pf",
        "autonomousVRefEnable": "true",
        "autonomousVRefTimeConstant": "30000",
        "creationTime": "5",
        "CurveData/excitation": "true",
        "CurveData/xvalue": "0",
        "CurveData/yvalue": "100",
        "curveType": "13",
        "openLoopTms": "500",
        "rampDecTms": "1",
        "rampIncTms": "2",
        "rampPT1Tms": "3",
        "vRef": "10000",
        "xMultiplier": "-2",
        "yMultiplier": "-3",
        "yRefType": "1",
    }


def test_a_control_keeps_its_randomisation_apart():
    made = make.control(100, 60, make.connect(True), mrid="ab", randomize=(-5, None))
    assert (made.randomize_start, made.randomize_duration) == (-5, None)
    assert (made.start, made.duration, made.mrid) == (100, 60, "ab")
