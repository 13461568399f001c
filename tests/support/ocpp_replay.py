"""Replays a recorded conversation: a session takes the place of the recording CSMS."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

from gateway.core.effects import SendToStation
from gateway.core.events import StationReplied
from gateway.stations.session import Clocks, Session
from support.stations import NOON, PATIENT, MemoryTransport, Posted, an_entry

RHYTHM = replace(PATIENT, boot_grace_s=3600)
"""A recording that starts without a boot goes on without one."""


class Replay:
    """One recorded scenario: every frame of the station goes in, every outcome is counted."""

    def __init__(self, version):
        self.now = 0.0
        self.station = MemoryTransport(version=version)
        self.posted = Posted()
        clocks = Clocks(lambda: NOON, lambda: self.now)
        self.session = Session(self.station, an_entry(), self.posted, clocks, RHYTHM)
        self.outcomes = Counter()
        self._ids = {}
        """By the id of a recorded call: the id under which the session made it."""

    async def run(self, lines):
        running = asyncio.create_task(self.session.run())
        for line in lines:
            frame = line["frame"]
            if line["dir"] == "station->csms":
                await self._said(frame)
            elif isinstance(frame, list) and frame[0] == 2:
                await self._asked(frame)
        self.station.hang_up()
        await asyncio.wait_for(running, 5)
        self.session.end()
        return self.outcomes

    async def _asked(self, frame):
        """Let the session make the call that the recording CSMS made, if it would."""
        _, message_id, action, payload = frame
        await self._time_out()
        replies = len(self.posted.of(StationReplied))
        self.session.submit(SendToStation("CS1", message_id, action, payload))
        if len(self.posted.of(StationReplied)) > replies:
            self.outcomes["unsendable"] += 1
            return
        await self._settle()
        self._ids[message_id] = self.station.sent[-1][1]

    async def _time_out(self):
        """End a call that the recorded station never answered."""
        if self.session._rpc.deadline is not None:
            self.now = self.session._rpc.deadline
            self.session._expire()
            await self._settle()
            self.outcomes["unanswered"] += 1

    async def _said(self, frame):
        """Let the station say a recorded frame; count what became of it."""
        if isinstance(frame, list) and frame[0] in {3, 4}:
            frame = [frame[0], self._ids.get(frame[1], frame[1]), *frame[2:]]
        sent, replies = len(self.station.sent), len(self.posted.of(StationReplied))
        odd = self.session._rpc.odd
        self.station.say(frame.encode() if isinstance(frame, str) else json.dumps(frame).encode())
        await self._settle()
        if self.session._rpc.odd > odd:
            self.outcomes["odd"] += 1
        elif frame[0] == 2:
            answer = next(told for told in self.station.sent[sent:] if told[1] == frame[1])
            self.outcomes["answered" if answer[0] == 3 else answer[2]] += 1
            await self._no_report()
        else:
            (reply,) = self.posted.of(StationReplied)[replies:]
            self.outcomes[reply.status.value] += 1

    async def _no_report(self):
        """A recorded station knows nothing of the report that the session asks for after a boot."""
        await self._settle()
        last = self.station.sent[-1]
        if last[0] == 2 and last[2] == "GetBaseReport":
            self.station.say(json.dumps([3, last[1], {"status": "NotSupported"}]).encode())
            await self._settle()

    async def _settle(self):
        """Let the session finish what it can do without hearing more."""
        for _ in range(12):
            await asyncio.sleep(0)


def read(path):
    """Return the lines of one recorded scenario."""
    return [json.loads(line) for line in path.read_text().splitlines()]
