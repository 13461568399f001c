"""What a push says, and how soon it is acted on: a push is a hint, the truth is fetched.

Bodies were seen as JSON objects, as JSON strings that hold JSON (once or twice), with camelCase and with
snake_case keys, with the verbs of 3.1 (CREATE) and of 3.0.1 (POST). Nothing of one is kept but what says
whether to look. Pushes are at most a few walks: those of a flood fall together into one every few seconds,
and the last of a burst is never lost.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gateway.protocols.openadr_http import Json
from gateway.protocols.openadr_problem import parsed
from gateway.protocols.rates import Bucket, Rate
from translators.errors import DocumentError
from translators.openadr.wire import parse

LARGEST_BODY = 1 << 20
"""A longer body is not read: that it came is hint enough."""
_MOST_LAYERS = 3
_PACE = Rate(per_s=0.2, burst=5)
_RULE = "OpenADR 3 notification"
_VERBS = {"POST": "CREATE", "PUT": "UPDATE", "GET": "READ"}  # 3.0.1: 3.1
_CHANGES = frozenset({"CREATE", "UPDATE", "DELETE"})
_WATCHED = frozenset({"EVENT", "PROGRAM", "VEN", "RESOURCE"})
"""Kinds that change what is served; reports and subscriptions are our own doing."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification is about; `verb` as 3.1 has it, `id` and `program` empty where it names none."""

    kind: str
    verb: str
    id: str = ""
    program: str = ""

    def concerns(self, programs: Collection[str] | None) -> bool:
        """Say whether it may change what a VEN is served that follows these programs, None for all."""
        if self.kind not in _WATCHED or self.verb not in _CHANGES:
            return False
        return programs is None or not self.program or self.program in programs


def notice_of(body: bytes) -> Notice:
    """Return what a body says, in any encoding that was seen; `DocumentError` where it is none."""
    value = parsed(body)
    for _ in range(_MOST_LAYERS):
        if not isinstance(value, str):
            break
        value = parse(value)
    if not isinstance(value, dict):
        raise DocumentError("is no object", rule=_RULE)
    kind = _word(value, "objectType", "object_type")
    verb = _word(value, "operation")
    if not kind or not verb:
        raise DocumentError("names no objectType and operation", rule=_RULE)
    changed = value.get("object")
    told = changed if isinstance(changed, dict) else {}
    id_ = _word(told, "id")
    program = id_ if kind == "PROGRAM" else _word(told, "programID", "program_id")
    return Notice(kind, _VERBS.get(verb, verb), id_, program)


class Hints:
    """How pushes become walks: five at once, then one every five seconds (monotonic)."""

    def __init__(self) -> None:
        """Know of no push."""
        self._bucket = Bucket(_PACE, 0.0)
        self._came = False

    @property
    def waiting(self) -> bool:
        """Say whether a push came that was not acted on yet."""
        return self._came

    def came(self) -> None:
        """Note a push."""
        self._came = True

    def due(self, now: float) -> bool:
        """Say whether to look now; what came until now is then acted on."""
        if not self._came or self._bucket.wait(now) > 0:
            return False
        self._bucket.take()
        self._came = False
        return True

    def wait(self, now: float) -> float | None:
        """Return after how many seconds to ask again, None where no push waits."""
        return self._bucket.wait(now) if self._came else None


def _word(value: dict[str, Json], *names: str) -> str:
    """Return the first member of these names that is a text or a whole number, as text."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str | int) and not isinstance(found, bool):
            return str(found)
    return ""
