"""Which EndDevice the walk takes for its own: by LFDI, PIN, and registration in band."""

import pytest

from support.walk_bench import (
    LFDI,
    PAGE_QUERY,
    a_control,
    a_course,
    a_list,
    a_tree,
    an_end_device,
    doc,
    gone,
    served,
    states,
)


def test_an_own_device_is_found_whatever_the_case_of_its_lfdi():
    tree = a_tree(
        a_control("A1"), **{"/edev": a_list("EndDeviceList", an_end_device(LFDI.lower()))}
    )
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def pinned(pin, told, status=None):
    tree = a_tree(a_control("A1"))
    tree["/edev"] = a_list("EndDeviceList", an_end_device(pin_link=True))
    tree["/rg"] = status or doc("Registration", f"<pIN>{told}</pIN>", pollRate=60)
    return a_course(tree, pin=pin)


def test_a_pin_that_is_right_opens_the_way():
    assert served(pinned(111115, 111115).settle()) == ["A1", "DD"]


def test_a_pin_that_nobody_asks_for_is_not_fetched():
    course = pinned(None, 5)
    assert served(course.settle()) == ["A1", "DD"]
    assert "/rg" not in course.asked


def test_a_wrong_pin_ends_the_walk_and_is_asked_again():
    course = pinned(111115, 222220)
    changes = course.settle()
    assert served(changes) == []
    assert states(changes)[-1] == (
        False,
        "the utility's Registration says PIN '222220', not the one of the settings",
    )
    assert not [url for url in course.asked if url.startswith("/fsa")]
    course.bodies["/rg"] = doc("Registration", "<pIN>111115</pIN>")
    assert served(course.later(61)) == ["A1", "DD"]


def test_a_registration_that_cannot_be_read_holds_the_walk_up():
    course = pinned(111115, 0, 500)
    changes = course.settle()
    assert served(changes) == []
    assert states(changes) == [(False, "https://utility.example/rg: HTTP 500")]


def test_a_registration_that_is_not_there_is_no_failure():
    changes = pinned(111115, 0, 404).settle()
    assert served(changes) == ["A1", "DD"]
    assert states(changes)[-1][0]


def test_a_disabled_device_is_not_followed():
    device = an_end_device(inner="<enabled>false</enabled>")
    changes = a_course(a_tree(**{"/edev": a_list("EndDeviceList", device)})).settle()
    assert states(changes) == [(False, "the utility has disabled this EndDevice")]


def test_a_device_that_is_taken_off_the_list_keeps_its_events():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    good = course.bodies["/edev"]
    course.bodies["/edev"] = a_list("EndDeviceList")
    assert gone(course.later(100)) == {}
    course.bodies["/edev"] = good
    changes = course.later(100)
    assert (served(changes), gone(changes)) == ([], {})


def unlisted(post):
    return a_course(a_tree(**{"/edev": a_list("EndDeviceList", pollRate=50), "POST": post}))


@pytest.mark.parametrize("post", [201, 204, 409])
def test_a_device_that_registers_in_band_is_looked_for_at_once(post):
    course = unlisted(post)
    course.settle()
    assert course.asked.count("/edev") == 1
    assert course.asked.count(f"/edev{PAGE_QUERY}") == 2
    course.bodies["/edev"] = a_list("EndDeviceList", an_end_device())
    assert states(course.later(901))[-1] == (True, "")


@pytest.mark.parametrize("post", [403, 404, 405, 400])
def test_a_utility_that_refuses_registration_is_polled(post):
    course = unlisted(post)
    changes = course.settle()
    assert f"it does not register in band either (HTTP {post})" in states(changes)[-1][1]
    course.asked.clear()
    course.later(901)
    assert f"/edev{PAGE_QUERY}" in course.asked
    assert "/edev" not in course.asked


def test_registration_is_tried_again_after_a_failure_of_the_moment():
    course = unlisted(503)
    course.settle()
    course.asked.clear()
    course.later(5)
    assert course.asked.count("/edev") == 1
    course.retry_after_s = 40
    course.later(10)
    assert course.walk.wake_at() < course.now + 40
