"""The walk against bodies by path: order, rates, paging, faults, and what changes."""

import pytest

from gateway.protocols.sep2_changes import ControlServed
from gateway.protocols.sep2_documents import PAGE, Role
from gateway.protocols.sep2_walk import Answer
from support.walk_bench import (
    EPOCH,
    LFDI,
    a_control,
    a_course,
    a_default,
    a_list,
    a_program,
    a_tree,
    an_end_device,
    an_fsa,
    doc,
    gone,
    link,
    offsets,
    served,
    states,
)

PAGE_QUERY = f"?s=0&l={PAGE}"


def controls(course, *items, path="/p1/c"):
    course.bodies[path] = a_list("DERControlList", *items)


def test_the_walk_goes_from_the_top_down():
    course = a_course(a_tree(a_control("A1")))
    changes = course.settle()
    assert course.asked == [
        "/dcap",
        "/tm",
        f"/edev{PAGE_QUERY}",
        f"/fsa{PAGE_QUERY}",
        f"/fsa/1/derp{PAGE_QUERY}",
        f"/p1/c{PAGE_QUERY}",
        "/p1/d",
        f"/der{PAGE_QUERY}",
        f"/mup{PAGE_QUERY}",
    ]
    assert served(changes) == ["A1", "DD"]
    assert states(changes) == [(True, "")]
    assert offsets(changes) == [pytest.approx(0.5)]


def test_an_own_device_is_found_whatever_the_case_of_its_lfdi():
    tree = a_tree(
        a_control("A1"), **{"/edev": a_list("EndDeviceList", an_end_device(LFDI.lower()))}
    )
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_lists_are_paged_until_all_is_read():
    others = [an_end_device(f"{number:040X}") for number in range(7)]
    many = [a_control(f"A{number}") for number in range(5)]
    tree = a_tree(*many, page=2, **{"/edev": a_list("EndDeviceList", *others, an_end_device())})
    course = a_course(tree)
    assert len(served(course.settle())) == 6
    assert [url for url in course.asked if url.startswith("/p1/c")] == [
        f"/p1/c?s={start}&l={PAGE}" for start in (0, 2, 4)
    ]


def test_a_page_size_below_what_is_asked_for_is_no_end():
    course = a_course(a_tree(*[a_control(f"{number:02X}") for number in range(3)], page=1))
    assert len(served(course.settle())) == 4


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


def test_the_document_and_its_page_are_kept():
    course = a_course(a_tree(a_control("A1")))
    change = next(c for c in course.settle() if isinstance(c, ControlServed))
    assert (change.program.key, change.program.primacy) == ("01", 1)
    assert [b"A1" in page for page in change.raw] == [True]


def test_nothing_is_told_twice():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    assert [course.later(60) for _ in range(3)] == [[], [], []]


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


def test_the_walk_starts_again_when_told():
    course = a_course()
    course.settle()
    course.asked.clear()
    course.walk.rediscover(course.now)
    course.settle()
    assert course.asked[0] == "/dcap"
    assert f"/fsa/1/derp{PAGE_QUERY}" in course.asked
    assert f"/p1/c{PAGE_QUERY}" not in course.asked


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


def test_while_nothing_answers_everything_pauses():
    course = a_course(dict.fromkeys(a_tree(), None))
    assert states(course.settle()) == [(False, "cannot be reached")]
    assert course.asked == ["/dcap"]
    assert course.walk.due(course.now + 4.9) is None
    assert course.walk.wake_at() == pytest.approx(5)
    course.bodies = a_tree()
    assert states(course.later(5))[-1] == (True, "")


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


def test_a_function_set_without_programs_falls_back_on_device_capability():
    tree = a_tree(
        a_control("A1"), **{"/fsa": a_list("FunctionSetAssignmentsList", an_fsa(programs=""))}
    )
    tree["/dcap"] = tree["/dcap"].replace(
        "<TimeLink", link("DERProgramListLink", "/derp") + "<TimeLink"
    )
    tree["/derp"] = a_list("DERProgramList", a_program())
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_a_function_set_without_programs_falls_back_on_the_current_program():
    tree = a_tree(
        a_control("A1"), **{"/fsa": a_list("FunctionSetAssignmentsList", an_fsa(programs=""))}
    )
    tree["/der"] = a_list("DERList", "<DER/>", f"<DER>{link('CurrentDERProgramLink', '/p1')}</DER>")
    tree["/p1"] = a_program().replace("<DERProgram ", '<DERProgram xmlns="urn:ieee:std:2030.5:ns" ')
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_a_device_without_function_sets_falls_back_on_device_capability():
    tree = a_tree(a_control("A1"), **{"/edev": a_list("EndDeviceList", an_end_device(fsa=False))})
    tree["/dcap"] = tree["/dcap"].replace(
        "<TimeLink", link("DERProgramListLink", "/fsa/1/derp") + "<TimeLink"
    )
    assert served(a_course(tree).settle()) == ["A1", "DD"]


