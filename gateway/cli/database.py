"""`dergate db`: check, upgrade, back up, restore and compact the state of a site."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from gateway.cli.config import DEFAULT, Config
from gateway.errors import SettingsError
from gateway.settings import load
from gateway.store import upkeep
from gateway.store.extra import require_asyncpg

app = typer.Typer(
    name="db",
    no_args_is_help=True,
    add_completion=False,
    help="The state of a site: check, upgrade, backup, restore, compact.",
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the backup.")]


@app.callback()
def group() -> None:
    """Look after database and audit of a site."""


@app.command()
def check(config: Config = DEFAULT) -> None:
    """Look at every page and record, also beside a gateway that runs; exit 1 where one is not sound."""
    settings = load(config)
    if settings.database is None:
        condition = upkeep.check(settings.state_dir)
    else:
        condition = _postgres().check(settings.database.get_secret_value(), settings.state_dir)
    for line in upkeep.lines(condition):
        typer.echo(line)
    if condition.problems:
        raise typer.Exit(1)


@app.command()
def upgrade(config: Config = DEFAULT) -> None:
    """Bring the schema up to date before a new release runs; there is no way back but a backup."""
    settings = load(config)
    if settings.database is None:
        before, after = upkeep.upgrade(settings.state_dir)
    else:
        before, after = _postgres().upgrade(settings.database.get_secret_value())
    typer.echo(
        f"schema {before} is {after} now" if before != after else f"schema {after} is the newest"
    )


@app.command()
def backup(folder: Folder, config: Config = DEFAULT) -> None:
    """Copy the state, but no keys, into a new folder, also beside a gateway that runs."""
    count = upkeep.backup(_own_state(config, "pg_dump"), folder)
    typer.echo(f"{folder} holds the database and {count} audit segments; keys are not in it")


@app.command()
def restore(folder: Folder, config: Config = DEFAULT) -> None:
    """Put a backup, checked first, where no state is."""
    state = _own_state(config, "pg_restore")
    upkeep.restore(folder, state)
    typer.echo(f"{state} is as {folder} was; stations are read back before anything is sent")


@app.command()
def compact(config: Config = DEFAULT) -> None:
    """Give the space of what was forgotten back to the disk, while no gateway runs."""
    before, after = upkeep.compact(_own_state(config, "VACUUM FULL"))
    typer.echo(f"{before} octets are {after} now")


def _own_state(config: Path, instead: str) -> Path:
    """Return the folder of a state in a file; `SettingsError` where a server has its own way."""
    settings = load(config)
    if settings.database is not None:
        raise SettingsError(
            "the state is in PostgreSQL",
            where="database",
            code="DG-1335",
            advice=f"use {instead} on it, and copy the folders audit and stations of state_dir",
        )
    return settings.state_dir


def _postgres() -> ModuleType:
    require_asyncpg()
    return import_module("gateway.store.postgres_upkeep")
