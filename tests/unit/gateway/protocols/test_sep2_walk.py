"""The walk against bodies by path: its order, its pages, and the places that it finds."""

import pytest

from gateway.protocols.sep2_changes import ControlServed
from gateway.protocols.sep2_documents import PAGE, Role
from gateway.protocols.sep2_walk import Answer
from support.walk_bench import (
    PAGE_QUERY,
    a_control,
    a_course,
    a_list,
    a_tree,
    an_end_device,
    an_fsa,
    link,
    offsets,
    served,
    states,
)


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


def test_the_document_and_its_page_are_kept():
    course = a_course(a_tree(a_control("A1")))
    change = next(c for c in course.settle() if isinstance(c, ControlServed))
    assert (change.program.key, change.program.primacy) == ("01", 1)
    assert [b"A1" in page for page in change.raw] == [True]


def test_nothing_is_told_twice():
    course = a_course(a_tree(a_control("A1")))
    course.settle()
    assert [course.later(60) for _ in range(3)] == [[], [], []]


def test_the_walk_starts_again_when_told():
    course = a_course()
    course.settle()
    course.asked.clear()
    course.walk.rediscover(course.now)
    course.settle()
    assert course.asked[0] == "/dcap"
    assert f"/fsa/1/derp{PAGE_QUERY}" in course.asked
    assert f"/p1/c{PAGE_QUERY}" not in course.asked


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
