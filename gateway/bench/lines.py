"""How the processes of one benchmark talk: words on a line one way, a JSON line the other."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any

import orjson
import structlog

from gateway.stations.descriptors import as_many_as_allowed

if sys.platform == "linux":
    import uvloop


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a child's work on the loop that the gateway uses, with files for all its connections."""
    as_many_as_allowed()
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(
        wrapper_class=quiet, logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    logging.disable(logging.ERROR)  # at the end the fleet just goes
    factory = uvloop.new_event_loop if sys.platform == "linux" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


def tell(**values: object) -> None:
    """Tell the parent one thing."""
    sys.stdout.buffer.write(orjson.dumps(values) + b"\n")
    sys.stdout.buffer.flush()


async def read_line() -> list[str]:
    """Return the words of the parent's next line, none at its end."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.split()
