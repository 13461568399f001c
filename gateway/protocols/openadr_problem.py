"""What answers of a VTN say: problems in every shape that was seen, lists item by item.

Problems come as `application/problem+json` or plain JSON, with a status that may be text, with a title
alone, as RFC 6749 errors, as `[]`, or as no JSON at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gateway.protocols.openadr_http import Answer, Json
from translators.errors import DocumentError
from translators.openadr.wire import parse
from translators.rules.jsontext import first_value

DATE_S = 1.0
"""Resolution of HTTP Date (RFC 9110 5.6.7)."""
_LONGEST_WORD = 200
_LONGEST_WAIT_S = 3600.0
_RULE = "OpenADR 3 list"
_OF_THE_MOMENT = frozenset({0, 401, 408, 425, 429})
_NOT_IMPLEMENTED = 501
_SAID = ("title", "detail", "error", "error_description")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
_BETWEEN = b" \t\r\n,"
_BEGIN = re.compile(r"\[[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_END = re.compile(r"[ \t\r\n]*\]")


def problem_of(answer: Answer) -> str:
    """Return for people what is wrong with an answer that is no success."""
    if not answer.status or answer.problem:
        return answer.problem or "no answer"
    said = [f"HTTP {answer.status}"]
    try:
        value = parsed(answer.body)
    except DocumentError:
        value = None
    if isinstance(value, dict):
        said += [word for name in _SAID if (word := _word(value.get(name)))]
    return ": ".join(dict.fromkeys(said))


def trouble_of(answer: Answer, where: str) -> None:
    """Raise `DocumentError` where an answer is a trouble of the moment, and no word on what was asked."""
    server = answer.status >= 500 and answer.status != _NOT_IMPLEMENTED
    if answer.problem or server or answer.status in _OF_THE_MOMENT:
        raise DocumentError(problem_of(answer), where=where)


def parsed(body: bytes) -> Json:
    """Return the JSON value that a body is; `DocumentError` where it is none."""
    try:
        return parse(body.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise DocumentError("is no UTF-8", rule=_RULE) from exc


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list as its bytes; `value` is what it says where it was `read` with its list."""

    raw: bytes
    value: Json = None
    read: bool = False


def items_of(body: bytes) -> list[Item]:
    """Return the items of a JSON list; where not all of them are JSON none is read: one spoils no other.

    `DocumentError` where the body is no list, or ends before the list does.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text.startswith(b"["):
        raise DocumentError("is no list", rule=_RULE)
    found = _sound(text)
    return [Item(raw) for raw in _apart(text)] if found is None else found


def _sound(text: bytes) -> list[Item] | None:
    """Return the items of a list that is JSON throughout, None of any other."""
    try:
        plain = text.decode()
        items: list[Item] = []
        mark = _BEGIN.match(plain)
        while mark is not None:
            value, end = first_value(plain, mark.end())
            items.append(Item(plain[mark.end() : end].encode(), value, read=True))
            mark = _COMMA.match(plain, end)
    except (ValueError, RecursionError):
        return None
    return items if items and _END.fullmatch(plain, end) else None


def _apart(text: bytes) -> list[bytes]:
    """Return the items of a list of which some are no JSON, by their brackets."""
    items: list[bytes] = []
    depth = begin = 0
    end = 1
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark in b"{[":
            depth += 1
            if depth == 2:
                items += _rest(text[end : match.start()])
                begin = match.start()
        elif mark in b"}]":
            depth -= 1
            if depth == 1:
                end = match.end()
                items.append(text[begin:end])
            elif depth == 0:
                return _closed(text, items, end, match)
    raise DocumentError("ends before the list does", rule=_RULE)


def said_at(answer: Answer) -> datetime | None:
    """Return the VTN's clock as its Date header tells it, to a second; None where it does not."""
    text = answer.headers.get("date", "")
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def retry_after_s(answer: Answer, utc: datetime) -> float | None:
    """Return for how long a VTN asks to be left alone, an hour at most (RFC 9110 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return min(max((until - utc).total_seconds(), 0.0), _LONGEST_WAIT_S)


def _closed(text: bytes, items: list[bytes], end: int, match: re.Match[bytes]) -> list[bytes]:
    if match.end() != len(text) or match[0] != b"]":
        raise DocumentError("has more behind the list", rule=_RULE)
    return items + _rest(text[end : match.start()])


def _rest(text: bytes) -> list[bytes]:
    """Return what stands between two objects of a list where that is more than a comma."""
    plain = text.strip(_BETWEEN)
    return [plain] if plain else []


def _word(value: Json) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join(filter(str.isprintable, value.split()))[:_LONGEST_WORD]
