"""An engine with stations that answer everything at once, as they are told to."""

from datetime import timedelta

from gateway.core.effects import Audit, ReadBack, RespondToUtility, SendToStation
from gateway.core.engine import Engine
from gateway.core.events import (
    CommandReceived,
    ControlsReported,
    NoticeReceived,
    Now,
    ReplyStatus,
    StationConnected,
    StationReplied,
    Tick,
)
from gateway.core.station import StationRules
from support.engine_bench import NOON, a_command, a_profile
from translators.canonical.commands import Target
from translators.canonical.telemetry import ControlNotice

OFFSETS = {"dso": timedelta()}


class Fleet:
    """All stations of one utility `dso`, connected at noon."""

    def __init__(self, book, names, pace=None):
        self.engine = Engine(book, [StationRules(n, ("dso",)) for n in names], pace=pace)
        self.now, self.effects, self.answers = NOON, [], {}
        for name in names:
            self.hear(StationConnected(name, a_profile(name)))

    def hear(self, event):
        ahead = [event]
        while ahead:
            now = Now(self.now, (self.now - NOON).total_seconds(), OFFSETS)
            found = self.engine.handle(ahead.pop(0), now)
            self.effects += found
            for effect in found:
                match effect:
                    case ReadBack(station=name, request_id=request):
                        ahead.append(ControlsReported(name, request, ()))
                    case SendToStation(station=name, request_id=request):
                        status = self.answers.get(name, ReplyStatus.ACCEPTED)
                        ahead.append(StationReplied(name, request, status))

    def at(self, minute):
        self.now = NOON + timedelta(minutes=minute)
        self.hear(Tick())

    def command(self, *controls, stations, start=10, mrid="M1", **changes):
        for name in stations:
            command = a_command(mrid, *controls, start=start, target=Target(name), **changes)
            self.hear(CommandReceived(command))

    def started(self, name):
        """Let a station say that all its controls started."""
        for control in self.engine.world.stations[name].ledger.entries:
            self.hear(NoticeReceived(ControlNotice(name, control, True, self.now, ())))

    def record(self, name, mrid="M1"):
        return self.engine.world.records[name][f"dso/{name}/{mrid}"]

    def begins(self, name):
        """Return in how many minutes after noon an event starts."""
        return (self.record(name).planned.start - NOON) / timedelta(minutes=1)

    def told(self, name):
        owed = [e for e in self.effects if isinstance(e, RespondToUtility)]
        return [e.outcome for e in owed if e.station == name]

    def audited(self, kind):
        return [e for e in self.effects if isinstance(e, Audit) and e.kind == kind]