def test_a_utility_without_end_devices_serves_its_programs_to_all():
    tree = a_tree(a_control("A1"))
    tree["/dcap"] = doc("DeviceCapability", link("DERProgramListLink", "/fsa/1/derp"))
    changes = a_course(tree).settle()
    assert served(changes) == ["A1", "DD"]
    assert states(changes)[-1] == (True, "")


def test_an_empty_assignment_is_told():
    changes = a_course(a_tree(**{"/fsa": a_list("FunctionSetAssignmentsList")})).settle()
    assert states(changes)[-1] == (
        True,
        "the utility has assigned this EndDevice to no function set yet",
    )


@pytest.mark.parametrize("primacies", [(9, 3), (3, 9)])
def test_a_program_through_two_function_sets_counts_once_at_its_best_primacy(primacies):
    first, second = primacies
    tree = a_tree(
        a_control("A1"),
        **{
            "/fsa": a_list("FunctionSetAssignmentsList", an_fsa(), an_fsa("2", "/fsa/2/derp")),
            "/fsa/1/derp": a_list("DERProgramList", a_program(primacy=first)),
            "/fsa/2/derp": a_list("DERProgramList", a_program(primacy=second)),
        },
    )
    changes = [c for c in a_course(tree).settle() if isinstance(c, ControlServed)]
    assert [(change.mrid, change.program.primacy) for change in changes] == [("A1", 3), ("DD", 3)]


def test_a_program_without_primacy_comes_last_and_without_mrid_goes_by_address():
    bare = '<DERProgram href="/p1">' + link("DERControlListLink", "/p1/c") + "</DERProgram>"
    tree = a_tree(a_control("A1"), **{"/fsa/1/derp": a_list("DERProgramList", bare)})
    (change,) = [c for c in a_course(tree).settle() if isinstance(c, ControlServed)]
    assert (change.program.key, change.program.primacy) == ("https://utility.example/p1", 255)


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


def test_links_to_another_origin_are_not_followed():
    tree = a_tree()
    tree["/dcap"] = tree["/dcap"].replace('"/tm"', '"https://example.org/tm"')
    changes = a_course(tree).settle()
    assert "TimeLink 'https://example.org/tm' leads to another origin" in states(changes)[-1][1]


def test_a_link_to_another_origin_is_told_once():
    elsewhere = "https://example.org/derp"
    both = (an_fsa(programs=elsewhere), an_fsa("2", elsewhere))
    changes = a_course(a_tree(**{"/fsa": a_list("FunctionSetAssignmentsList", *both)})).settle()
    assert states(changes)[-1][1].count(elsewhere) == 1


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


def test_an_answer_to_an_address_that_is_no_longer_known_changes_nothing():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    course.now += 61
    request = course.walk.due(course.now)
    stale = type(request)("https://utility.example/x", request.role, "https://utility.example/x")
    assert course.walk.answered(stale, course.answer(request), course.now, 0.5) == []
    posted = type(request)(stale.url, Role.ENROLMENT, stale.stop)
    accepted = Answer(201, course.utc, course.utc)
    assert course.walk.answered(posted, accepted, course.now, 0.5) == []


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


def test_the_words_of_csip_aus_are_noticed():
    device = an_end_device(inner='<ConnectionPointLink xmlns="https://csipaus.org/ns" href="/cp"/>')
    course = a_course(a_tree(**{"/edev": a_list("EndDeviceList", device)}))
    course.settle()
    assert course.walk.tree.csip_aus == "https://csipaus.org/ns"
    part = '<opModImpLimW xmlns="https://csipaus.org/ns/v1.3"/>'
    other = a_course(a_tree(a_control("A1", part)))
    other.settle()
    assert other.walk.tree.csip_aus == "https://csipaus.org/ns/v1.3"


def test_where_documents_go_is_known():
    der = "".join(
        link(name, f"/der/1/{name}")
        for name in ("DERCapabilityLink", "DERSettingsLink", "DERStatusLink")
    )
    mirror = (
        '<MirrorUsagePoint href="/mup/1"><mRID>aa</mRID><postRate>60</postRate></MirrorUsagePoint>'
    )
    course = a_course(
        a_tree(
            **{
                "/der": a_list("DERList", f"<DER>{der}</DER>"),
                "/mup": a_list("MirrorUsagePointList", mirror),
            }
        )
    )
    assert not course.walk.tree.ders_known
    course.settle()
    tree = course.walk.tree
    assert tree.ders_known
    assert tree.ders[0].capability == "https://utility.example/der/1/DERCapabilityLink"
    assert [(it.mrid, it.url, it.post_rate_s) for it in tree.mirrors] == [
        ("AA", "https://utility.example/mup/1", 60)
    ]
    assert tree.mirror_list == "https://utility.example/mup"


def test_a_device_without_ders_is_known_to_have_none():
    device = an_end_device().replace(link("DERListLink", "/der"), "")
    course = a_course(a_tree(**{"/edev": a_list("EndDeviceList", device)}))
    course.settle()
    assert course.walk.tree.ders_known
    assert course.walk.tree.ders == ()
