"""Builders of OpenADR 3 events, with good defaults."""

from dataclasses import replace
from datetime import UTC, datetime

from support.translation import a_station, book, running, situation
from translators.canonical.commands import Revision
from translators.chain import Case, travel
from translators.openadr.binding import binding_of
from translators.openadr.contracts import terms_of
from translators.openadr.inbound import served, to_commands
from translators.openadr.intervals import Clock, expand
from translators.openadr.payloads import EventContext
from translators.openadr.wire import event_of

START = datetime(2027, 3, 9, 14, 30, tzinfo=UTC)
CREATED = datetime(2027, 3, 9, 9, tzinfo=UTC)
LIMIT = "IMPORT_CAPACITY_LIMIT"
ENDLESS = "P9999Y"


def a_payload(kind=LIMIT, *values):
    return {"type": kind, "values": list(values or (10,))}


def an_interval(*payloads, **period):
    """An interval; `start`, `duration` and `randomizeStart` make a period of its own."""
    made = {"id": 0, "payloads": list(payloads or (a_payload(),))}
    return {**made, "intervalPeriod": period} if period else made


def an_event(*intervals, units="KW", **changes):
    """An event of one hour from START; `units` describe every payload type that stands in it."""
    held = list(intervals or (an_interval(),))
    kinds = {payload["type"] for interval in held for payload in interval["payloads"]}
    event = {
        "id": "e1",
        "objectType": "EVENT",
        "createdDateTime": "2027-03-09T09:00:00Z",
        "programID": "flex",
        "priority": 4,
        "intervalPeriod": {"start": "2027-03-09T14:30:00Z", "duration": "PT1H"},
        "intervals": held,
        "payloadDescriptors": [{"payloadType": kind, "units": units} for kind in sorted(kinds)],
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not ...}


def one(kind, *values, **changes):
    """An event of one interval with one payload."""
    return an_event(an_interval(a_payload(kind, *values)), **changes)


def prices(*values, **changes):
    """An event of prices for a time each."""
    held = [an_interval(a_payload("PRICE", value)) for value in values]
    described = [{"payloadType": "PRICE", "units": "KWH", "currency": "USD"}]
    return an_event(*held, **{"payloadDescriptors": described, **changes})


def a_context(*bindings, revision="3.1", **changes):
    known = {"utility": "vtn", "station": "CS1", "revision": Revision(revision)}
    contracts = tuple(binding_of({"program": "flex", **binding}) for binding in bindings)
    terms = terms_of(book(), changes.pop("contract", ""))
    return EventContext(**{**known, "bindings": contracts, "contract": terms, **changes})


def read(event, context=None):
    """Return the commands that an event is, by the shipped rules."""
    return served(event, context or a_context()).read(book())


def refused(event, context=None):
    """Return outcome, function and problem of each refusal of an event."""
    return [(r.outcome.value, r.function, r.problem) for r in read(event, context).refusals]


def lost(event, context=None):
    """Return the kinds of loss of an event."""
    return sorted(loss.kind.value for loss in read(event, context).losses)


def commands(event, context=None):
    return to_commands(book(), event_of(event), context or a_context()).value


def line(event, revision="3.1", **clock):
    """Return the line of time of an event."""
    return expand(event_of(event), Clock(Revision(revision), **clock))


def spans(expansion):
    """Return seconds from START and length of each slot, None without end."""
    return [
        (
            int((slot.start - START).total_seconds()),
            None if slot.end is None else int((slot.end - slot.start).total_seconds()),
        )
        for slot in expansion.slots
    ]


def told(event, context=None, **known):
    """Return what a 22 kW station with one transaction is told of an event, or why nothing; kinds of loss.

    `known` of its situation, besides the transaction.
    """
    situated = replace(situation(running()), **known)
    case = Case(served(event, context or a_context()), a_station(), situated)
    gone = travel(book(), case)
    lines = [said(message) for message in gone.value.orders.messages]
    lines += [f"refused: {_reason(refusal)}" for refusal in gone.refusals]
    followed = sorted(set(gone.value.orders.vacuous))
    text = "; ".join(lines) or "; ".join(followed) or "nothing to do"
    return text, " ".join(sorted({loss.kind.value for loss in gone.losses}))


def said(message):
    """A message in one line."""
    if message.action == "SetDERControl":
        return _control_said(message.payload)
    profile = message.payload["chargingProfile"]
    (schedule,) = profile["chargingSchedule"]
    periods = schedule["chargingSchedulePeriod"]
    member = next(name for name in ("setpoint", "limit", "operationMode") if name in periods[0])
    steps = " ".join(f"{period['startPeriod']}:{period[member]}" for period in periods)
    line = f"{profile['chargingProfilePurpose']} {member} {steps}"
    if "duration" in schedule:
        line += f" until {schedule['duration']}"
    ceiling = schedule.get("limitAtSoC")
    return f"{line}, {ceiling['limit']} above {ceiling['soc']} %" if ceiling else line


def _control_said(payload):
    if "curve" in payload:
        points = " ".join(f"{it['x']}:{it['y']}" for it in payload["curve"]["curveData"])
        return f"{payload['controlType']} {points}"
    if "limitMaxDischarge" in payload:
        percent = payload["limitMaxDischarge"]["pctMaxDischargePower"]
        return f"{payload['controlType']} {percent} %"
    return payload["controlType"]


def _reason(refusal):
    """Why, without the rest that says what would have been taken."""
    problem = refusal.problem.partition(": needs a binding")[0].partition(", not one of")[0]
    units = refusal.where.endswith("descriptor/units")
    return f"descriptor/units {problem}" if units else problem
