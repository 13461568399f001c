"""Which answers count as a word of the utility: those by which its controls can be followed."""

import pytest

from support.walk_bench import EPOCH, a_control, a_course, a_list, a_program, a_tree, doc, link


def words(course):
    """Settle the course; return what each answer was worth."""
    found = []
    while (request := course.walk.due(course.now)) is not None:
        course.walk.answered(request, course.answer(request), course.now, course.draw)
        found.append(course.walk.word)
    return found


def later(course, seconds):
    course.now += seconds
    course.utc += seconds
    return words(course)


def timed(course):
    """Give the right time."""
    course.bodies["/tm"] = doc("Time", f"<currentTime>{int(course.utc)}</currentTime>")


def test_the_first_word_comes_when_the_way_to_the_controls_is_known():
    found = words(a_course(a_tree(a_control("A1"))))
    first = next(n for n, word in enumerate(found) if word)
    assert found[0] is None
    assert all(found[first:])


def test_a_word_says_how_often_controls_are_asked_for():
    assert words(a_course())[-1].poll_s == 60
    assert words(a_course(poll_s=7))[-1].poll_s == 7


def test_the_slowest_list_of_controls_counts():
    slow = a_list("DERControlList", pollRate=400)
    programs = a_list("DERProgramList", a_program(), a_program("2"), pollRate=60)
    tree = a_tree(**{"/fsa/1/derp": programs, "/p2/c": slow, "/p2/d": 404})
    assert words(a_course(tree))[-1].poll_s == 400


def test_without_any_program_all_documents_count():
    tree = a_tree(**{"/fsa/1/derp": a_list("DERProgramList", pollRate=60)})
    assert words(a_course(tree))[-1].poll_s == 900


@pytest.mark.parametrize("fault", [500, 403, None, "<html>", "<Time/>"])
@pytest.mark.parametrize("path", ["/dcap", "/edev", "/fsa", "/fsa/1/derp", "/p1/c"])
def test_who_answers_but_cannot_be_followed_says_nothing(path, fault):
    course = a_course(a_tree(a_control("A1")))
    words(course)
    good, course.bodies[path] = course.bodies[path], fault
    for _ in range(3):
        later(course, 101)
    assert set(later(course, 101)) == {None}
    course.bodies[path] = good
    later(course, 200)
    assert later(course, 200)[-1] is not None


def test_one_list_of_several_that_can_be_read_is_enough():
    programs = a_list("DERProgramList", a_program(), a_program("2"), pollRate=60)
    tree = a_tree(**{"/fsa/1/derp": programs, "/p2/c": 500, "/p2/d": 404})
    assert words(a_course(tree))[-1] is not None


def test_a_list_that_is_not_there_holds_no_control():
    assert words(a_course(a_tree(**{"/p1/c": 404})))[-1] is not None


def test_the_time_confirms_the_clock_and_nothing_else_does():
    course = a_course()
    words(course)
    assert not any(word.timed for word in later(course, 101))
    course.now, course.utc = course.now + 901, course.utc + 901
    timed(course)
    assert sum(word.timed for word in words(course)) == 1


def test_a_time_that_cannot_be_used_confirms_no_clock():
    course = a_course()
    words(course)
    course.bodies["/tm"] = doc("Time", "<currentTime>5</currentTime><quality>7</quality>")
    found = later(course, 1000)
    assert found
    assert not any(word.timed for word in found)


@pytest.mark.parametrize(
    "tree",
    [
        a_tree(**{"/tm": doc("Time", f"<currentTime>{EPOCH}</currentTime><quality>7</quality>")}),
        a_tree(**{"/dcap": a_tree()["/dcap"].replace(link("TimeLink", "/tm"), "")}),
    ],
    ids=["uncoordinated", "no link"],
)
def test_who_keeps_no_time_confirms_ours_with_each_word(tree):
    course = a_course(tree)
    words(course)
    assert all(word.timed for word in later(course, 101))


def test_a_utility_that_does_not_know_us_says_nothing():
    stranger = "<EndDevice><lFDI>00</lFDI></EndDevice>"
    tree = a_tree(**{"/edev": a_list("EndDeviceList", stranger), "POST": 201})
    assert set(words(a_course(tree))) == {None}
