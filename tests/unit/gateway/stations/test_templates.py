"""Requests as bytes: a template is checked once, and nothing slips through under its cover."""

import json
import math

import pytest

from gateway.core.events import ReplyStatus
from gateway.stations.context import Reply
from gateway.stations.rules import Violation
from gateway.stations.templates import KEPT, Templates


def a_control(control_id="c1", **changes):
    body = {"priority": 1, "setpoint": 20, "unit": "PctMaxVar"} | changes
    return {
        "isDefault": True,
        "controlId": control_id,
        "controlType": "FixedVar",
        "fixedVar": body,
    }


def rendered(templates, payload, action="SetDERControl"):
    return templates.render("2.1", action, payload)


def test_a_payload_is_written_as_json():
    assert json.loads(rendered(Templates(), a_control())) == a_control()


def test_one_template_is_checked_once_and_each_station_gets_its_own_id():
    templates = Templates()
    bodies = [rendered(templates, a_control(f"id-{n}")) for n in range(50)]
    assert [json.loads(body)["controlId"] for body in bodies] == [f"id-{n}" for n in range(50)]
    assert len(templates) == 1


DIFFERENT = [
    ("another number", {"setpoint": 21}),
    ("another priority", {"priority": 2}),
    ("a whole number as a fraction", {"setpoint": 20.0}),
]


@pytest.mark.parametrize("change", [row[1] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_what_differs_elsewhere_is_checked_anew(change):
    templates = Templates()
    rendered(templates, a_control())
    rendered(templates, a_control(**change))
    assert len(templates) == 2


FAULTY = [
    ("an id of 37 characters", a_control("x" * 37)),
    ("an id that is a number", a_control() | {"controlId": 7}),
    ("no id", {k: v for k, v in a_control().items() if k != "controlId"}),
    ("a setpoint out of range", a_control(setpoint=101)),
    ("not a number", a_control(setpoint=math.nan)),
    ("infinity", a_control(setpoint=math.inf)),
    ("a member too many", a_control() | {"more": 1}),
]


@pytest.mark.parametrize("payload", [row[1] for row in FAULTY], ids=[row[0] for row in FAULTY])
def test_what_is_wrong_is_refused_also_when_a_sound_sibling_is_known(payload):
    templates = Templates()
    rendered(templates, a_control())
    for _ in range(2):
        assert isinstance(rendered(templates, payload), Violation)
    assert len(templates) == 1


@pytest.mark.parametrize("y", [math.nan, math.inf, None])
def test_a_point_that_is_no_number_is_refused_in_a_curve_that_is_known(y):
    body = {"priority": 1, "yUnit": "PctMaxVar", "curveData": [{"x": 92, "y": 44}]}
    known = {"isDefault": True, "controlId": "c", "controlType": "VoltVar", "curve": body}
    templates = Templates()
    assert isinstance(rendered(templates, known), bytes)
    spoilt = known | {"curve": body | {"curveData": [{"x": 92, "y": y}]}}
    assert isinstance(rendered(templates, spoilt), Violation)


def test_a_version_or_an_action_of_its_own_is_a_template_of_its_own():
    templates = Templates()
    rendered(templates, a_control())
    assert isinstance(templates.render("2.0.1", "SetDERControl", a_control()), Violation)
    assert isinstance(rendered(templates, a_control(), "GetDERControl"), Violation)


def test_an_id_that_stands_elsewhere_too_is_cut_out_once():
    templates = Templates()
    body = rendered(templates, a_control("PctMaxVar"))
    assert json.loads(body) == a_control("PctMaxVar")


def test_only_so_many_templates_are_kept():
    templates = Templates()
    for number in range(KEPT + 10):
        rendered(templates, a_control(setpoint=number / 100))
    assert len(templates) == KEPT


ACCEPTED = Reply(ReplyStatus.ACCEPTED, {"status": "Accepted"})


def learned(text, templates=None):
    templates = Templates() if templates is None else templates
    templates.learn("2.1", "SetDERControl", text, ACCEPTED)
    return templates.recall("2.1", "SetDERControl", text)


def test_an_answer_that_was_judged_is_recalled_by_its_text():
    assert learned(b'{"status":"Accepted"}') is ACCEPTED


def test_an_answer_is_recalled_for_its_version_and_action_alone():
    templates = Templates()
    learned(b"{}", templates)
    assert templates.recall("2.0.1", "SetDERControl", b"{}") is None
    assert templates.recall("2.1", "ClearDERControl", b"{}") is None
    assert templates.recall("2.1", "SetDERControl", b"{ }") is None


NO_OBJECTS = [
    b"",
    b"{},{}",
    b'{"status":"Accepted"},1',
    b'{"status":"Accepted"}]',
    b'"Accepted"',
    b"[]",
    b"{",
    b'{"a":"' + b"x" * 300 + b'"}',
]


@pytest.mark.parametrize("text", NO_OBJECTS)
def test_what_is_not_one_short_object_is_not_remembered(text):
    assert learned(text) is None


def test_only_so_many_answers_are_kept_and_the_oldest_goes():
    templates = Templates()
    for number in range(KEPT + 1):
        learned(b'{"status":"Accepted","n":%d}' % number, templates)
    assert templates.recall("2.1", "SetDERControl", b'{"status":"Accepted","n":0}') is None
    assert templates.recall("2.1", "SetDERControl", b'{"status":"Accepted","n":1}') is ACCEPTED
