"""What a program's contract demands of its events beyond OpenADR: one named rule after the other.

An event that breaks one is refused as a whole: who wrote it meant something else than we would read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from translators.errors import DocumentError
from translators.openadr.wire import Event

_EAN = re.compile(r"[0-9]{18}")
_LIMIT = "IMPORT_CAPACITY_LIMIT"

type Breach = tuple[str, str]
"""Where and what."""


def breach(contract: str, event: Event) -> DocumentError | None:
    """Return the first rule of a contract that an event breaks, None where it keeps all."""
    for name, rule in CONTRACTS[contract].items():
        for where, problem in rule(event):
            return DocumentError(problem, where=where, rule=f"{contract}.{name}")
    return None


def _no_priority(event: Event) -> Iterator[Breach]:
    if event.priority is not None:
        yield "priority", f"is {event.priority}, where the contract knows none"


def _one_place_of_time(event: Event) -> Iterator[Breach]:
    """Time stands on the event, or on every interval and nowhere else."""
    own = [interval.get("intervalPeriod") is not None for interval in _intervals(event)]
    on_event = event.raw.get("intervalPeriod") is not None
    if on_event and any(own):
        yield "intervalPeriod", "stands on the event and on intervals"
    elif not on_event and not (own and all(own)):
        yield "intervals", "do not all have an intervalPeriod, nor has the event"


def _eans(event: Event) -> Iterator[Breach]:
    """Targets are EANs: plain in 3.1, the values of a map in 3.0."""
    told = _listed(event.raw.get("targets"))
    values = [
        value
        for target in told
        for value in (_listed(target.get("values")) if isinstance(target, dict) else [target])
    ]
    if not values:
        yield "targets", "name no EAN"
    for value in values:
        if not isinstance(value, str) or _EAN.fullmatch(value) is None:
            yield "targets", "are not all EANs of 18 digits"


def _one_limit_in_kw(event: Event) -> Iterator[Breach]:
    descriptors = event.raw.get("payloadDescriptors") or []
    described = [(one.get("payloadType"), one.get("units")) for one in descriptors]
    if described != [(_LIMIT, "KW")]:
        yield "payloadDescriptors", f"are not one {_LIMIT} in KW"


def _rising_ids(event: Event) -> Iterator[Breach]:
    ids = [interval.get("id") for interval in _intervals(event)]
    whole = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
    if len(whole) < len(ids):
        yield "intervals", "have an id that is no whole number"
    elif any(later <= former for former, later in pairwise(whole)):
        yield "intervals", "have ids that do not rise strictly"


def _one_value(event: Event) -> Iterator[Breach]:
    for n, interval in enumerate(event.intervals):
        if [(one.type, len(one.values)) for one in interval.payloads] != [(_LIMIT, 1)]:
            yield f"intervals[{n}]", f"is not one {_LIMIT} of one value"


def _listed(value: object) -> list[object]:
    """Return a list as it is, nothing as an empty one, and what should be a list as its only item."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _intervals(event: Event) -> list[dict[str, object]]:
    return event.raw.get("intervals") or []


CONTRACTS: dict[str, dict[str, Callable[[Event], Iterator[Breach]]]] = {
    "": {},
    # Grid Aware Charging 2.2 (NL): capacity limits for charging
    "gac_2_2": {
        "priority": _no_priority,
        "time": _one_place_of_time,
        "targets": _eans,
        "descriptor": _one_limit_in_kw,
        "interval_ids": _rising_ids,
        "payload": _one_value,
    },
}
"""By name: the rules in the order in which they are judged."""
