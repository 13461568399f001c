"""How long and how fast an operated value holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from translators.canonical.commands import Interval
from translators.iec61850.values import Objects
from translators.rules.taking import exact_decimal
from translators.rules.values import Unmet

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Seconds:
    """Reads data objects that hold seconds: from what was operated, else from the node's settings."""

    node: str
    values: Objects
    settings: Objects

    def read(self, name: str | None) -> Fraction | None:
        """Return the seconds, None where they are not given; `Unmet` where they are none."""
        raw = None if name is None else self.values.scalars.get(name)
        if raw is None and name is not None:
            raw = self.settings.scalars.get(name)
        if raw is None:
            return None
        number = exact_decimal(raw)
        if number is None or not 0 <= number < 2**32:
            raise Unmet("invalid", f"{self.node}/{name}", f"is {raw!r}, no number of seconds")
        return number


def interval_of(
    received: datetime, oper_time: datetime | None, duration: Fraction | None, where: str
) -> Interval | None:
    """Return when a value holds; None where it holds from now on until it is operated again.

    A start that lies ahead without a duration gives an interval without end; 0 seconds are no end.
    """
    start = received if oper_time is None else oper_time
    if not duration:
        return Interval(start, None) if start > received else None
    try:
        return Interval(start, start + timedelta(microseconds=int(duration * _MICRO)))
    except OverflowError as exc:
        raise Unmet("invalid", f"{where}/operTm", "ends after the year 9999") from exc
