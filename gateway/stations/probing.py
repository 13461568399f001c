"""A look at the meter soon after a command, at stations that measure rarely (F06)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.core.events import ReplyStatus
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context
from gateway.stations.deadlines import Deadlines
from gateway.stations.introduction import Begin

RARELY_S = 10
"""An interval of measurements beyond which it takes too long to see whether a command is followed."""
_NO_REFUSAL = frozenset({ReplyStatus.ACCEPTED, ReplyStatus.NO_ANSWER, ReplyStatus.NOT_SENT})
LOOKS_S = (5.0, 10.0)
"""When the meter is asked for after a command: two values show what one cannot."""


@dataclass(slots=True)
class Probe:
    """Has one connected station send its meter values; one that refuses is not asked again."""

    context: Context
    begin: Begin
    deadlines: Deadlines
    _due: int = 0
    _refused: bool = False
    _asking: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """Look soon, once for all commands until then."""
        if self._refused or self._due or not self._measures_rarely():
            return
        self._due = len(LOOKS_S)
        for delay_s in LOOKS_S:
            self.deadlines.after(delay_s, self._look)

    def _measures_rarely(self) -> bool:
        """Say whether the station states an interval that is too long; 0 is never (J02.FR.11)."""
        interval_s = self.context.plate.model.number("SampledDataCtrlr", "TxUpdatedInterval")
        return interval_s is not None and (interval_s == 0 or interval_s > RARELY_S)

    def _look(self) -> None:
        self._due -= 1
        if not self._refused and self._asking is None:
            self._asking = self.begin(self._ask())

    def stop(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        request = {"requestedMessage": "MeterValues"}
        reply = await self.context.call("TriggerMessage", request, Priority.HOUSEKEEPING)
        self._refused = reply.status not in _NO_REFUSAL
        self._asking = None
