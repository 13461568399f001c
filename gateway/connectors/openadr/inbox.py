"""What is pushed to a VEN, from whatever side: counted, read a little, turned into looks."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256

from gateway.connectors.openadr.waiting import rest
from gateway.protocols.openadr_notice import Hints, notice_of
from gateway.protocols.rates import Bucket, Rate
from translators.errors import DocumentError

_SLICE_S = 5.0
_READ = Rate(per_s=20, burst=50)
"""How many bodies are read; more of them are a hint unread."""
_MOST_REMEMBERED = 256


@dataclass(slots=True)
class Counts:
    """What came so far: `came` in all, and of them those that were odd in some way."""

    came: int = 0
    hints: int = 0
    idle: int = 0
    """About what is not watched."""
    unread: int = 0
    """No notification, too long, or one of too many."""
    repeated: int = 0
    retained: int = 0
    refused: int = 0
    """Without our token."""

    @property
    def odd(self) -> tuple[int, ...]:
        """Return what nobody who means well has to do."""
        return self.unread, self.repeated, self.refused


class Inbox:
    """Where pushes arrive; `programs` are those that are followed, None for all."""

    def __init__(
        self, monotonic: Callable[[], float], programs: Callable[[], Collection[str] | None]
    ) -> None:
        """Hold nothing."""
        self._monotonic, self._programs = monotonic, programs
        self._hints = Hints()
        self._read = Bucket(_READ, 0.0)
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._came = asyncio.Event()
        self.counts = Counts()

    async def run(self, look: Callable[[], None]) -> None:
        """Call `look` where something may have changed, no oftener than `Hints` says; until cancelled."""
        while True:
            if self._hints.due(self._monotonic()):
                self.counts.hints += 1
                look()
            wait = self._hints.wait(self._monotonic())
            await rest(self._came, _SLICE_S if wait is None else wait)

    def hint(self) -> None:
        """Have a look taken."""
        self._hints.came()
        self._came.set()

    def heard(self, payload: bytes, retained: bool) -> None:
        """Take a message; one that the broker kept says nothing of now."""
        if retained:
            self.counts.retained += 1
        else:
            self.take(payload)

    def take(self, body: bytes | None) -> None:
        """Take what came; what is about something else is no hint, what cannot be read is one."""
        self.counts.came += 1
        now = self._monotonic()
        if body is None or self._read.wait(now) > 0:
            self.counts.unread += 1
            self.hint()
            return
        self._read.take()
        self._remember(body)
        try:
            concerns = notice_of(body).concerns(self._programs())
        except DocumentError:
            self.counts.unread += 1
            concerns = True
        if concerns:
            self.hint()
        else:
            self.counts.idle += 1

    def refuse(self) -> None:
        """Count a push that did not show our token."""
        self.counts.refused += 1

    def _remember(self, body: bytes) -> None:
        """Count what came before; it is a hint all the same, for a VTN may say the same again."""
        digest = sha256(body).digest()
        if digest in self._seen:
            self.counts.repeated += 1
        self._seen[digest] = None
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
