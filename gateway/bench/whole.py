"""The whole gateway but its utility links: commands into the runtime, answers out of the stations' mouths.

Each station gets a command of its own, as each 2030.5 identity does, and the engine decides for each: takes
it in, arbitrates, translates with its whole trace, keeps ledger and audit, sends, and takes the answer. Of a
utility only the reading of its documents and its Responses are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

from gateway.bench.contender import Told
from gateway.bench.rivals import CHUNK
from gateway.bench.subject import Gateway, main
from gateway.clock import SystemClock
from gateway.core.effects import Audit, Effect
from gateway.core.engine import Engine
from gateway.core.events import CommandReceived, ControlsReported, Event, SamplesTaken
from gateway.core.station import StationRules
from gateway.parts import Parts
from gateway.runtime import Runtime
from translators.canonical.commands import DerCommand, Interval, ResponseDuty, Target


class Whole(Gateway):
    """The gateway with its engine; an `Observer` of what that decides."""

    def __init__(self, *arguments: Any) -> None:
        """Enrol the stations with the engine, too."""
        super().__init__(*arguments)
        self._names = [name for _, names in self._groups for name in names]
        rules = [StationRules(name, ("u",)) for name in self._names]
        self._read = 0
        clock = SystemClock()
        clock.set_offset("u", 0.0)
        self._runtime = Runtime(
            Parts(
                engine=Engine(self._book, rules),
                store=self._store,
                audit=self._audit,
                stations=self._stations,
                utilities={},
                clock=clock,
                observers=(self,),
            )
        )

    async def open(self) -> int:
        """Listen, and let the engine work."""
        group = await self._open.enter_async_context(asyncio.TaskGroup())
        group.create_task(self._runtime.run())
        return await super().open()

    async def connected(self, count: int) -> None:
        """Wait until so many stations were announced and have said what they hold."""
        while self._read < count:
            self._changed.clear()
            await self._changed.wait()

    async def fan_out(self) -> Told:
        """Have every station accept a command of its own, durably, later than those before."""
        self._left = len(self._names)
        self._changed.clear()
        number, accepted = next(self._events), self._done["control.accepted"]
        for chunk in batched(self._commands(number), CHUNK):
            for command in chunk:
                self._runtime.post(CommandReceived(command))
            await asyncio.sleep(0)
        await self._changed.wait()
        self._audit.drain(self._store)
        return {"done": self._done["control.accepted"] - accepted}

    def heard(self, event: Event) -> None:
        """Note what stations say of themselves."""
        match event:
            case ControlsReported():
                self._read += 1
                self._changed.set()
            case SamplesTaken():
                self._done["samples"] += len(event.samples)
                self._done["taken"] += 1
            case _:
                pass

    def decided(self, effects: Sequence[Effect]) -> None:
        """Count what is on disk now."""
        for effect in effects:
            if isinstance(effect, Audit):
                self._done["rows"] += 1
                self._done[effect.kind] += 1
                if effect.kind == "control.accepted":
                    self._left -= 1
        if not self._left:
            self._changed.set()

    def _commands(self, number: int) -> Iterator[DerCommand]:
        """Yield the command of each station; of two events none meets another in time."""
        command = self._command(f"{number:032X}")
        span = command.interval
        if span is None or span.end is None:
            raise RuntimeError("the event of the benchmark has no interval")
        later = 2 * number * (span.end - span.start)
        interval = Interval(span.start + later, span.end + later)
        command = replace(command, interval=interval, response=ResponseDuty())
        for name in self._names:
            yield replace(command, target=Target(name))

    def _post(self, event: Event) -> None:
        self._runtime.post(event)


if __name__ == "__main__":
    main(Whole)
