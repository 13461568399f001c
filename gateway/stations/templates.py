"""Payloads as bytes, each checked once: what many stations get alike, and what many of them answer."""

from __future__ import annotations

import orjson

from gateway.stations.context import Reply
from gateway.stations.rules import Json, Violation
from gateway.stations.validators import read_violation, violation

KEPT = 256
"""Templates that are known to be sound; the oldest is forgotten first."""
_MAX_ANSWER = 256
"""Octets of an answer that is remembered."""
_MAX_ID = 36
"""Characters of a control id (SetDERControlRequest)."""

type _Template = tuple[str, str, bytes]


class Templates:
    """Payloads that were found sound: version, action, and the bytes, those of a request without its id.

    Two payloads of one template differ in a `controlId` of 1 to 36 characters and in nothing else. Whether
    an answer is sound, and what it means, depends on nothing but its text.
    """

    def __init__(self) -> None:
        """Know none yet."""
        self._sound: dict[_Template, None] = {}
        self._last: _Template | None = None
        self._answers: dict[_Template, Reply] = {}

    def __len__(self) -> int:
        """Return how many templates are known."""
        return len(self._sound)

    def render(self, version: str, action: str, payload: Json) -> bytes | Violation:
        """Return a request as it is written, or the first thing that is wrong with it."""
        body = orjson.dumps(payload)
        bare = _without_id(body, payload.get("controlId"))
        if bare is None:  # meant for one station alone: to know it again is of no use
            return _fault(version, action, payload, body) or body
        template = version, action, bare
        if template == self._last or template in self._sound:  # to compare is cheaper than to hash
            self._last = template
            return body
        fault = _fault(version, action, payload, body)
        if fault is not None:
            return fault
        _keep(self._sound, template, None)
        return body

    def recall(self, version: str, action: str, text: bytes) -> Reply | None:
        """Return what an answer means that was taken with this text before."""
        return self._answers.get((version, action, text))

    def learn(self, version: str, action: str, text: bytes, reply: Reply) -> None:
        """Remember what a sound answer means, where its text is one short object by itself."""
        if len(text) <= _MAX_ANSWER and _is_object(text):
            _keep(self._answers, (version, action, text), reply)


def _fault(version: str, action: str, payload: Json, body: bytes) -> Violation | None:
    """Return what is wrong with a payload; what is not finite is written as null."""
    check = violation if b"null" in body else read_violation
    return check(version, action, payload, request=True)


def _keep[T](known: dict[_Template, T], template: _Template, value: T) -> None:
    known[template] = value
    if len(known) > KEPT:
        del known[next(iter(known))]


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _without_id(body: bytes, control_id: object) -> bytes | None:
    """Return a body less its control id; None without one that any station could take."""
    if not isinstance(control_id, str) or not 0 < len(control_id) <= _MAX_ID:
        return None
    return body.replace(b'"controlId":' + orjson.dumps(control_id), b'"controlId":', 1)
