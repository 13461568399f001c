"""Signs, hundredths of a per cent, and limits that could go out looser than they came."""

import pytest

from support.lintbench import (
    CURVE_SOURCE,
    CURVE_TARGET,
    LIMIT_SOURCE,
    LIMIT_TARGET,
    SETPOINT_SOURCE,
    SETPOINT_TARGET,
    SOURCE,
    TARGET,
    found,
    lines,
    the_one,
)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param(LIMIT_SOURCE, LIMIT_TARGET, id="limit"),
        pytest.param(CURVE_SOURCE, CURVE_TARGET, id="curve"),
        pytest.param(SETPOINT_SOURCE, SETPOINT_TARGET, id="setpoint"),
    ],
)
def test_clean_rules_have_no_finding(source, target):
    assert lines(found(source, target)) == []


def test_a_setpoint_of_a_profile_changes_its_sign():
    line = the_one(found(SETPOINT_SOURCE, SETPOINT_TARGET, ("negate: true, ", "")))
    assert line == (
        "target.yaml:7: error: ocpp21.setpoint@1.0.0: setpoint counts + as charging or absorbing; "
        "add negate: true"
    )


def test_a_limit_of_a_profile_keeps_its_sign():
    turned = ("limit: {from: value, unit: W,", "limit: {from: value, unit: W, negate: true,")
    line = the_one(found(SETPOINT_SOURCE, SETPOINT_TARGET, turned))
    assert line == (
        "target.yaml:8: error: ocpp21.setpoint@1.0.0: limit is a magnitude: it has no sign to turn"
    )


def test_a_der_control_keeps_its_sign():
    line = the_one(
        found(SOURCE, TARGET, ("    rebase: [setMaxW]", "    negate: true\n    rebase: [setMaxW]"))
    )
    assert line.startswith(
        "target.yaml:9: error: ocpp21.fixed_var@1.0.0: setpoint would change its sign; drop negate"
    )


def test_hundredths_taken_for_per_cents_are_an_error():
    line = the_one(found(LIMIT_SOURCE, LIMIT_TARGET, ("pct100[setMaxW]", "pct[setMaxW]")))
    assert line == (
        "source.yaml:9: error: ieee2030_5.limit@1.0.0: up to 10000 per cent by its range; "
        "did you mean pct100[setMaxW]?"
    )


def test_per_cents_taken_for_hundredths_are_an_error():
    line = the_one(found(LIMIT_SOURCE, LIMIT_TARGET, ("range: [0, 10000]", "range: [0, 100]")))
    assert line == (
        "source.yaml:9: error: ieee2030_5.limit@1.0.0: at most 100 hundredths of a per cent; "
        "did you mean pct[setMaxW]?"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param(
            "mode: down", "mode: half_even", "is a limit, rounded half_even", id="rounded up"
        ),
        pytest.param(
            "clip: [0.0, 100.0], ", "", "without an upper bound; clip: [0.0", id="no clip"
        ),
        pytest.param("[0.0, 100.0]", "[0.0, 110.0]", "may go beyond its rating", id="wide clip"),
        pytest.param(
            "[0.0, 100.0]", "[5.0, 100.0]", "is a limit that is raised to 5.0", id="raised"
        ),
        pytest.param("clip:", "default: 100, clip:", "is a limit that nobody gave", id="made up"),
        pytest.param("clip:", "codec: droop, clip:", "moved after its unit", id="codec"),
    ],
)
def test_a_limit_that_could_go_out_looser_is_an_error(old, new, problem):
    line = the_one(found(LIMIT_SOURCE, LIMIT_TARGET, (old, new)))
    assert line.startswith("target.yaml:10: error: ocpp21.limit@1.0.0: pctMaxDischargePower ")
    assert problem in line


def test_a_limit_in_watts_needs_no_upper_bound_and_may_not_be_raised():
    in_watts = ('unit: "pct[setMaxW]", clip: [0.0, 100.0],', "unit: W, rebase: [setMaxW],")
    assert found(LIMIT_SOURCE, LIMIT_TARGET, in_watts) == ()
    raised = (in_watts[0], "unit: W, rebase: [setMaxW], clip: [1000.0, 22000.0],")
    assert "is a limit that is raised to 1000.0" in the_one(
        found(LIMIT_SOURCE, LIMIT_TARGET, raised)
    )


def test_a_limit_in_place_of_a_setpoint_is_rounded_down_too():
    line = the_one(found(SETPOINT_SOURCE, SETPOINT_TARGET, ("mode: down", "mode: half_even")))
    assert "limit is a limit, rounded half_even; mode: down, the restrictive side" in line


def test_a_field_that_is_only_ignored_is_no_finding():
    ignored = "ignored:\n  - {field: vRef, loss: drop, reason: no use}\nguards:"
    assert found(CURVE_SOURCE, CURVE_TARGET, ("guards:", ignored)) == ()


def test_a_field_that_is_read_and_ignored_is_an_error():
    both = "ignored:\n  - {field: yMultiplier, loss: drop, reason: no use}\nguards:"
    line = the_one(found(CURVE_SOURCE, CURVE_TARGET, ("guards:", both)))
    assert line == (
        "source.yaml:15: error: ieee2030_5.volt_watt@1.0.0: yMultiplier is read and ignored; "
        "drop one of the two"
    )
