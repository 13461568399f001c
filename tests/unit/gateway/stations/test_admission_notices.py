"""Security events: the first at once, the same again as one count a minute later."""

from gateway.core.events import SecurityNoticed
from gateway.stations.admission_notices import GATHER_S, Notices


def denied(station="CS1", address="10.0.0.1", kind="access.denied"):
    return SecurityNoticed(kind, station, address, "the password is wrong")


def test_the_first_is_told_at_once():
    assert Notices().note(denied(), 0) == [denied()]


def test_the_same_again_is_told_once_with_its_count():
    notices = Notices()
    told = [event for _ in range(10_000) for event in notices.note(denied(), 1)]
    assert told == [denied()]
    assert notices.due(1 + GATHER_S - 0.001) == []
    [later] = notices.due(1 + GATHER_S)
    assert (later.count, later.station) == (9_999, "CS1")
    assert not notices.counting


def test_counts_of_several_ids_name_none():
    notices = Notices()
    for name in ("CS1", "CS2", "CS2"):
        notices.note(denied(name), 0)
    [later] = notices.rest()
    assert (later.count, later.station) == (2, "")


def test_one_alone_is_not_told_again():
    notices = Notices()
    notices.note(denied(), 0)
    assert notices.counting
    assert notices.rest() == []
    assert not notices.counting


def test_after_the_minute_the_next_is_told_at_once():
    notices = Notices()
    notices.note(denied(), 0)
    notices.note(denied(), 1)
    told = notices.note(denied(), 100)
    assert [event.count for event in told] == [1, 1]


def test_other_kinds_and_addresses_are_told_apart():
    notices = Notices()
    told = [
        *notices.note(denied(), 0),
        *notices.note(denied(address="10.0.0.2"), 0),
        *notices.note(denied(kind="access.duplicate"), 0),
    ]
    assert len(told) == 3


def test_a_thousand_addresses_are_told_as_many_and_counted_whole():
    notices = Notices()
    told = []
    for number in range(1000):
        told += notices.note(denied(address=f"10.0.{number // 250}.{number % 250}"), 0)
    assert len(told) == 257
    assert told[-1].address == "many"
    assert sum(event.count for event in told + notices.rest()) == 1000
