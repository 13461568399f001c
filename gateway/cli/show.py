"""`dergate demo`: the main job on loopback, everything real, each step judged right or wrong."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli import logs
from gateway.demo.play import play


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the story in place of running on.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Empty folder for keys, settings and state. [a new one]")
    ] = None,
) -> None:
    """Play a utility, a VTN and five stations with a gateway between; exit 1 where a judgement fails."""
    logs.configure("error", "console")
    place = folder or Path(tempfile.mkdtemp(prefix="dergate-demo-"))
    right = False
    with contextlib.suppress(KeyboardInterrupt):
        right = asyncio.run(play(place, Console(), once=once))
    if once and not right:
        raise typer.Exit(1)
