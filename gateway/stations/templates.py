"""Payloads of calls as bytes: what many stations get alike is checked once, whatever its control id."""

from __future__ import annotations

import orjson

from gateway.stations.rules import Json, Violation
from gateway.stations.validators import violation

KEPT = 256
"""Templates that are known to be sound; the oldest is forgotten first."""
_MAX_ID = 36
"""Characters of a control id (SetDERControlRequest)."""

type _Template = tuple[str, str, bytes]


class Templates:
    """Payloads that were found sound: version, action, and the bytes without the control id.

    Two payloads of one template differ in a `controlId` of 1 to 36 characters and in nothing else.
    """

    def __init__(self) -> None:
        """Know none yet."""
        self._sound: dict[_Template, None] = {}

    def __len__(self) -> int:
        """Return how many templates are known."""
        return len(self._sound)

    def render(self, version: str, action: str, payload: Json) -> bytes | Violation:
        """Return a request as it is written, or the first thing that is wrong with it."""
        body = orjson.dumps(payload)
        bare = _without_id(body, payload.get("controlId"))
        if bare is None:  # meant for one station alone: to know it again is of no use
            return violation(version, action, payload, request=True) or body
        template = version, action, bare
        if template in self._sound:
            return body
        fault = violation(version, action, payload, request=True)
        if fault is not None:
            return fault
        self._sound[template] = None
        if len(self._sound) > KEPT:
            del self._sound[next(iter(self._sound))]
        return body


def _without_id(body: bytes, control_id: object) -> bytes | None:
    """Return a body less its control id; None without one that any station could take."""
    if not isinstance(control_id, str) or not 0 < len(control_id) <= _MAX_ID:
        return None
    return body.replace(b'"controlId":' + orjson.dumps(control_id), b'"controlId":', 1)
