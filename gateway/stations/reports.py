"""MeterValues in a form that was seen before: message id, instant and numbers are all that is read anew.

Theory of operation: stations report in one form, again and again. A frame is cut at its message id, its
timestamp and the numbers of its sampled values; what is left is its form. Two frames of one form are the
same JSON but for these places, and what stands there is checked by its grammar. So a form is checked once
(bounds, duplicate keys, schema), and every frame of it is as sound as that one. Whatever is not exactly so
is not recognised, and goes the long way.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from gateway.protocols.ocpp_frames import parse
from gateway.stations.validators import read_violation
from translators.errors import DocumentError
from translators.ocpp.metering import shapes_of
from translators.ocpp.metering_plan import MILLION, Plan, plan_of
from translators.ocpp.wire import instant, place_of

KEPT = 256
"""Forms that are known; the oldest is forgotten first."""
_SIGHTED = 1024
"""Forms that were seen and are not known; they are looked at once, when they come again."""
_LONGEST = 8 * 1024
"""Octets of a frame beyond which its form is not worth its memory."""
_MOST = 64
"""Sampled values, likewise."""
_HEAD = re.compile(rb'\[2, ?"([ !#-\[\]-~]{1,36})", ?"MeterValues", ?')
_CLOCK = rb"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_AT = re.compile(
    rb'"timestamp": ?"([0-9]{4}-[0-9]{2}-[0-9]{2}T%s:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-]%s))"'
    % (_CLOCK, _CLOCK)
)
_NUMBER = re.compile(rb'"value": ?(-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?)(?=[,}])')
"""At most 15 digits, six of them decimals: what a double tells apart, and millionths count."""
_PLACE = b"\0"
"""Where the timestamp was; no JSON has this octet."""
_SPECIAL = (b"\\", b"customData", b"signedMeterValue")
"""What a frame of a known form has nothing of: escapes, further numbers, evidence that is kept."""

type _Form = tuple[str | bytes, ...]


class Report(NamedTuple):
    """One report: to whom it is answered, and its numbers in millionths as its plan has them."""

    message_id: bytes
    evse: int
    at: datetime
    plan: Plan
    numbers: list[int]


class _Known(NamedTuple):
    evse: int
    plan: Plan


class Reports:
    """The forms that were found sound."""

    def __init__(self) -> None:
        """Know none yet."""
        self._known: dict[_Form, _Known] = {}
        self._sighted: dict[int, bool] = {}
        """By hash of a form: whether it was checked, and found to be none of these."""

    def __len__(self) -> int:
        """Return how many forms are known."""
        return len(self._known)

    def read(self, version: str, frame: bytes) -> Report | None:
        """Return what a frame of a known form says; None for all else, which may be known next time."""
        head = _HEAD.match(frame)
        if head is None or len(frame) > _LONGEST:
            return None
        at = _AT.search(frame, head.end())
        if at is None:
            return None
        parts = _NUMBER.split(frame[head.end() : at.start()] + _PLACE + frame[at.end() :])
        form = (version, *parts[::2])
        try:
            told = instant(at[1].decode())
            known = self._known[form]
        except DocumentError:
            return None
        except KeyError:
            self._sight(form, frame, parts[1::2])
            return None
        numbers = [round(float(parts[2 * place + 1]) * MILLION) for place in known.plan.followed]
        return Report(head[1], known.evse, told, known.plan, numbers)

    def _sight(self, form: _Form, frame: bytes, numbers: list[bytes]) -> None:
        """Know a form from its second time on: what comes but once is not worth the trouble."""
        mark = hash(form)
        looked_at = self._sighted.get(mark)
        if looked_at is None:
            self._sighted[mark] = False
            if len(self._sighted) > _SIGHTED:
                del self._sighted[next(iter(self._sighted))]
        elif not looked_at:
            self._sighted[mark] = True
            known = _checked(str(form[0]), frame, numbers)
            if known is not None:
                del self._sighted[mark]
                self._keep(form, known)

    def _keep(self, form: _Form, known: _Known) -> None:
        self._known[form] = known
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]


def _checked(version: str, frame: bytes, numbers: list[bytes]) -> _Known | None:
    """Return what all frames of a form are, by one of them; None where it is not sound, or not plain."""
    if any(word in frame for word in _SPECIAL):
        return None
    try:
        _, _, action, payload = parse(frame)
    except ValueError:  # also where there are more parts than four
        return None
    if read_violation(version, action, payload, request=True) is not None:
        return None
    values = [value for entry in payload["meterValue"] for value in entry["sampledValue"]]
    told = [value["value"] for value in values]
    if len(payload["meterValue"]) > 1 or len(values) > _MOST or told != list(map(float, numbers)):
        return None
    plan = plan_of(shapes_of(values))
    return None if plan.odd else _Known(place_of(payload["evseId"]), plan)
