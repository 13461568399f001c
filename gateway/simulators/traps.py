"""Where faults of simulated servers wait for requests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(slots=True)
class Trap[Fault]:
    """A fault and where it waits: a path pattern (`/edev/*`), a method, how often and until when."""

    pattern: str
    fault: Fault
    method: str | None = None
    remaining: int | None = None  # None: until it is lifted
    until: float = math.inf

    def springs(self, method: str, path: str, now: float = 0.0) -> bool:
        """Say whether it applies, and count it."""
        if self.remaining == 0 or now >= self.until or self.method not in (None, method):
            return False
        if not fnmatchcase(path, self.pattern):
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True
