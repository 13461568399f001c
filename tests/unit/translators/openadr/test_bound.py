"""Bindings against the rules of a book: what no rule would read is named before any event comes."""

import pytest

from support.translation import book
from translators.openadr.binding import binding_of
from translators.openadr.bound import unread

VOLT_VAR = {
    "curve": "volt_var",
    "x": "pu_of_VNom",
    "y": "pu_of_setMaxVA",
    "y_sign": "inject_positive",
}
TRIP = {"curve": "hv_must_trip", "x": "s", "y": "pct_of_VNom"}


def faults(**binding):
    return list(unread(book(), binding_of({"program": "p", **binding})))


@pytest.mark.parametrize(
    "binding",
    [
        VOLT_VAR,
        {**VOLT_VAR, "response_time_s": 5},
        {**VOLT_VAR, "payload": "X-VV"},
        TRIP,
        {**TRIP, "x": "pu_of_VRef", "y": "s"},
        {"control": "fixed_pf", "excitation": "under"},
        {"control": "droop"},
        {"control": "ramp"},
        {"control": "connect", "payload": "X-CONNECT"},
        {"control": "reactive_setpoint", "y_sign": "absorb_positive"},
        {"negative": "discharge"},
        {"payload": "DISPATCH_SETPOINT_RELATIVE", "negative": "discharge"},
        {"capacity_kwh": 60},
        {"payload": "IMPORT_CAPACITY_LIMIT", "units": "KW"},
        {"payload": "CHARGE_STATE_SETPOINT", "units": "KWH"},
        {"payload": "READING", "y_sign": "inject_positive"},
    ],
    ids=repr,
)
def test_what_rules_read_has_no_fault(binding):
    assert faults(**binding) == []


@pytest.mark.parametrize(
    ("binding", "key", "problem"),
    [
        (
            {k: v for k, v in VOLT_VAR.items() if k != "y_sign"},
            "",
            (
                "no rule reads volt_var of CURVE, "
                "there are volt_var.absorb_positive, volt_var.inject_positive"
            ),
        ),
        (
            {**VOLT_VAR, "y_sign": "export_positive"},
            "",
            "no rule reads volt_var.export_positive of CURVE",
        ),
        (
            {**VOLT_VAR, "x": "%"},
            "x",
            "is '%', none of pu_of_VNom, pct_of_VNom, pu_of_VRef, pct_of_VRef",
        ),
        (
            {**VOLT_VAR, "response_time_s": "fast"},
            "response_time_s",
            "is 'fast', no decimal number",
        ),
        ({**VOLT_VAR, "response_time_s": -1}, "response_time_s", "is -1, not in 0..100000"),
        (
            {**TRIP, "y": "s"},
            "level",
            "is missing, one of pu_of_VNom, pct_of_VNom, pu_of_VRef, pct_of_VRef",
        ),
        ({"control": "fixed_pf"}, "excitation", "is missing, one of over, under"),
        (
            {"control": "fixed_pf", "excitation": "under", "flow": "out"},
            "flow",
            "is 'out', none of injecting, absorbing",
        ),
        ({"payload": "X", "negative": "discharge"}, "", "no rule reads discharge of X"),
        ({"payload": "X", "units": "KW"}, "payload", "no rule reads X, whatever its unit"),
    ],
)
def test_what_no_rule_reads_is_named_by_its_key(binding, key, problem):
    assert faults(**binding) == [(key, problem)]
