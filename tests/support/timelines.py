"""Random events of one station, and by brute force what holds at any second: nothing here reads their JSON.

The reference keeps what it drew as numbers (seconds after START) and walks every interval of every event at
each instant. Only the drawn shift of a random start is taken from the code under test.
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import inf

from support.openadr import CREATED, START, a_context
from support.translation import book
from translators.openadr.intervals import Slot, drawn
from translators.openadr.judging import Judging
from translators.openadr.payloads import identity
from translators.openadr.timeline import Entry, timeline
from translators.openadr.wire import event_of

HORIZON = timedelta(hours=24)
KINDS = {
    "IMPORT_CAPACITY_LIMIT": "import",
    "EXPORT_CAPACITY_LIMIT": "export",
    "DISPATCH_SETPOINT": "power",
    "IMPORT_CAPACITY_SUBSCRIPTION": "subscribed",
    "PRICE": "",
}
"""Payload types by what they compete for; prices compete with nothing."""


@dataclass
class Span:
    """An interval as it was drawn: seconds after START, its values by payload type."""

    number: int
    begin: float
    end: float
    values: dict
    random_s: int
    """By how many seconds its start may move; those of one `shift` move together."""
    shift: int


@dataclass
class Drawn:
    """An event as it was drawn, and as JSON."""

    id: str
    priority: float
    made: int
    spans: list
    total: float | None
    broken: set
    """Payload types without a unit: they are refused, and beat nothing."""
    json: dict

    @cached_property
    def name(self):
        """By which its random starts are drawn."""
        return identity(event_of(self.json), a_context())


def instant(seconds):
    return (START + timedelta(seconds=seconds)).isoformat()


def length(draw, seconds):
    """A duration in one of its spellings."""
    if seconds == inf:
        return draw.choice(["P9999Y", "P12000Y", "P3660000D"])
    spelled = [f"PT{seconds}S"]
    if seconds % 60 == 0:
        spelled.append(f"PT{seconds // 60}M")
    if seconds % 3600 == 0:
        spelled += [f"PT{seconds // 3600}H", f"P0DT{seconds // 3600}H0M"]
    return draw.choice(spelled)


def an_event(draw, number):
    """One event: intervals behind each other or with starts of their own, cut, repeated, endless, random.

    Some begin when they were first seen, and some have no unit.
    """
    begin = draw.randrange(-40, 80) * 300
    first_seen = draw.random() < 0.1
    if first_seen:
        begin = int((CREATED - START).total_seconds())
    usual = draw.choice([300, 600, 1800, 3600, 700])
    count = draw.randint(1, 5)
    endless = draw.random() < 0.1
    anchor = draw.choice(["0001-01-01", "0000-00-00"]) if first_seen else instant(begin)
    period = {"start": anchor, "duration": length(draw, usual)}
    random_s, shift = 0, 0
    if draw.random() < 0.25:
        random_s = draw.choice([60, 300, 1200])
        period["randomizeStart"] = length(draw, random_s)
    spans, intervals, at = [], [], begin
    kinds = draw.sample(sorted(KINDS), draw.choice([1, 1, 1, 2]))
    for place in range(count):
        own, lasts = {}, usual
        if place and draw.random() < 0.2:
            at += draw.choice([0, 300, 900])
            own["start"] = instant(at)
            if draw.random() < 0.4:
                random_s, shift = draw.choice([0, 60, 900]), place
                own["randomizeStart"] = length(draw, random_s)
        if draw.random() < 0.3:
            lasts = draw.choice([300, 900, 1500])
            own["duration"] = length(draw, lasts)
        if endless and place == count - 1:
            lasts = inf
            own["duration"] = length(draw, inf)
        many = 1 if lasts == inf else draw.choice([1, 1, 1, 2, 3])
        values = {kind: [draw.randint(1, 20) for _ in range(many)] for kind in kinds}
        payloads = [{"type": kind, "values": told} for kind, told in values.items()]
        intervals.append(
            {"id": place, "payloads": payloads, **({"intervalPeriod": own} if own else {})}
        )
        spans.append(Span(place, at, at + lasts, values, random_s, shift))
        at += lasts
    total = None
    if not endless and draw.random() < 0.3:
        total = draw.choice([inf, (at - begin) * 3, max(300, (at - begin) // 2)])
    broken = {kind for kind in kinds if KINDS[kind] and draw.random() < 0.1}
    priority, made = draw.choice([None, 0, 1, 2, 3]), draw.randrange(4)
    json = {
        "id": f"e{number}",
        "objectType": "EVENT",
        "createdDateTime": CREATED.isoformat(),
        "modificationDateTime": (CREATED + timedelta(seconds=made)).isoformat(),
        "programID": "flex",
        "intervalPeriod": period,
        "intervals": intervals,
        "payloadDescriptors": [
            {
                "payloadType": kind,
                **({"units": "KWH", "currency": "EUR"} if kind == "PRICE" else {"units": "KW"}),
            }
            for kind in kinds
            if kind not in broken
        ],
        **({} if priority is None else {"priority": priority}),
        **({} if total is None else {"duration": length(draw, total)}),
    }
    rank = inf if priority is None else priority
    return Drawn(f"e{number}", rank, made, spans, total, broken, json)


def held_of(event, at, seed):
    """Yield (type, value, place) of each interval of an event that covers an instant, by brute force."""
    first, last = event.spans[0].begin, event.spans[-1].end
    lap = last - first
    for one in event.spans:
        now = at - drawn(seed, event.name, Slot("0", 0, START, None, (), one.random_s, one.shift))
        if event.total is not None and now >= first + event.total:
            continue
        turn, later = 0, 0
        if event.total is not None and event.total > lap and now >= first:
            turn = int((now - first) // lap)
            later = turn * lap
        begin, end = one.begin + later, one.end + later
        if not begin <= now < end:
            continue
        if event.total is not None:
            end = min(end, first + event.total)
        for kind, values in one.values.items():
            part = max(
                n for n in range(len(values)) if begin + _floor(end - begin, n, len(values)) <= now
            )
            yield kind, values[part], one.number + turn * len(event.spans)


def _floor(seconds, part, parts):
    return 0 if part == 0 else int(seconds) * part // parts


def reference(events, at, seed):
    """Return what holds at an instant (seconds after START), each (type, value) as often as it does."""
    best, beside = {}, Counter()
    for event in events:
        for kind, value, place in held_of(event, at, seed):
            lane = KINDS[kind]
            if kind in event.broken:
                continue
            if not lane:
                beside[kind, value] += 1
                continue
            bound = value if lane != "power" else 0
            rank = (event.priority, bound, -event.made, event.id, -place)
            if lane not in best or rank < best[lane][0]:
                best[lane] = rank, (kind, value)
    return Counter(found for _, found in best.values()) + beside


def told(line, at):
    """Return the same of a line of time."""
    now = START + timedelta(seconds=at)
    return Counter(
        (payload.type, int(payload.values[0]))
        for it in line.stretches
        if it.slot.start <= now and (it.slot.end is None or now < it.slot.end)
        for payload in it.slot.payloads
    )


def edges(events, line, now):
    """Return instants from `now` on at which anything may change, and the seconds beside them."""
    found = {now}
    for it in line.stretches:
        for edge in (it.slot.start, it.slot.end):
            if edge is not None:
                found.add(int((edge - START).total_seconds()))
    for event in events:
        found |= {int(edge) for one in event.spans for edge in (one.begin, one.end) if edge != inf}
    end = now + HORIZON.total_seconds()
    return sorted(at for edge in found for at in (edge - 1, edge, edge + 1) if now <= at < end)


def fault(name):
    """Return what a random set of events holds otherwise than by brute force, "" where nothing."""
    draw = random.Random(name)  # noqa: S311 - no secret
    events = [an_event(draw, number) for number in range(draw.randint(1, 7))]
    entries = [
        Entry(e.id, event_of(e.json), a_context(received=CREATED, seed=name)) for e in events
    ]
    now = draw.choice([0, 0, draw.randrange(20_000)])
    moment = START + timedelta(seconds=now)
    line = timeline(entries, _judging(), moment, horizon=HORIZON, most=100_000)
    if not line.refusals.keys() <= {event.id for event in events if event.broken}:
        return f"refused: {line.refusals}"
    for at in edges(events, line, now):
        mine, theirs = told(line, at), reference(events, at, name)
        if mine != theirs:
            return f"{at} s after START: {dict(mine)}, by brute force {dict(theirs)}"
    return _misnamed(line)


def _misnamed(line):
    """Return what is wrong with the names of parts: each once, in the order of time."""
    parts = {}
    for it in line.stretches:
        key = it.key, it.slot.key
        number, end = parts.get(key, (-1, None))
        if it.part != number + 1 or (end is not None and it.slot.start < end):
            return f"{key} part {it.part} after {number}"
        parts[key] = it.part, it.slot.end
    return ""


_JUDGING = []


def _judging():
    if not _JUDGING:
        _JUDGING.append(Judging(book()))
    return _JUDGING[0]
