"""How long to wait: between polls, and after failures."""

from __future__ import annotations

FIRST_RETRY_S = 5.0
_LONGEST_RETRY_S = 60.0
_JITTER = 0.1


def backoff(rate: float, failures: int, draw: float) -> float:
    """Return how long to wait after so many failures in a row."""
    delay = min(rate, FIRST_RETRY_S) * 2 ** min(failures - 1, 10)
    return spread(min(delay, max(rate, _LONGEST_RETRY_S)), draw)


def spread(seconds: float, draw: float) -> float:
    """Return the interval, up to a twentieth shorter or longer, as `draw` in [0, 1) says."""
    return seconds * (1 + _JITTER * (draw - 0.5))
