"""A schedule of one VTN with its engine's side, time as a number of minutes after START."""

import json
from datetime import timedelta

from gateway.connectors.openadr.handing import Handed
from gateway.connectors.openadr.schedule import Schedule
from gateway.core.events import CommandReceived
from gateway.protocols.openadr_access import Resource, VenAccess
from gateway.protocols.openadr_changes import Held
from support.openadr import START, an_event
from support.translation import book
from translators.canonical.commands import Revision
from translators.errors import DocumentError
from translators.openadr.wire import Program, event_of


def held(event, *, program=None, received=START, known=False):
    """Return an event as it is served."""
    raw = json.dumps(event, default=str).encode()
    try:
        read = event_of(event)
    except DocumentError as error:
        read = error
    key = f"{event.get('id')}/{event.get('createdDateTime')}" if isinstance(event, dict) else "?"
    return Held(key, event, raw, str(hash(raw)), read, program, received, known)


def over(minutes, intervals=(), **changes):
    """An event of so many minutes from START."""
    period = {"start": "2027-03-09T14:30:00Z", "duration": f"PT{minutes}M"}
    return an_event(*intervals, intervalPeriod=period, **changes)


class Planned:
    """Events served, and what was posted for each subject."""

    def __init__(self, *resources, before=None, **access):
        resources = resources or (Resource("CS1", "CS1"),)
        self.access = VenAccess("vtn", "https://vtn", "depot", resources=resources, **access)
        self.schedule = Schedule(self.access, book(), before or {})
        self.minutes = 0
        self.commands, self.refused, self.posted = {}, [], []
        """What holds, what was refused, and the events that the last plan posted."""

    def serve(self, *events, **changes):
        """Serve these and whatever was served before; return whom each addresses."""
        return [self.schedule.served(held(event, **changes)) for event in events]

    def remove(self, *events):
        for event in events:
            self.schedule.removed(held(event).key)

    def plan(self, minutes=None, *, whole=True):
        """Work out what is due; return what was posted: name and version, or the name withdrawn."""
        self.minutes = self.minutes if minutes is None else minutes
        if whole:
            self.schedule.complete()
        utc, posted = START + timedelta(minutes=self.minutes), []
        self.posted = []
        for subject in self.schedule.due(utc):
            plan = self.schedule.plan(subject, Revision.OPENADR_3_1, "seed", utc)
            self.refused += plan.refused
            self.posted += [*plan.events, *(it.event for it in plan.refused)]
            posted += [self._taken(subject, event) for event in plan.events]
        return posted

    def _taken(self, subject, event):
        if isinstance(event, CommandReceived):
            self.commands[subject, event.command.mrid] = event
            return _short(event.command.mrid), event.command.version
        self.commands.pop((subject, event.mrid))
        return _short(event.mrid)

    def line(self, subject="CS1"):
        """Return what holds for a subject: name, first and last minute, watts."""
        found = []
        for (name, mrid), event in self.commands.items():
            times = event.command.interval
            if name == subject:
                end = None if times.end is None else _minutes(times.end)
                if end is None or end > self.minutes:
                    watts = int(event.command.controls[0].value.value)
                    found.append((_short(mrid), _minutes(times.start), end, watts))
        return sorted(found, key=lambda it: (it[1], it[0]))

    def before(self):
        """Return what another run finds."""
        found = {}
        for (subject, mrid), event in self.commands.items():
            found.setdefault(subject, {})[mrid] = Handed(event.command)
        return found


def _minutes(instant):
    return int((instant - START).total_seconds() // 60)


def _short(mrid):
    """Return an mRID without utility and createdDateTime."""
    return mrid.removeprefix("vtn/").replace("/2027-03-09T09:00:00Z", "")


FLEX = Program("flex", "the flexible one")
