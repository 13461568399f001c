"""Named places where a test may kill the process: `DERGATE_FAILPOINT=name:nth`."""

from __future__ import annotations

import os
import signal
from collections import Counter

from gateway.errors import SettingsError

NAMES = (
    "fetched",
    "parsed",
    "mapped",
    "reporting",
    "reported",
    "received",
    "decided",
    "begun",
    "committed",
    "sent",
    "sealed",
    "audited",
    "acknowledged",
    "responded",
    "answered",
)
"""In the order in which one command passes them; the audit record of what is sent is in `committed`.

`reporting` and `reported` stand around each request of an OpenADR report.
"""


class Failpoints:
    """Counts how often each place is reached; kills the process at the one that is armed."""

    def __init__(self, armed: str = "") -> None:
        """Arm `name:nth`, or nothing for an empty text."""
        name, _, nth = armed.partition(":")
        if armed and (name not in NAMES or not (nth or "1").isdecimal()):
            known = ", ".join(NAMES)
            raise SettingsError(f"{armed!r} is no failpoint", advice=f"name:nth, of {known}")
        self._target = (name, int(nth or "1")) if name else None
        self._seen: Counter[str] = Counter()

    @classmethod
    def from_environment(cls) -> Failpoints:
        """Read DERGATE_FAILPOINT."""
        return cls(os.environ.get("DERGATE_FAILPOINT", ""))

    def reach(self, name: str) -> None:
        """Pass a place; the armed one does not return (SIGKILL)."""
        self._seen[name] += 1
        if self._target == (name, self._seen[name]):
            os.kill(os.getpid(), signal.SIGKILL)
