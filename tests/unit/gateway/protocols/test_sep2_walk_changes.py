"""What the walk tells of controls that are edited, withdrawn, or gone from their lists."""

import pytest

from support.walk_bench import (
    EPOCH,
    a_control,
    a_course,
    a_list,
    a_program,
    a_tree,
    controls,
    doc,
    gone,
    link,
    served,
)


@pytest.mark.parametrize(
    ("edited", "told"),
    [
        pytest.param(a_control("A1", status=1), [], id="it became active"),
        pytest.param(a_control("A1", start=90), ["A1"], id="another start"),
        pytest.param(a_control("A1", "<opModMaxLimW>1</opModMaxLimW>"), ["A1"], id="another value"),
        pytest.param(a_control("A1", version=1), ["A1"], id="another version"),
        pytest.param(a_control("A1").replace("/c/A1", "/elsewhere"), [], id="another address"),
    ],
)
def test_an_edit_is_told_where_it_means_something(edited, told):
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    controls(course, edited)
    assert served(course.later(100)) == told


@pytest.mark.parametrize(
    ("status", "reason"),
    [(2, "cancelled"), (3, "cancelled_randomized"), (4, "superseded")],
)
def test_a_withdrawal_is_told_once(status, reason):
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    controls(course, a_control("A1", status=status))
    assert gone(course.later(100)) == {"A1": reason}
    assert course.later(100) == []
    controls(course)
    assert course.later(100) == []


def test_a_control_that_is_over_at_first_sight_is_withdrawn_not_served():
    course = a_course(a_tree(a_control("A1", status=2), a_control("A2", status=5)))
    changes = course.settle()
    assert served(changes) == ["DD"]
    assert gone(changes) == {"A1": "cancelled"}


def test_a_withdrawn_control_that_comes_back_is_served_again():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    controls(course, a_control("A1", status=2))
    course.later(100)
    controls(course, a_control("A1"))
    assert served(course.later(100)) == ["A1"]


def test_a_successor_is_told_before_its_predecessor_goes():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    controls(course, a_control("A1", status=4), a_control("B2"))
    names = [change.mrid for change in course.later(100)]
    assert names == ["B2", "A1"]


def test_a_predecessor_waits_while_its_successor_waits_for_a_curve():
    tree = a_tree(a_control("A1"), **{"/dc/1": 500})
    course = a_course(tree)
    course.settle()
    controls(course, a_control("A1", status=4), a_control("B2", link("opModVoltVar", "/dc/1")))
    assert course.later(100) == [] or gone(course.heard) == {}
    course.bodies["/dc/1"] = doc("DERCurve", "<curveType>11</curveType>")
    changes = course.later(10)
    assert (served(changes), gone(changes)) == (["B2"], {"A1": "superseded"})


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        pytest.param(3600, {"A1": "vanished"}, id="long before its end"),
        pytest.param(60 + 3600 - 1, {}, id="within a second of its end"),
        pytest.param(60 + 3600 + 5, {}, id="after its end"),
    ],
)
def test_a_control_that_leaves_its_list_vanished_unless_it_ended(after, reason):
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    course.bodies["/tm"] = 500
    controls(course)
    assert gone(course.later(after)) == reason


def test_a_list_that_stays_shorter_than_it_says_withdraws_nothing():
    course = a_course(a_tree(a_control("A1"), a_control("A2")))
    course.settle()
    course.bodies["/p1/c"] = a_list("DERControlList", a_control("A1"), all=9)
    assert gone(course.later(100)) == {}
    controls(course, a_control("A1"))
    assert gone(course.later(100)) == {"A2": "vanished"}


def test_a_list_that_changes_between_two_pages_withdraws_nothing():
    course = a_course(a_tree(a_control("A1"), a_control("A2"), page=1))
    course.settle()
    course.now += 100
    request = course.walk.due(course.now)
    while "/p1/c" not in request.url:
        course.walk.answered(request, course.answer(request), course.now, 0.5)
        request = course.walk.due(course.now)
    course.walk.answered(request, course.answer(request), course.now, 0.5)  # A1 of two
    controls(course, a_control("A3"), a_control("A1"), a_control("A2"))
    assert gone(course.settle()) == {}
    assert gone(course.later(100)) == {}


def test_a_default_control_without_mrid_goes_by_its_address():
    tree = a_tree(**{"/p1/d": doc("DefaultDERControl", "<DERControlBase/>", href="/p1/d")})
    assert served(a_course(tree).settle()) == ["/p1/d"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"/p1/d": 404}, id="404, and the link still leads there"),
        pytest.param(
            {"/fsa/1/derp": a_list("DERProgramList", a_program(default=False))}, id="no link"
        ),
        pytest.param({"/fsa": a_list("FunctionSetAssignmentsList")}, id="no assignment"),
    ],
)
def test_a_default_control_vanishes(change):
    course = a_course()
    course.settle()
    course.bodies.update(change)
    assert gone(course.later(100)) == {"DD": "vanished"}


def test_what_an_earlier_run_held_is_withdrawn_once_everything_was_read():
    course = a_course(
        a_tree(a_control("A1")),
        remembered={"A1": EPOCH + 3660, "B2": EPOCH + 3660, "OLD": EPOCH - 5, "D1": None},
    )
    changes = course.settle()
    assert served(changes) == ["A1", "DD"]
    assert gone(changes) == {"B2": "vanished", "D1": "vanished"}


def test_what_an_earlier_run_held_stays_while_something_cannot_be_read():
    course = a_course(a_tree(**{"/p1/d": 500}), remembered={"B2": EPOCH + 3660})
    assert gone(course.settle()) == {}


def test_a_control_without_mrid_is_left_out():
    nameless = a_control("A1").replace("<mRID>A1</mRID>", "")
    assert served(a_course(a_tree(nameless)).settle()) == ["DD"]


def test_a_control_without_times_never_ends_by_itself():
    timeless = a_control("A1").replace("<interval>", "<x>").replace("</interval>", "</x>")
    course = a_course(a_tree(timeless))
    assert served(course.settle()) == ["A1", "DD"]
    controls(course)
    assert gone(course.later(10**5)) == {"A1": "vanished"}
