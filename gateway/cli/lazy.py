"""Commands known by name and loaded when they are called: help imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives, and its line in the help."""

    module: str
    attribute: str
    help: str

    def load(self, name: str) -> Any:
        """Return the real command, called `name`."""
        part = getattr(import_module(self.module), self.attribute)
        if not isinstance(part, typer.Typer):
            wrapped = typer.Typer(add_completion=False)
            wrapped.command(name)(part)
            part = wrapped
        return get_command(part)


def lazy_group(table: Mapping[str, Command]) -> type[TyperGroup]:
    """Return a group that puts the real command in the place of its line when it is called."""

    class LazyGroup(TyperGroup):
        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """Import the module of the command that is called, no other."""
            if args and args[0] in table:
                self.commands[args[0]] = table[args[0]].load(args[0])
            return super().resolve_command(ctx, args)

    return LazyGroup


def list_commands(app: typer.Typer, table: Mapping[str, Command]) -> None:
    """Give the group a line for each command of its table."""
    for name, command in table.items():
        app.command(name, help=command.help)(lambda: None)
