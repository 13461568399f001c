"""Contracts of programs: what each key asks for, and which are refused."""

from decimal import Decimal

import pytest

from translators.errors import DocumentError
from translators.openadr.binding import Binding, binding_of


def bound(**keys):
    made = binding_of({"program": "p", **keys})
    return made.payload, made.variant


@pytest.mark.parametrize(
    ("keys", "payload", "variant"),
    [
        pytest.param({"curve": "volt_watt"}, "CURVE", "CURVE.volt_watt", id="a curve"),
        pytest.param(
            {"curve": "volt_var", "y_sign": "inject_positive"},
            "CURVE",
            "CURVE.volt_var.inject_positive",
            id="a curve with a sign",
        ),
        pytest.param(
            {"control": "droop"}, "CONTROL_SETPOINT", "CONTROL_SETPOINT.droop", id="a control"
        ),
        pytest.param(
            {"payload": "X_VAR", "control": "fixed_var", "y_sign": "absorb_positive"},
            "X_VAR",
            "CONTROL_SETPOINT.fixed_var.absorb_positive",
            id="a private type",
        ),
        pytest.param(
            {"negative": "discharge"},
            "DISPATCH_SETPOINT",
            "DISPATCH_SETPOINT.discharge",
            id="discharge",
        ),
        pytest.param(
            {"payload": "DISPATCH_SETPOINT_RELATIVE", "negative": "discharge"},
            "DISPATCH_SETPOINT_RELATIVE",
            "DISPATCH_SETPOINT_RELATIVE.discharge",
            id="relative discharge",
        ),
        pytest.param(
            {"control": "droop", "x": "Hz", "y": "pu"},
            "CONTROL_SETPOINT",
            "CONTROL_SETPOINT.droop",
            id="axes that are what they must be",
        ),
        pytest.param({"capacity_kwh": 60}, "CHARGE_STATE_SETPOINT", "", id="a capacity"),
        pytest.param(
            {"payload": "IMPORT_CAPACITY_LIMIT", "units": "KW"},
            "IMPORT_CAPACITY_LIMIT",
            "",
            id="a unit",
        ),
    ],
)
def test_a_contract_picks_the_reading_of_a_payload(keys, payload, variant):
    assert bound(**keys) == (payload, variant)


def test_values_of_a_contract_are_texts():
    made = binding_of({"program": "p", "curve": "volt_watt", "response_time_s": Decimal("2.5")})
    assert made == Binding(
        "p", "CURVE", "CURVE.volt_watt", {"curve": "volt_watt", "response_time_s": "2.5"}
    )


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        pytest.param(
            {"curv": "x"}, "curv: is no key of a binding; did you mean 'curve'?", id="typo"
        ),
        pytest.param({"zzz": "x"}, "zzz: is no key of a binding (rule", id="unknown key"),
        pytest.param(
            {"curve": "volt_vat"}, "curve = 'volt_vat': is no such reading; did you", id="curve"
        ),
        pytest.param({"control": "zz"}, "there are connect, droop, energize", id="control"),
        pytest.param({"curve": "volt_var", "y_sign": "up"}, "y_sign = 'up'", id="sign"),
        pytest.param({"negative": "ignore"}, "there are discharge", id="negative"),
        pytest.param({"units": "KW"}, "payload: says neither", id="no payload"),
        pytest.param({"curve": "volt_var", "control": "droop"}, "curve: stands beside", id="both"),
        pytest.param(
            {"curve": "volt_var", "flow": "injecting"}, "flow: says nothing", id="unheard"
        ),
        pytest.param({"control": "ramp", "y": "pu"}, "y: says nothing in this", id="no axis"),
        pytest.param({"payload": "X", "y": "pu"}, "y: says nothing in this", id="no reading"),
        pytest.param({"control": "droop", "x": "mHz"}, "x = 'mHz': can only be 'Hz'", id="unit"),
        pytest.param({"curve": True}, "curve: is neither text nor number", id="a boolean"),
        pytest.param({"x": None, "curve": "volt_var"}, "x: is neither text nor", id="null"),
        pytest.param({"program": "", "curve": "volt_var"}, "program: is missing", id="no program"),
    ],
)
def test_a_contract_that_says_something_else_is_refused_by_key(keys, problem):
    with pytest.raises(DocumentError) as caught:
        bound(**keys)
    assert problem in str(caught.value)
