"""The root of `dergate`: commands loaded when they are called, exit codes, errors on one line.

Exit status: 0 done · 1 findings, or a document that cannot be read · 2 settings or usage ·
3 something differs, where that was asked for ·
4 a peer cannot be reached · 5 another gateway holds the state · 70 internal · 130 interrupted.
"""

from __future__ import annotations

import json
import platform
import ssl
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer
from typer.main import get_command

from gateway.cli.lazy import Command, lazy_group, list_commands
from gateway.errors import GatewayError
from translators.errors import MappingError, TranslatorError

INTERNAL = 70
"""Exit status of a fault of our own (EX_SOFTWARE)."""


COMMANDS = {
    "run": Command("gateway.cli.service", "run", "Run the gateway until it is told to stop."),
    "check": Command("gateway.cli.service", "check", "Check settings, mappings and certificates."),
    "map": Command(
        "gateway.cli.mapping", "app", "Mapping rules: write, check, test, cover, explain."
    ),
    "station": Command(
        "gateway.cli.operate",
        "app",
        "Stations: passwords, certificates, moves; what they are told.",
    ),
    "event": Command(
        "gateway.cli.watching", "events", "Commands of utilities: list, show, decline."
    ),
    "site": Command(
        "gateway.cli.watching", "sites", "Stations behind one connection point: list, show."
    ),
    "hold": Command("gateway.cli.watching", "hold", "Stop every dispatch, or let it go on."),
    "plan": Command(
        "gateway.cli.planning", "plan", "Show what would be sent, were nothing held back."
    ),
    "apply": Command("gateway.cli.planning", "apply", "Send exactly what a plan says."),
    "tap": Command("gateway.cli.watching", "tap", "Follow what a running gateway does."),
    "certs": Command("gateway.cli.identity", "app", "Certificates: PKI, requests, LFDI, expiry."),
    "audit": Command("gateway.cli.evidence", "app", "The audit chain: verify, show, export."),
    "replay": Command(
        "gateway.cli.replaying", "replay", "Decide a recorded day once more, or by other rules."
    ),
    "db": Command("gateway.cli.database", "app", "The state: check, upgrade, backup, restore."),
    "sim": Command("gateway.cli.play", "app", "Simulators: a utility, a VTN, a station, a fleet."),
    "demo": Command("gateway.cli.show", "demo", "The main job on loopback, each step judged."),
    "bench": Command("gateway.cli.measure", "bench", "Measure the gateway's own work, as ratios."),
}


def load(name: str) -> Any:
    """Return the real command of that name."""
    return COMMANDS[name].load(name)


@dataclass(slots=True)
class Root:
    """What the options before the command say."""

    verbose: bool = False


app = typer.Typer(
    name="dergate",
    cls=lazy_group(COMMANDS),
    help="Translation gateway between grid utilities and charging stations.",
    pretty_exceptions_enable=False,
)
list_commands(app, COMMANDS)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --version: as JSON.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Show the traceback of an internal error.")
    ] = False,
) -> None:
    """Translation gateway between grid utilities and charging stations."""
    ctx.obj.verbose = verbose
    if show_version:
        typer.echo(json.dumps(_versions()) if as_json else f"dergate {version('dergate')}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _versions() -> dict[str, str]:
    return {
        "dergate": version("dergate"),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "platform": platform.platform(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; what went wrong stands on stderr, on one line."""
    state = Root()
    try:
        run: Callable[..., NoReturn] = get_command(app).main
        run(arguments, prog_name="dergate", obj=state)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:  # noqa: BLE001 - the outermost place: every error gets its exit status
        known = next(_known(error), None)
        if known is None and state.verbose:
            traceback.print_exception(error)
        sys.stderr.write(f"dergate: {_line(known or error)}\n")
        return exit_status(known or error)


def exit_status(error: BaseException) -> int:
    """Return the exit status that an error stands for."""
    match error:
        case GatewayError():
            return error.exit_status
        case MappingError():
            return 2
        case TranslatorError():
            return 1
        case _:
            return INTERNAL


def _known(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors of ours in an error, which may be a group of a TaskGroup."""
    if isinstance(error, GatewayError | TranslatorError):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _known(inner)


def _line(error: BaseException) -> str:
    """Return an error as one line."""
    if isinstance(error, GatewayError | TranslatorError):
        return " ".join(str(error).split())
    text = " ".join(str(error).split())
    return f"DG-1900 internal error: {type(error).__name__}: {text} (-v shows the traceback)"
