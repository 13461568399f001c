"""What a station holds, read back when the engine asks: one question after the other, each told once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway.core.events import ControlsReported
from gateway.stations.blocks import der_control, smart_charging
from gateway.stations.context import Context
from gateway.stations.introduction import Begin


@dataclass(slots=True)
class ReadBacks:
    """The read-backs of one connection."""

    context: Context
    begin: Begin
    _wanted: list[str] = field(default_factory=list)
    """Those that were asked for and not begun."""
    _reading: list[str] = field(default_factory=list)
    """Those that were asked for and not told."""
    _asking: asyncio.Task[None] | None = None

    def ask(self, request_id: str) -> None:
        """Ask for everything that the station holds; the result is posted."""
        self._reading.append(request_id)
        self._wanted.append(request_id)
        if self._asking is None:
            self._asking = self.begin(self._read())

    def stop(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()

    def end(self) -> None:
        """Say of what was not told that nothing is known."""
        for request_id in self._reading:
            self.unknown(request_id)

    def unknown(self, request_id: str) -> None:
        """Say that nothing is known of what the station holds."""
        self.context.post(ControlsReported(self.context.entry.id, request_id, (), complete=False))

    async def _read(self) -> None:
        context = self.context
        while self._wanted:
            request_id = self._wanted.pop(0)
            held, complete = await smart_charging.read_back(context)
            if context.version == "2.1":
                controls, all_told = await der_control.read_back(context)
                held, complete = [*held, *controls], complete and all_told
            self._reading.remove(request_id)
            context.post(ControlsReported(context.entry.id, request_id, tuple(held), complete))
        self._asking = None
