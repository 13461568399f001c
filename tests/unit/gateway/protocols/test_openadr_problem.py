"""Problems and lists of VTNs, in every shape."""

from datetime import UTC, datetime

import pytest

from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_problem import items_of, problem_of, retry_after_s, said_at
from translators.errors import DocumentError

NOW = datetime(2027, 3, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(0), "no answer"),
        (Answer(0, problem="cannot be reached"), "cannot be reached"),
        (Answer(409, body=b"[]"), "HTTP 409"),
        (Answer(500, body=b"<html>"), "HTTP 500"),
        (Answer(500, body=b"\xff\xfe"), "HTTP 500"),
        (Answer(404, body=b'{"status": "404", "title": "gone"}'), "HTTP 404: gone"),
        (Answer(403, body=b'{"title": "No", "detail": "why\\n not"}'), "HTTP 403: No: why not"),
        (Answer(401, body=b'{"error": "invalid_client"}'), "HTTP 401: invalid_client"),
        (Answer(400, body=b'{"title": 7, "detail": ["x"]}'), "HTTP 400"),
        (Answer(400, body=b'{"title": "' + b"x" * 999 + b'"}'), "HTTP 400: " + "x" * 200),
    ],
)
def test_a_problem_is_put_in_words(answer, said):
    assert problem_of(answer) == said


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"[]", []),
        (b'\xef\xbb\xbf [ {"a": 1} ,\n{"b": "]}\\""}] ', [b'{"a": 1}', b'{"b": "]}\\""}']),
        (b"[[1, [2]], {}]", [b"[1, [2]]", b"{}"]),
        (b'[null, {"a": 1}, 7]', [b"null", b'{"a": 1}', b"7"]),
    ],
)
def test_a_list_is_taken_apart_unread(body, items):
    assert [item.raw for item in items_of(body)] == items


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b'[{"a": 1}', b'[{"a": 1}, {"b"', b"[] []", b"[]]", b"[}", b'["']
)
def test_half_a_list_is_none(body):
    with pytest.raises(DocumentError):
        items_of(body)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("99999999999", 3600),
        ("Tue, 09 Mar 2027 12:01:00 GMT", 60),
        ("Tue, 09 Mar 2027 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after_comes_in_two_forms(text, seconds):
    assert retry_after_s(Answer(503, {"retry-after": text}), NOW) == seconds


def test_the_clock_is_that_of_the_date_header():
    assert said_at(Answer(200, {"date": "Tue, 09 Mar 2027 12:00:00 GMT"})) == NOW
    assert said_at(Answer(200, {"date": "12:00"})) is None
    assert said_at(Answer(200)) is None
