"""A CSMS of the bare minimum: it records what comes, answers by table, and calls on demand."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count

from websockets.asyncio.server import serve

from gateway.simulators.station import StationOptions

NOW = "2026-11-01T00:00:00Z"
ANSWERS = {
    "BootNotification": {"currentTime": NOW, "interval": 60, "status": "Accepted"},
    "Heartbeat": {"currentTime": NOW},
}


class Csms:
    """One server; the last connection is the one that is talked to."""

    def __init__(self, subprotocols):
        self.subprotocols = subprotocols
        self.answers = {action: dict(answer) for action, answer in ANSWERS.items()}
        self.calls = []
        self.replies = []
        self.requests = []
        self.broken = []
        self.socket = None
        self.connections = 0
        self._numbers = count(1)
        self._changed = asyncio.Condition()

    async def handler(self, socket):
        self.socket = socket
        self.connections += 1
        self.requests.append(socket.request)
        async for text in socket:
            try:
                frame = json.loads(text)
            except ValueError:
                self.broken.append(text)
                frame = [0]
            if frame[0] == 2:
                self.calls.append((frame[2], frame[3]))
                answer = self.answers.get(frame[2], {})
                if answer is not None:
                    await socket.send(json.dumps([3, frame[1], answer]))
            elif frame[0]:
                self.replies.append(frame)
            async with self._changed:
                self._changed.notify_all()

    async def send(self, text):
        await self.socket.send(text if isinstance(text, str) else json.dumps(text))

    async def call(self, action, payload, message_id=None):
        """Make a call and return its whole answer frame."""
        message_id = message_id or f"csms-{next(self._numbers)}"
        await self.send([2, message_id, action, payload])
        await self.until(lambda: any(frame[1] == message_id for frame in self.replies))
        return next(frame for frame in self.replies if frame[1] == message_id)

    async def ask(self, action, payload):
        """Make a call and return the payload of its CALLRESULT."""
        frame = await self.call(action, payload)
        assert frame[0] == 3, frame
        return frame[2]

    def payloads(self, action):
        return [payload for name, payload in self.calls if name == action]

    async def until(self, predicate, timeout_s=5):
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(predicate)


def by_server(subprotocols):
    def select(_connection, offered):
        return next((name for name in offered if name in subprotocols), None)

    return select


@asynccontextmanager
async def running(csms, **server):
    async with serve(
        csms.handler,
        "127.0.0.1",
        0,
        select_subprotocol=by_server(csms.subprotocols),
        close_timeout=1,
        **server,
    ) as opened:
        port = opened.sockets[0].getsockname()[1]
        csms.url = f"ws://127.0.0.1:{port}/ocpp"
        yield csms


def options_for(csms, **changes):
    values = {
        "id": "cs-1",
        "password": "secret",
        "url": csms.url,
        "tick_s": 0.01,
        "backoff_s": 0.01,
        "meter_interval_s": 0.05,
        "call_timeout_s": 1.0,
        "discharge_w": 10_000.0,
    }
    return StationOptions(**values | changes)
