"""How loops of one VEN wait: for a time at most, or until somebody wakes them."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def rest(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for an event, so long at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None if seconds is None else max(0.001, seconds)):
            await event.wait()
    event.clear()
