"""`dergate map`: the commands for the mapping rules, each loaded when it is called."""

from __future__ import annotations

import typer

from gateway.cli.lazy import Command, lazy_group, list_commands

COMMANDS = {
    "copy": Command("gateway.cli.authoring", "copy", "Copy the shipped rules into a folder."),
    "new": Command("gateway.cli.authoring", "new", "Draft a rule with tests to fill in."),
    "fmt": Command("gateway.cli.authoring", "fmt", "Put the keys of rules in order."),
    "schema": Command("gateway.cli.authoring", "schema", "Print the JSON Schema of the language."),
    "lint": Command("gateway.cli.checking", "lint", "Check the rules; name each fault."),
    "test": Command("gateway.cli.checking", "run_tests", "Run the tests beside the rules."),
    "coverage": Command("gateway.cli.covering", "coverage", "Count the leaves that are covered."),
    "vectors": Command("gateway.cli.playing", "vectors", "Play whole documents; name differences."),
    "explain": Command("gateway.cli.explaining", "explain", "Show where each number comes from."),
    "diff": Command("gateway.cli.comparison", "diff", "Show what another set of rules changes."),
    "docs": Command("gateway.cli.pages", "docs", "Write the rules as static pages."),
}

app = typer.Typer(
    name="map",
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    help="Mapping rules: write, check, test, cover, explain.",
)
list_commands(app, COMMANDS)
