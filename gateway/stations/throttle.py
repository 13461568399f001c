"""A station that says too much is read more slowly: nothing is lost, and nobody else waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.protocols.rates import Bucket
from gateway.stations.listening import Reader

type Later = Callable[[float, Callable[[], None]], object]
"""Call back after so many seconds."""


@dataclass(slots=True)
class Throttle:
    """Hands frames on at the pace of a bucket; those that were read already wait here, in order."""

    take: Callable[[bytes], None]
    reader: Reader
    bucket: Bucket
    monotonic: Callable[[], float]
    later: Later
    slowed: Callable[[], None]
    """Called once, when the first frame has to wait."""
    _held: deque[bytes] | None = None
    """None while nothing waits, as with nearly all stations."""
    _told: bool = False

    def __call__(self, frame: bytes) -> None:
        """Take one frame in."""
        if self._held:
            self._held.append(frame)
        elif (wait := self.bucket.wait(self.monotonic())) > 0:
            self._held = deque() if self._held is None else self._held
            self._held.append(frame)
            self._pause(wait)
        else:
            self.bucket.take()
            self.take(frame)

    def _pause(self, wait: float) -> None:
        self.reader.pause_reading()
        self.later(wait, self._go_on)
        if not self._told:
            self._told = True
            self.slowed()

    def _go_on(self) -> None:
        """Hand on what may go by now; what is left when the connection ends is dropped."""
        held = self._held = deque() if self._held is None else self._held
        if self.reader.is_closing():
            self._held = None
            return
        wait = 0.0
        while held and not (wait := self.bucket.wait(self.monotonic())):
            self.bucket.take()
            self.take(held.popleft())
        if held:
            self.later(wait, self._go_on)
        else:
            self._held = None
            self.reader.resume_reading()
