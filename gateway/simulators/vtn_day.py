"""Playing a script at a simulated VTN: each step at its time, each expectation within its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.simulators.vtn import SimulatedVtn
from gateway.simulators.vtn_script import ExpectEntry, Script, StepEntry
from gateway.simulators.vtn_stage import Stage


@dataclass(slots=True)
class Day:
    """A script and the VTN that plays it; `announce` gets a line per step, write, refusal, complaint.

    What was expected in vain is among the complaints of the VTN.
    """

    script: Script
    vtn: SimulatedVtn
    announce: Callable[[str], None]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _told: int = 0
    _complained: set[str] = field(default_factory=set)

    async def serve(self, *, once: bool = False) -> None:
        """Serve until cancelled, or `once` until the last step and expectation."""
        async with self.vtn:
            stage = Stage(self.script, self.vtn)
            self.announce(f"serving {self.vtn.url}")
            telling = asyncio.create_task(self._tell())
            try:
                await self._play(stage)
                if not once:
                    await asyncio.Event().wait()
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
                self._tell_complaints()

    async def _play(self, stage: Stage) -> None:
        passed = 0.0
        async with asyncio.TaskGroup() as tasks:
            for at_s, step in self.script.timed:
                await self.sleep(at_s - passed)
                passed = at_s
                self.announce(f"step at {at_s:g} s: {_moves(step)}")
                try:
                    await stage.play(step)
                except KeyError as exc:  # a VEN deleted it
                    self._complain(f"step at {at_s:g} s: {exc} is not there any more")
                if step.down_s is not None:
                    tasks.create_task(self._back(step.down_s))
                if step.expect is not None:
                    tasks.create_task(self._expect(stage, step.expect))

    async def _back(self, after_s: float) -> None:
        await self.sleep(after_s)
        await self.vtn.up()

    async def _expect(self, stage: Stage, expected: ExpectEntry) -> None:
        """Wait for what is expected; complain where it does not come, or came unwanted."""
        since = len(self.vtn.exchanges)
        try:
            await self.vtn.wait_for(lambda: stage.seen(expected, since), expected.within_s)
            seen = True
        except TimeoutError:
            seen = False
        text = _expected(expected)
        if seen != expected.absent:
            self.announce(f"as expected: {text}{' is absent' if expected.absent else ''}")
            return
        verdict = "was not to be seen" if seen else f"was not seen within {expected.within_s:g} s"
        self._complain(f"{text} {verdict}")

    def _complain(self, text: str) -> None:
        self.vtn.complained[text] += 1
        self._tell_complaints()

    async def _tell(self) -> None:
        """Say each write, refusal and complaint when it comes."""
        while True:
            await self.vtn.wait_for(lambda: len(self.vtn.exchanges) > self._told, None)
            for item in self.vtn.exchanges[self._told :]:
                if item.method != "GET" or item.status >= 400:
                    line = f"{item.client} {item.method} {item.path} {item.status} {item.reason}"
                    self.announce(line.strip())
            self._told = len(self.vtn.exchanges)
            self._tell_complaints()

    def _tell_complaints(self) -> None:
        for complaint in self.vtn.complaints:
            if complaint not in self._complained:
                self.announce(f"complaint: {complaint}")
        self._complained.update(self.vtn.complaints)


def _expected(entry: ExpectEntry) -> str:
    """Return what is expected, as people read it: `report of event limit, type USAGE`."""
    given = entry.model_dump(exclude_unset=True, exclude={"within_s", "absent"})
    [(what, wanted)] = given.items()
    if not isinstance(wanted, dict):
        return f"{what} {wanted}"
    return f"{what} of {', '.join(f'{name} {value}' for name, value in wanted.items())}"


def _moves(step: StepEntry) -> dict[str, object]:
    left_out = {"at_s", "after_s"}
    return step.model_dump(mode="json", exclude_unset=True, exclude=left_out, by_alias=True)
