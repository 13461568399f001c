"""`dergate run` and `dergate check`."""

from __future__ import annotations

import gc
from typing import Annotated

import structlog
import typer

from gateway import app
from gateway.app import Running
from gateway.cli import logs
from gateway.cli.config import DEFAULT, Config
from gateway.cli.inspection import Report, inspect
from gateway.settings import load
from gateway.settings.mode import Mode

_YOUNG = 10_000
"""Objects that are made beyond those that went, before the collector looks for cycles among the young."""

log = structlog.get_logger()


def run(
    config: Config = DEFAULT,
    *,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Read, decide and record all; send nothing.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Take no orders of operators.")
    ] = False,
) -> None:
    """Run the gateway until SIGTERM or SIGINT; then drain it as `on_stop` says."""
    settings = load(config)
    logs.configure(settings.log_level, settings.log_format)
    app.run(settings, settle, Mode(shadow=shadow, read_only=read_only))


def settle(_running: Running) -> None:
    """Have the collector pass over what start-up made, and look at what is new less often.

    Rules, schemas and modules stay until the end. To look through them time and again took an eighth of
    what a measurement costs, and held everything up for a quarter of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
    log.info("memory.settled", objects=gc.get_freeze_count())


def check(
    config: Config = DEFAULT,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="Ask each utility once, with its credentials.")
    ] = False,
    deny_warnings: Annotated[
        bool, typer.Option("--deny-warnings", help="Exit 1 where something was warned of.")
    ] = False,
) -> None:
    """Check settings, mappings and certificates; print the LFDI and SFDI to register."""
    report = inspect(config, online=online)
    _show(report)
    if report.status or (deny_warnings and report.warnings):
        raise typer.Exit(report.status or 1)


def _show(report: Report) -> None:
    """Print facts on stdout, warnings and faults on stderr."""
    for subject, text in report.facts:
        typer.echo(f"{subject:<9} {text}")
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    for fault in report.faults:
        typer.echo(f"dergate: {fault}", err=True)
