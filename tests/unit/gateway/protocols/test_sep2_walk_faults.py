"""The walk against a server that fails: nothing is withdrawn for it, what is wrong is said."""

import pytest

from support.walk_bench import (
    PAGE_QUERY,
    a_control,
    a_course,
    a_default,
    a_list,
    a_program,
    a_tree,
    an_fsa,
    controls,
    gone,
    served,
    states,
)


@pytest.mark.parametrize("fault", [500, 403, 404, None, "<html>", "<DERControlList>", "<Time/>"])
@pytest.mark.parametrize("path", ["/dcap", "/edev", "/fsa", "/fsa/1/derp", "/p1/c"])
def test_no_fault_withdraws_an_event(path, fault):
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    good = course.bodies[path]
    course.bodies[path] = fault
    for _ in range(4):
        course.later(100)
    assert gone(course.heard) == {}
    assert course.walk.problems or fault is None
    course.bodies[path] = good
    course.later(100)
    assert gone(course.heard) == {}
    assert served(course.heard) == ["A1", "DD"]
    assert course.walk.problems == {}
    assert states(course.heard)[-1] == (True, "")


@pytest.mark.parametrize(
    ("path", "up"), [("/edev", False), ("/fsa", False), ("/p1/c", True), ("/tm", True)]
)
def test_what_is_wrong_is_said(path, up):
    course = a_course()
    course.settle()
    course.bodies[path] = 500
    assert states(course.later(901)) == [(up, f"https://utility.example{path}: HTTP 500")]


def test_one_list_of_programs_that_fails_leaves_the_others():
    tree = a_tree(
        a_control("A1"),
        **{
            "/fsa": a_list("FunctionSetAssignmentsList", an_fsa(), an_fsa("2", "/fsa/2/derp")),
            "/fsa/2/derp": 500,
        },
    )
    changes = a_course(tree).settle()
    assert served(changes) == ["A1", "DD"]
    assert states(changes)[-1][0]


def test_a_program_that_moved_is_found_again_from_the_top():
    course = a_course(a_tree())
    controls(course, a_control("A1"))
    course.bodies["/p1/c"] = course.bodies["/p1/c"].replace(" all=", ' pollRate="30" all=')
    course.settle()
    moved = a_program().replace("/p1/", "/q1/")
    course.bodies |= {
        "/p1/c": 404,
        "/fsa/1/derp": a_list("DERProgramList", moved),
        "/q1/c": a_list("DERControlList", a_control("A1"), a_control("A2")),
        "/q1/d": a_default(),
    }
    course.asked.clear()
    changes = course.later(31)
    assert "/dcap" in course.asked
    assert (served(changes), gone(changes)) == (["A2"], {})


def test_an_address_that_stays_away_is_looked_for_only_once():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    course.bodies["/p1/c"] = 404
    course.later(61)
    course.asked.clear()
    course.later(62)
    assert course.asked.count("/dcap") <= 1
    assert course.asked.count(f"/p1/c{PAGE_QUERY}") == 1


def test_while_nothing_answers_everything_pauses():
    course = a_course(dict.fromkeys(a_tree(), None))
    assert states(course.settle()) == [(False, "cannot be reached")]
    assert course.asked == ["/dcap"]
    assert course.walk.due(course.now + 4.9) is None
    assert course.walk.wake_at() == pytest.approx(5)
    course.bodies = a_tree()
    assert states(course.later(5))[-1] == (True, "")


def test_nothing_vanishes_while_the_way_to_it_is_read_again():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    good = course.bodies["/fsa"]
    course.walk.rediscover(course.now + 61)
    course.bodies["/fsa"] = 500
    controls(course)
    assert gone(course.later(61)) == {}
    course.bodies["/fsa"] = good
    assert gone(course.later(10)) == {"A1": "vanished"}
