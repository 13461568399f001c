"""How a simulated station boots (B01 to B03), and how it makes its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from gateway.simulators.station_connection import Connection
from gateway.simulators.station_core import Core
from gateway.simulators.station_streams import STREAM
from gateway.simulators.station_wire import Json

_ASKED_FOR = frozenset({"NotifyReport", "NotifyMonitoringReport", "SignCertificate"})
"""What a station that waits for its acceptance may still say (B02.FR.09)."""

type Entry = tuple[str, Json]


async def deliver(
    connection: Connection, core: Core, entry: Entry, clock: Callable[[], float]
) -> None:
    """Make a call of the outbox; it stays queued until it ended, so that a broken line repeats it."""
    if entry[0] == STREAM:
        core.outbox.remove(entry)
        await connection.send(*entry)
        return
    outcome = await connection.call(*entry)
    if outcome is not None and not outcome[0]:
        core.answered(*entry, outcome[1], clock())
    if any(waiting is entry for waiting in core.outbox):
        core.outbox.remove(entry)


async def boot(
    connection: Connection,
    core: Core,
    request: Json,
    due: asyncio.Event,
    clock: Callable[[], float],
) -> float:
    """Repeat the BootNotification until it is accepted; return the interval of heartbeats.

    Who is Pending answers what it is asked meanwhile, and boots at once where it is told to (B02.FR.06).
    """
    while True:
        outcome = await connection.call("BootNotification", request)
        code, answer = outcome or ("Timeout", {})
        interval = float(answer.get("interval") or core.options.backoff_s)
        status = "" if code else answer.get("status", "")
        if status == "Accepted":
            return interval
        until = asyncio.get_running_loop().time() + interval
        if status == "Pending":
            await _bide(connection, core, until, due, clock)
        else:
            await asyncio.sleep(interval)


async def _bide(
    connection: Connection,
    core: Core,
    until: float,
    due: asyncio.Event,
    clock: Callable[[], float],
) -> None:
    """Say what was asked for, until it is time to boot again."""
    loop = asyncio.get_running_loop()
    core.boot_wanted = False
    while loop.time() < until and not core.boot_wanted:
        due.clear()
        entry = next((entry for entry in core.outbox if entry[0] in _ASKED_FOR), None)
        if entry is not None:
            await deliver(connection, core, entry, clock)
            continue
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await due.wait()
