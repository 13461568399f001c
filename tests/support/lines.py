"""Events of one interval, and what holds of them."""

from datetime import timedelta

from support.openadr import CREATED, LIMIT, START, a_context, a_payload, an_event, an_interval
from support.translation import book
from translators.openadr.judging import Judging
from translators.openadr.timeline import Entry, timeline
from translators.openadr.wire import event_of


def after(minutes):
    return START + timedelta(minutes=minutes)


def limits(id_, value, begin=0, minutes=60, kind=LIMIT, **changes):
    """An event of one interval, minutes after START."""
    period = {
        "start": after(begin).isoformat(),
        "duration": f"PT{minutes}M",
        **changes.pop("period", {}),
    }
    interval = an_interval(a_payload(kind, value))
    return an_event(interval, id=id_, intervalPeriod=period, **changes)


def line(*events, now=START, context=None, **changes):
    known = {"received": CREATED, **(context or {})}
    entries = [Entry(event["id"], event_of(event), a_context(**known)) for event in events]
    return timeline(entries, Judging(book()), now, **changes)


def held(*events, **changes):
    """What holds: event, part, and minutes after START at which it begins and ends."""
    found = []
    for it in line(*events, **changes).stretches:
        begin, end = it.slot.start, it.slot.end
        minutes = [
            None if at is None else (at - START) / timedelta(minutes=1) for at in (begin, end)
        ]
        found.append((it.key, it.part, *minutes))
    return found
