"""A simulated station without its socket, on a grid and a clock that tests move by hand."""

from gateway.simulators.grid import Grid
from gateway.simulators.station_core import Core
from gateway.simulators.station_handlers import handle
from gateway.simulators.station_options import Personality, StationOptions
from gateway.simulators.station_schema import check_request, check_response
from support.station_messages import EPOCH

OPTIONS = {"id": "cs-1", "password": "x", "url": "ws://x", "discharge_w": 6000.0}


class Bench:
    """A station that was greeted, with a clock that moves by hand."""

    def __init__(self, version="2.1", personality=None, greeted=True, grid=None, **options):
        self.now = EPOCH
        self.grid = Grid(**grid or {}, clock=lambda: self.now)
        self.core = Core(StationOptions(**OPTIONS | options), self.grid, EPOCH)
        self.core.personality = personality or Personality()
        self.core.negotiated(version)
        self.told = []
        if greeted:
            self.core.greet(EPOCH)
            self.take()

    def take(self):
        """Return what it wants to tell; every payload fits its schema."""
        calls = list(self.core.outbox)
        self.core.outbox.clear()
        for action, payload in calls:
            check_request(self.core.version, action, payload)
        self.told += calls
        return calls

    def go(self, seconds, step=0.5):
        """Let time pass; return the calls of one action or all."""
        found = []
        for _ in range(round(seconds / step)):
            self.now += step
            self.core.advance(self.now)
            found += self.take()
        return found

    def ask(self, action, payload):
        answer = handle(self.core, action, payload, self.now)
        check_response(self.core.version, action, answer)
        return answer

    def flow(self, evse=1):
        """Return watts and vars of an EVSE, + into the grid."""
        inverter = self.core.evse(evse).inverter
        return inverter.p_w, inverter.q_var

    @property
    def transaction(self):
        return self.core.transaction.id

    @property
    def p_w(self):
        return self.core.inverter.p_w


def actions(calls):
    return [action for action, _ in calls]


def of(calls, action):
    return [payload for name, payload in calls if name == action]


def events(calls):
    return [
        (payload["eventType"], payload["triggerReason"], payload["seqNo"])
        for payload in of(calls, "TransactionEvent")
    ]
