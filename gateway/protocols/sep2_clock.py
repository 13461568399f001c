"""A utility's clock against ours, from whole seconds and the time that its answers took."""

from __future__ import annotations

from dataclasses import dataclass

_RESOLUTION_S = 1.0  # currentTime is cut to whole seconds


@dataclass(slots=True)
class ClockEstimate:
    """Narrows down a clock offset (theirs minus ours, in seconds) by every exchange.

    Each answer bounds the offset: between request and answer their clock showed `current`. The
    bounds are intersected; where they contradict each other a clock was set, and the newest count.
    The estimate moves only when it is proven wrong, so that schedules do not follow jitter.
    """

    low: float = float("-inf")
    high: float = float("inf")
    offset: float | None = None

    def measure(self, current: int, sent: float, received: float) -> bool:
        """Take in one exchange (our UTC seconds); say whether the estimate moved."""
        low, high = current - received, current + _RESOLUTION_S - sent
        if low > self.high or high < self.low:
            self.low, self.high = low, high
        else:
            self.low, self.high = max(low, self.low), min(high, self.high)
        if self.offset is not None and self.low <= self.offset <= self.high:
            return False
        self.offset = (self.low + self.high) / 2
        return True
