"""Curves that controls refer to: from a list, fetched alone, waited for, changed."""

import pytest

from gateway.protocols.sep2_changes import ControlServed
from support.walk_bench import (
    a_control,
    a_course,
    a_list,
    a_program,
    a_tree,
    doc,
    link,
)

CURVE = doc("DERCurve", "<curveType>11</curveType>", href="/dc/1")
LINKED = a_control("A1", link("opModVoltVar", "/dc/1"))


def curve_tree(curves, *, listed):
    programs = a_list("DERProgramList", a_program(curves=listed), pollRate=60)
    return a_tree(LINKED, **{"/fsa/1/derp": programs, **curves})


def curves_of(changes):
    return [list(c.curves) for c in changes if isinstance(c, ControlServed) and c.mrid == "A1"]


def test_a_curve_is_taken_from_the_list():
    item = CURVE.replace(' xmlns="urn:ieee:std:2030.5:ns"', "")
    course = a_course(curve_tree({"/p1/dc": a_list("DERCurveList", item)}, listed=True))
    assert curves_of(course.settle()) == [["/dc/1"]]
    assert "/dc/1" not in course.asked


@pytest.mark.parametrize(
    "listing",
    [
        pytest.param({"/p1/dc": a_list("DERCurveList")}, id="an empty list"),
        pytest.param({"/p1/dc": a_list("DERCurveList", "<DERCurve/>")}, id="a nameless curve"),
        pytest.param({"/p1/dc": 404}, id="no list"),
        pytest.param({"/p1/dc": 500}, id="a broken list"),
    ],
)
def test_a_curve_that_no_list_holds_is_fetched_alone(listing):
    course = a_course(curve_tree({**listing, "/dc/1": CURVE}, listed=True))
    assert curves_of(course.settle()) == [["/dc/1"]]


@pytest.mark.parametrize("href", ["/dc/1", "https://example.org/dc/1", "https://[/dc"])
def test_a_control_whose_curve_leads_nowhere_is_told_without_it(href):
    course = a_course(a_tree(a_control("A1", link("opModVoltVar", href))))
    assert curves_of(course.settle()) == [[]]


def test_a_curve_that_fails_is_waited_for_three_times():
    course = a_course(curve_tree({"/dc/1": 500}, listed=False))
    assert curves_of(course.settle()) == []
    assert curves_of(course.later(5)) == []
    assert curves_of(course.later(10)) == [[]]
    course.bodies["/dc/1"] = CURVE
    assert curves_of(course.later(60)) == [["/dc/1"]]


def test_a_curve_that_changes_tells_its_control_again():
    course = a_course(curve_tree({"/dc/1": CURVE}, listed=False))
    course.settle()
    course.bodies["/dc/1"] = CURVE.replace("11", "12")
    assert curves_of(course.later(61)) == [["/dc/1"]]


def test_the_curve_of_a_cancelled_control_is_not_fetched():
    course = a_course(a_tree(a_control("A1", link("opModVoltVar", "/dc/1"), status=2)))
    course.settle()
    assert "/dc/1" not in course.asked
