"""Replays a recorded conversation: a session takes the place of the recording CSMS."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

from gateway.core.effects import SendToStation
from gateway.core.events import StationReplied
from gateway.stations.session import Clocks, Session
from support.stations import NOON, PATIENCE_S, PATIENT, MemoryTransport, Posted, an_entry

RHYTHM = replace(PATIENT, boot_grace_s=3600)
"""A recording that starts without a boot goes on without one."""
_WORDS = 76
"""Letters of a reason that the table shows."""


class Replay:
    """One recorded scenario: every frame of the station goes in and has its outcome in `lines`."""

    def __init__(self, version):
        self.now = 0.0
        self.station = MemoryTransport(version=version)
        self.posted = Posted()
        clocks = Clocks(lambda: NOON, lambda: self.now)
        self.session = Session(self.station, an_entry(), self.posted, clocks, RHYTHM)
        self.lines = []
        self._asked = {}
        """By the id of a recorded call: its action, and the id under which the session made it."""
        self._seen = 0
        """Frames of the session that were looked at for questions of its own."""

    async def run(self, frames):
        running = asyncio.create_task(self.session.run())
        for line in frames:
            frame = line["frame"]
            if line["dir"] == "station->csms":
                await self._said(frame)
            elif isinstance(frame, list) and frame[0] == 2:
                await self._call(frame)
        self.station.hang_up()
        await asyncio.wait_for(running, PATIENCE_S)
        self.session.end()
        return self.lines

    async def _call(self, frame):
        """Let the session make the call that the recording CSMS made, if it would."""
        _, message_id, action, payload = frame
        await self._time_out()
        replies = len(self.posted.of(StationReplied))
        self.session.submit(SendToStation("CS1", message_id, action, payload))
        told = self.posted.of(StationReplied)[replies:]
        if told:
            self.lines.append(f"  ({action} is not sent: {words(told[0].reason)})")
            return
        await self._settle()
        self._asked[message_id] = action, self.station.sent[-1][1]

    async def _time_out(self):
        """End a call that the recorded station never answered."""
        outstanding = self.session._rpc.outstanding
        if outstanding is not None:
            self.now = outstanding.deadline
            self.session.expire()
            await self._settle()
            self.lines.append(f"  ({outstanding.action} was not answered)")

    async def _said(self, frame):
        """Let the station say a recorded frame, and note what became of it."""
        action = frame[2] if isinstance(frame, list) and frame[0] == 2 else ""
        if isinstance(frame, list) and frame[0] in {3, 4}:
            action, number = self._asked.get(frame[1], ("nothing", frame[1]))
            frame = [frame[0], number, *frame[2:]]
        sent, events = len(self.station.sent), len(self.posted.events)
        odd = self.session._rpc.odd
        self.station.say(frame.encode() if isinstance(frame, str) else json.dumps(frame).encode())
        await self._settle()
        strange = self.session._rpc.odd > odd
        await self._answer_own()
        self.lines.append(self._outcome(frame, action, sent, events, strange))

    def _outcome(self, frame, action, sent, events, strange):
        told = [event for event in self.posted.events[events:] if type(event) is not StationReplied]
        replied = [event for event in self.posted.events[events:] if type(event) is StationReplied]
        answers = [item for item in self.station.sent[sent:] if item[0] in {3, 4}]
        names = Counter(type(event).__name__ for event in told)
        heard = "".join(f", {name}" for name in names)
        if strange:
            back = f", answered {answers[0][2]}" if answers else ""
            return f"{kind(frame)} {action or 'unreadable'} > odd{back}{heard}"
        if frame[0] == 2:
            (answer,) = [item for item in answers if item[1] == frame[1]]
            status = "answered" if answer[0] == 3 else f"refused {answer[2]}: {words(answer[3])}"
            return f"call {action} > {status}{heard}"
        (reply,) = replied
        reason = f": {words(reply.reason)}" if reply.reason else ""
        return f"{kind(frame)} to {action} > {reply.status.value}{reason}{heard}"

    async def _answer_own(self):
        """A recorded station knows nothing of what the session asks of itself after a boot."""
        while True:
            await self._settle()
            known = {number for _, number in self._asked.values()}
            own = [
                item
                for item in self.station.sent[self._seen :]
                if item[0] == 2 and item[1] not in known
            ]
            self._seen = len(self.station.sent)
            if not own:
                return
            for item in own:
                self.station.say(4, item[1], "NotSupported", "", {})

    async def _settle(self):
        """Let the session finish what it can do without hearing more."""
        for _ in range(12):
            await asyncio.sleep(0)


def kind(frame):
    """Return what a frame is, in a word."""
    if not isinstance(frame, list):
        return "text"
    return {2: "call", 3: "answer", 4: "error"}.get(frame[0], f"type {frame[0]}")


def words(text):
    """Return a reason on one line and not too long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _WORDS else f"{plain[:_WORDS].rsplit(' ', 1)[0]} …"


def read(path):
    """Return the lines of one recorded scenario."""
    return [json.loads(line) for line in path.read_text().splitlines()]
