"""Which clock counts on the walk: that of the utility, where it can be told."""

import pytest

from support.walk_bench import (
    EPOCH,
    a_control,
    a_course,
    a_list,
    a_tree,
    an_fsa,
    doc,
    link,
    offsets,
    served,
)


def test_the_clock_moves_the_offset_only_when_it_is_proven_wrong():
    course = a_course()
    course.settle()
    course.bodies["/tm"] = doc("Time", f"<currentTime>{int(course.utc) + 901}</currentTime>")
    assert offsets(course.later(901)) == []
    course.bodies["/tm"] = doc("Time", f"<currentTime>{int(course.utc) + 905 + 60}</currentTime>")
    assert offsets(course.later(905)) == [pytest.approx(60.5)]
    assert course.walk.offset_s == pytest.approx(60.5)


@pytest.mark.parametrize(
    "time",
    [
        pytest.param("<currentTime>5</currentTime><quality>7</quality>", id="uncoordinated"),
        pytest.param("<currentTime>noon</currentTime>", id="nonsense"),
        pytest.param("<currentTime>9999999999999999</currentTime>", id="beyond all dates"),
        pytest.param("<currentTime>-1</currentTime>", id="before 1970"),
        pytest.param("", id="empty"),
    ],
)
def test_where_no_time_can_be_told_our_own_counts(time):
    changes = a_course(a_tree(a_control("A1"), **{"/tm": doc("Time", time)})).settle()
    assert offsets(changes) == [0.0]
    assert served(changes) == ["A1", "DD"]


def test_without_any_time_link_our_own_clock_counts():
    tree = a_tree(a_control("A1"))
    tree["/dcap"] = tree["/dcap"].replace(link("TimeLink", "/tm"), "")
    changes = a_course(tree).settle()
    assert offsets(changes) == [0.0]
    assert served(changes) == ["A1", "DD"]


def test_controls_wait_until_time_was_asked_for():
    course = a_course(a_tree(a_control("A1"), **{"/tm": 500}))
    changes = course.settle()
    assert served(changes) == ["A1", "DD"]
    assert offsets(changes) == []


def test_the_time_of_the_function_set_is_the_one_that_counts():
    fsa = an_fsa().replace("</Fun", link("TimeLink", "/tm/2") + "</Fun")
    tree = a_tree(
        **{
            "/fsa": a_list("FunctionSetAssignmentsList", fsa),
            "/tm/2": doc("Time", f"<currentTime>{EPOCH + 300}</currentTime>"),
        }
    )
    course = a_course(tree)
    assert offsets(course.settle())[-1] == pytest.approx(300.5)


@pytest.mark.parametrize("shift", [0, 3600], ids=["winter", "summer"])
def test_daylight_saving_of_the_utility_moves_nothing(shift):
    local = f"<localTime>{EPOCH + 36_000 + shift}</localTime><tzOffset>36000</tzOffset>"
    dst = f"<dstEndTime>0</dstEndTime><dstOffset>{shift}</dstOffset><dstStartTime>0</dstStartTime>"
    course = a_course(
        a_tree(**{"/tm": doc("Time", f"<currentTime>{EPOCH}</currentTime>{dst}{local}")})
    )
    assert offsets(course.settle()) == [pytest.approx(0.5)]
