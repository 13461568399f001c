"""Addresses, pages and numbers of 2030.5 documents, and the clock."""

import pytest

from gateway.protocols.sep2_clock import ClockEstimate
from gateway.protocols.sep2_documents import (
    LARGEST_LIST,
    Document,
    Pages,
    Role,
    address,
    meaning,
    number,
    with_query,
)
from support.walk_bench import a_control, a_list
from translators.ieee2030_5 import xml

BASE = "https://utility.example:8443/a/b"


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("/tm", "https://utility.example:8443/tm"),
        ("c", "https://utility.example:8443/a/c"),
        ("https://utility.example:8443/Tm", "https://utility.example:8443/Tm"),
        ("HTTPS://UTILITY.example:8443/x", "https://UTILITY.example:8443/x"),
        ("https://utility.example/x", None),
        ("http://utility.example:8443/x", None),
        ("//example.org/x", None),
        ("https://[/x", None),
        ("https://utility.example:port/x", None),
        ("", None),
        (None, None),
    ],
)
def test_links_are_followed_on_their_origin(href, target):
    assert address(BASE, href) == target


def test_a_query_of_the_link_stays():
    assert with_query("https://x/y", "s=0&l=9") == "https://x/y?s=0&l=9"
    assert with_query("https://x/y?z=1", "s=0&l=9") == "https://x/y?z=1&s=0&l=9"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        (" -7 ", -7),
        ("", None),
        ("x", None),
        ("7.5", None),
        ("--7", None),
        ("²", None),
        ("٣", None),
        ("9" * 21, None),
        (None, None),
    ],
)
def test_whole_numbers(text, value):
    assert number(text) == value


def pages(*bodies):
    found = Pages(Role.CONTROLS)
    for body in bodies:
        done = found.add(xml.parse(body.encode()), body.encode())
    return found, done


def test_a_list_is_complete_when_its_results_add_up():
    first = a_list("DERControlList", a_control("A1"), all=2, results=1)
    found, done = pages(first)
    assert not done
    assert found.query == "s=1&l=100"
    second = a_list("DERControlList", a_control("A2"), all=2, results=1)
    found, done = pages(first, second)
    assert done
    assert found.complete
    assert len(found.document(None).items) == 2


def test_a_list_that_does_not_say_how_long_it_is_has_one_page():
    body = '<DERControlList xmlns="urn:ieee:std:2030.5:ns"><DERControl href="/1"/></DERControlList>'
    found, done = pages(body)
    assert (done, found.complete) == (True, True)


def test_an_empty_page_ends_a_list_that_promised_more():
    found, done = pages(a_list("DERControlList", all=5, results=0))
    assert (done, found.complete) == (True, False)
    before = Document(pages(a_list("DERControlList", a_control("A1")))[0].document(None).items)
    assert len(found.document(before).items) == 1


def test_an_endless_list_is_ended():
    items = "".join(f'<DERControl href="/{number}"/>' for number in range(LARGEST_LIST))
    found, done = pages(a_list("DERControlList", items, all=10**9))
    assert done
    assert not found.complete


def test_meaning_ignores_where_a_control_stands_and_what_became_of_it():
    one = xml.parse(a_control("A1", status=0).encode())
    other = xml.parse(("\n" + a_control("A1", status=1)).replace("/c/A1", "/x").encode())
    assert meaning(one) == meaning(other)
    curve = '<opModVoltVar href="/dc/{}"/>'
    linked = [xml.parse(a_control("A1", curve.format(n)).encode()) for n in (1, 2)]
    assert meaning(linked[0]) != meaning(linked[1])


def test_the_clock_narrows_down_by_every_exchange():
    clock = ClockEstimate()
    assert clock.measure(1000, 100.0, 100.2)
    assert clock.offset == pytest.approx(900.4)
    assert not clock.measure(1001, 100.9, 101.0)
    assert (clock.low, clock.high) == (pytest.approx(900.0), pytest.approx(901.0))


def test_an_estimate_that_is_proven_wrong_moves():
    clock = ClockEstimate()
    clock.measure(1000, 100.0, 100.0)
    assert clock.offset == pytest.approx(900.5)
    assert clock.measure(1000, 99.3, 99.3)
    assert clock.offset == pytest.approx(900.85)


def test_a_clock_that_was_set_is_believed_at_once():
    clock = ClockEstimate()
    clock.measure(1000, 100.0, 100.0)
    assert clock.measure(5000, 101.0, 101.0)
    assert clock.offset == pytest.approx(4899.5)
