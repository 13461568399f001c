"""Work that blocks, done in a thread beside the loop, and always to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress


async def beside[T](call: Callable[[], T]) -> T:
    """Return what a call returns; whoever is cancelled meanwhile waits until the call has ended."""
    under_way = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        while not under_way.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([under_way])
        under_way.exception()  # nobody is left to hear of it
        raise
