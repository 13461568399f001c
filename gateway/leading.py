"""What all that sends asks before it does: whether another gateway may lead by now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LAPSED_S = 0.05
"""How soon it is looked again."""


def never() -> bool:
    """Say no: there is no other gateway."""
    return False


async def until_leading(lapsed: Callable[[], bool]) -> None:
    """Wait while it has lapsed that this gateway leads."""
    while lapsed():  # noqa: ASYNC110 - it depends on a clock
        await asyncio.sleep(LAPSED_S)
