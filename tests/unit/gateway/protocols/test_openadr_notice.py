"""What a push says, in every form that was seen, and how pushes become looks."""

import json
from itertools import pairwise

import pytest

from gateway.protocols.openadr_notice import Hints, Notice, notice_of
from translators.errors import DocumentError

EVENT = {"objectType": "EVENT", "operation": "DELETE", "object": {"id": "7", "programID": "flex"}}
SNAKE = {"object_type": "EVENT", "operation": "DELETE", "object": {"id": "7", "program_id": "flex"}}


def nested(value, times):
    for _ in range(times):
        value = json.dumps(value)
    return json.dumps(value).encode()


@pytest.mark.parametrize("body", [EVENT, SNAKE, EVENT | {"targets": None}])
@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_a_notification_is_read_in_any_encoding_that_was_seen(body, layers):
    assert notice_of(nested(body, layers)) == Notice("EVENT", "DELETE", "7", "flex")


@pytest.mark.parametrize(("verb", "read"), [("POST", "CREATE"), ("PUT", "UPDATE"), ("GET", "READ")])
def test_the_verbs_of_3_0_1_are_those_of_3_1(verb, read):
    assert notice_of(nested(EVENT | {"operation": verb}, 0)).verb == read


def test_a_program_names_itself():
    body = {"objectType": "PROGRAM", "operation": "CREATE", "object": {"id": 3}}
    assert notice_of(nested(body, 0)) == Notice("PROGRAM", "CREATE", "3", "3")


@pytest.mark.parametrize("content", [None, [], "x", {}])
def test_a_notification_may_say_nothing_of_its_object(content):
    assert notice_of(nested(EVENT | {"object": content}, 0)) == Notice("EVENT", "DELETE")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "is no JSON"),
        (b"\xff", "is no UTF-8"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no object"),
        (nested(EVENT, 4), "is no object"),
        (nested({"objectType": "EVENT"}, 0), "names no objectType and operation"),
        (nested(EVENT | {"objectType": True}, 0), "names no objectType and operation"),
        (b'{"a": 1, "a": 2}', "stands twice"),
    ],
)
def test_what_is_no_notification_is_named(body, problem):
    with pytest.raises(DocumentError, match=problem):
        notice_of(body)


@pytest.mark.parametrize(
    ("notice", "programs", "concerns"),
    [
        (Notice("EVENT", "CREATE", "7", "flex"), None, True),
        (Notice("EVENT", "CREATE", "7", "flex"), ("flex",), True),
        (Notice("EVENT", "CREATE", "7", "other"), ("flex",), False),
        (Notice("EVENT", "CREATE", "7"), ("flex",), True),
        (Notice("PROGRAM", "UPDATE", "flex", "flex"), ("flex",), True),
        (Notice("VEN", "UPDATE", "1"), ("flex",), True),
        (Notice("REPORT", "CREATE", "1"), None, False),
        (Notice("SUBSCRIPTION", "CREATE", "1"), None, False),
        (Notice("EVENT", "READ", "7", "flex"), None, False),
    ],
)
def test_what_is_about_something_else_is_no_hint(notice, programs, concerns):
    assert notice.concerns(programs) is concerns


def test_a_push_is_acted_on_at_once_and_once():
    hints = Hints()
    assert (hints.due(0), hints.wait(0)) == (False, None)
    hints.came()
    hints.came()
    assert hints.wait(0) == 0
    assert [hints.due(0), hints.due(0)] == [True, False]


def test_a_flood_becomes_a_look_every_five_seconds_and_its_last_push_is_not_lost():
    hints = Hints()
    looks = []
    for tenth in range(1000):
        now = tenth / 10
        if now < 60:
            hints.came()
        if hints.due(now):
            looks.append(now)
    assert looks[:5] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert all(4.9 < after - before < 5.2 for before, after in pairwise(looks[5:]))
    assert 60 <= looks[-1] < 65
