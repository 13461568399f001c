"""How often the walk asks again: rates, their spread, and waits after failures."""

import pytest

from support.walk_bench import (
    a_course,
    a_list,
    a_program,
    a_tree,
    an_end_device,
    an_fsa,
)


def due_after(course, path):
    """Return after how long a path is asked for again."""
    begin = course.now
    course.asked.clear()
    while not any(url.startswith(path) for url in course.asked):
        course.now = course.walk.wake_at()
        course.settle()
    return course.now - begin


def rate_of(course, path):
    """Return when a path that was just read is due again."""
    return course.walk._shelf.entries[f"https://utility.example{path}"].due - course.now


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        pytest.param("/dcap", 100, id="its own rate"),
        pytest.param("/edev", 100, id="its own rate in a list"),
        pytest.param("/tm", 900, id="the default"),
        pytest.param("/p1/c", 60, id="that of its program list"),
        pytest.param("/p1/d", 60, id="that of its program list, too"),
    ],
)
def test_what_is_polled_when(path, seconds):
    course = a_course()
    course.settle()
    assert rate_of(course, path) == pytest.approx(seconds)


def test_controls_are_polled_every_five_minutes_where_nobody_says():
    tree = a_tree(
        **{
            "/fsa": a_list("FunctionSetAssignmentsList", an_fsa()),
            "/fsa/1/derp": a_list("DERProgramList", a_program()),
            "/edev": a_list("EndDeviceList", an_end_device()),
        }
    )
    course = a_course(tree)
    course.settle()
    assert rate_of(course, "/p1/c") == pytest.approx(300)


@pytest.mark.parametrize(("rate", "seconds"), [(0, 1), (10**9, 86_400), ("x", 900)])
def test_impossible_rates_are_bounded(rate, seconds):
    tree = a_tree()
    tree["/dcap"] = tree["/dcap"].replace('pollRate="100"', f'pollRate="{rate}"')
    course = a_course(tree)
    course.settle()
    assert rate_of(course, "/dcap") == pytest.approx(seconds)


def test_a_rate_of_the_settings_counts_for_all():
    course = a_course(poll_s=7)
    course.settle()
    assert rate_of(course, "/tm") == pytest.approx(7)


@pytest.mark.parametrize(("draw", "seconds"), [(0.0, 95), (0.5, 100), (1.0, 105)])
def test_polls_are_spread(draw, seconds):
    course = a_course()
    course.draw = draw
    course.settle()
    assert due_after(course, "/dcap") == pytest.approx(seconds)


def test_failures_are_tried_again_at_growing_distances():
    course = a_course()
    course.settle()
    course.bodies["/dcap"] = 500
    waits = [due_after(course, "/dcap") for _ in range(7)]
    assert waits == pytest.approx([100, 5, 10, 20, 40, 80, 100])


@pytest.mark.parametrize(("wait", "seconds"), [(17, 17), (10**6, 3600)])
def test_retry_after_is_obeyed_within_an_hour(wait, seconds):
    course = a_course()
    course.settle()
    course.bodies["/dcap"] = 503
    course.retry_after_s = wait
    due_after(course, "/dcap")
    assert due_after(course, "/dcap") == pytest.approx(seconds)
