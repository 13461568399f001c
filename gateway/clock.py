"""The only clock of a gateway."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.core.events import Now


def _steady() -> float:
    """Return seconds that nobody sets, with those in which the machine slept where it counts them."""
    with_sleep = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if with_sleep is None else time.clock_gettime(with_sleep)


class SystemClock:
    """The only clock: UTC, monotonic, and the offsets that the connectors measure.

    A utility's time goes on whatever becomes of our UTC: where that is set, the offset follows at once.
    """

    def __init__(
        self,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = _steady,
    ) -> None:
        """Know no offset yet; `steady` are seconds that nobody sets."""
        self._utc, self._steady = utc, steady
        self._ahead: dict[str, float] = {}
        """By utility: its clock minus `steady`, in seconds."""

    def now(self) -> Now:
        """Return the time of this instant."""
        utc = self._utc()
        passed = self._steady() - utc.timestamp()
        offsets = {
            utility: timedelta(seconds=round(ahead + passed, 2))
            for utility, ahead in self._ahead.items()
        }
        return Now(utc, time.monotonic(), offsets)

    def set_offset(self, utility: str, seconds: float) -> None:
        """Record a utility's clock minus ours."""
        self._ahead[utility] = self._utc().timestamp() + seconds - self._steady()
