"""`dergate db`: check, upgrade, back up, restore and compact the state of a site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.config import DEFAULT, Config
from gateway.settings import load
from gateway.store import upkeep

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
    condition = upkeep.check(load(config).state_dir)
    for line in upkeep.lines(condition):
        typer.echo(line)
    if condition.problems:
        raise typer.Exit(1)


@app.command()
def upgrade(config: Config = DEFAULT) -> None:
    """Bring the schema up to date before a new release runs; there is no way back but a backup."""
    before, after = upkeep.upgrade(load(config).state_dir)
    typer.echo(
        f"schema {before} is {after} now" if before != after else f"schema {after} is the newest"
    )


@app.command()
def backup(folder: Folder, config: Config = DEFAULT) -> None:
    """Copy the state, but no keys, into a new folder, also beside a gateway that runs."""
    count = upkeep.backup(load(config).state_dir, folder)
    typer.echo(f"{folder} holds the database and {count} audit segments; keys are not in it")


@app.command()
def restore(folder: Folder, config: Config = DEFAULT) -> None:
    """Put a backup, checked first, where no state is."""
    state = load(config).state_dir
    upkeep.restore(folder, state)
    typer.echo(f"{state} is as {folder} was; stations are read back before anything is sent")


@app.command()
def compact(config: Config = DEFAULT) -> None:
    """Give the space of what was forgotten back to the disk, while no gateway runs."""
    before, after = upkeep.compact(load(config).state_dir)
    typer.echo(f"{before} octets are {after} now")
