"""Who comes in when many come at once: a bounded queue of instants; time is passed in.

After a restart or a cut line thousands of stations dial in the same second. Each is given the next
free instant of a steady rhythm. Who would have to wait too long is sent away, and told to come back
at an instant of its own: the second wave is spread although no station draws lots.

    now        patience                     retry
     |··burst··|·|·|·|·|·|·|·|  503  ·|·|·|·|·|·|·|·|·
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Later:
    """There is no room now; come back after so many whole seconds."""

    retry_after_s: int


@dataclass(slots=True)
class AdmissionQueue:
    """Instants at which newcomers may go on; `patience_s` bounds how long one waits inside."""

    per_s: float = 80.0
    burst: int = 100
    patience_s: float = 3.0
    _next: float = -math.inf
    """When the newest in the queue goes on."""
    _away: float = -math.inf
    """When the newest of those who were sent away is expected."""

    def place(self, now: float) -> float | Later:
        """Return how many seconds a newcomer waits before it goes on, or when to come back."""
        step = 1 / self.per_s
        at = max(self._next, now - self.burst * step) + step
        if at - now <= self.patience_s:
            self._next = at
            return max(0.0, at - now)
        self._away = max(self._away, self._next, now) + step
        return Later(math.ceil(self._away - now))
