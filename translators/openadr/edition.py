"""Which edition of OpenADR 3 an event was written in, by what only one of them has.

3.1 knows `duration` of events, targets that are texts, starts left out, and a few more types; 3.0.1 has
targets of a type with values, and programs whose attributes lie flat. Many events are the same in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from translators.canonical.commands import Revision
from translators.errors import DocumentError

_FLAT = (
    "programLongName",
    "retailerName",
    "retailerLongName",
    "programType",
    "country",
    "principalSubdivision",
    "timeZoneOffset",
    "bindingEvents",
    "localPrice",
)
"""What programs of 3.0.1 have beside their name, and those of 3.1 as `attributes`."""
_NEW_TYPES = frozenset(
    {
        "DISPATCH_INSTRUCTION",
        "CONTROL_LEVEL_OFFSET",
        "CONTROL_LEVEL_OFFSET_PERCENT",
        "PRICE_ALTERNATE",
    }
)

type _Sign = tuple[Revision, str]


def edition_of(event: Any, program: Any = None) -> _Sign | None:
    """Return the edition of an event and its program with what shows it, None where nothing does.

    `DocumentError` where one thing shows the one and another the other.
    """
    signs = [*_of_event(event), *_of_program(program)]
    for revision, why in signs:
        if revision is not signs[0][0]:
            problem = f"is of {signs[0][0].value}, and {why}, which is {revision.value}"
            raise DocumentError(problem, where=signs[0][1], rule="OpenADR 3 edition")
    return signs[0] if signs else None


def _of_event(event: Any) -> Iterator[_Sign]:
    if not isinstance(event, dict):
        return
    if event.get("duration") is not None:
        yield Revision.OPENADR_3_1, "the event has a duration"
    period = event.get("intervalPeriod")
    if isinstance(period, dict) and period and period.get("start") is None:
        yield Revision.OPENADR_3_1, "intervalPeriod has no start"
    yield from _of_targets(event.get("targets"), "targets")
    for item in _objects(event.get("reportDescriptors")):
        if item.get("reportIntervals") is not None:
            yield Revision.OPENADR_3_1, "reportDescriptors have reportIntervals"
    for interval in _objects(event.get("intervals")):
        for payload in _objects(interval.get("payloads")):
            if isinstance(payload.get("type"), str) and payload["type"] in _NEW_TYPES:
                yield Revision.OPENADR_3_1, f"the event carries {payload['type']}"


def _of_program(program: Any) -> Iterator[_Sign]:
    if not isinstance(program, dict):
        return
    if program.get("attributes") is not None:
        yield Revision.OPENADR_3_1, "the program has attributes"
    for name in _FLAT:
        if program.get(name) is not None:
            yield Revision.OPENADR_3_0, f"the program has {name}"
    yield from _of_targets(program.get("targets"), "targets of the program")


def _of_targets(targets: Any, where: str) -> Iterator[_Sign]:
    """Targets are texts in 3.1, and objects of a type and values in 3.0.1."""
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, str):
            yield Revision.OPENADR_3_1, f"{where} are texts"
        elif isinstance(target, dict) and {"type", "values"} <= target.keys():
            yield Revision.OPENADR_3_0, f"{where} have a type and values"


def _objects(found: Any) -> list[dict[str, Any]]:
    return [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []
