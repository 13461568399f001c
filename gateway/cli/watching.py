"""`dergate event`, `hold`, `tap` and the views of `dergate station`: what a running gateway does, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from getpass import getuser
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.asking import gateway_of
from gateway.cli.config import DEFAULT, Config

events = typer.Typer(
    name="event",
    no_args_is_help=True,
    add_completion=False,
    help="Commands of utilities: list, show, decline.",
)

sites = typer.Typer(
    name="site",
    no_args_is_help=True,
    add_completion=False,
    help="Stations behind one connection point: list, show.",
)

Form = Annotated[
    Literal["table", "json"], typer.Option("-o", "--output", help="For people, or for programs.")
]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit.")]
_EVENTS = (
    "utility",
    "mrid",
    "primacy",
    "functions",
    "start",
    "end",
    "states",
    "refused",
    "extent",
    "share_pct",
    "without",
)
_STATIONS = (
    "station",
    "utilities",
    "connected",
    "silent",
    "on_hold",
    "version",
    "controls_by_state",
    "not_following",
    "alarms",
)
_SITES = ("site", "utilities", "policy", "listening", "bounds", "kept", "excess", "paused")
_SHARES = ("station", "direction", "rating_w", "share_w", "at_most_w", "sure", "without")
_HELD = ("function", "command", "why", "since", "until", "held", "beaten_by")
_CONTROLS = ("id", "action", "type", "state", "evidence", "start", "end", "reason")
_AT = (
    "utility",
    "station",
    "state",
    "declined",
    "functions",
    "lost",
    "refused",
    "told",
    "delivered",
    "shared",
)


@events.callback()
def group() -> None:
    """Look at the commands of utilities, and decline them."""


@events.command("list")
def list_events(config: Config = DEFAULT, *, form: Form = "table") -> None:
    """List the commands that the gateway knows, the newest first."""
    _show(gateway_of(config).get("events"), _EVENTS, form)


@events.command("show")
def show_event(
    mrid: Annotated[str, typer.Argument(metavar="MRID")],
    config: Config = DEFAULT,
    *,
    form: Form = "table",
) -> None:
    """Show what became of a command at each of its stations."""
    found = gateway_of(config).get("events", mrid)
    _show(found, _AT, form)
    if form == "table":
        _print((control for row in found for control in row["controls"]), _CONTROLS)


@events.command("optout")
def opt_out(
    mrid: Annotated[str, typer.Argument(metavar="MRID")],
    reason: Reason,
    config: Config = DEFAULT,
    *,
    station: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="At these stations only; repeatable.")
    ] = None,
    utility: Annotated[str, typer.Option(metavar="ID", help="Of this utility only.")] = "",
    back: Annotated[bool, typer.Option("--back", help="Take part again.")] = False,
) -> None:
    """Decline an event: it is taken back from stations, and the utility is told (4; 8 or 10 at the end)."""
    words = {"out": not back, "reason": reason, "actor": getuser(), "utility": utility}
    gateway_of(config).order("events", mrid, "participation", **words, stations=station or [])


def hold(
    state: Annotated[Literal["on", "off", "show"], typer.Argument(metavar="on|off|show")],
    config: Config = DEFAULT,
    *,
    reason: Annotated[str, typer.Option(help="Why (on, off); it stands in the audit.")] = "",
    release: Annotated[
        bool, typer.Option("--release", help="Take events back that run; defaults stay.")
    ] = False,
    station: Annotated[str, typer.Option(metavar="ID", help="Of one station only.")] = "",
) -> None:
    """Stop every dispatch at once, over restarts too; utilities see an opt-out."""
    gateway = gateway_of(config)
    if state == "show":
        _write(gateway.get("hold"))
        return
    if not reason:
        raise typer.BadParameter("is needed", param_hint="--reason")
    words = {"on": state == "on", "release": release, "reason": reason, "actor": getuser()}
    gateway.order("hold", **words, station=station)


def list_stations(config: Config = DEFAULT, *, form: Form = "table") -> None:
    """List the enrolled stations of a running gateway."""
    _show(gateway_of(config).get("stations"), _STATIONS, form)


def show_station(
    station: Annotated[str, typer.Argument(metavar="ID")],
    config: Config = DEFAULT,
    *,
    form: Form = "table",
) -> None:
    """Show what is in force at a station, why, and since when."""
    found = gateway_of(config).get("stations", station)
    if form == "json":
        _write(found)
        return
    _print([found], _STATIONS)
    _print(found["in_force"], _HELD)
    _print(found["measured"], ("evse", "kind", "value", "at"))


def show_controls(
    station: Annotated[str, typer.Argument(metavar="ID")],
    config: Config = DEFAULT,
    *,
    form: Form = "table",
) -> None:
    """Show the controls and profiles that a station should hold, and whether it does."""
    _show(gateway_of(config).get("stations", station)["controls"], _CONTROLS, form)


@sites.callback()
def site_group() -> None:
    """Look at stations that share what bounds their connection point."""


@sites.command("list")
def list_sites(config: Config = DEFAULT, *, form: Form = "table") -> None:
    """List the sites with what bounds them, and whether their stations keep it."""
    _show(gateway_of(config).get("sites"), _SITES, form)


@sites.command("show")
def show_site(
    site: Annotated[str, typer.Argument(metavar="ID")],
    config: Config = DEFAULT,
    *,
    form: Form = "table",
) -> None:
    """Show who has how much of a site's bounds, and who cannot be told."""
    found = gateway_of(config).get("sites", site)
    if form == "json":
        _write(found)
        return
    _print([found], _SITES)
    _print(found["shares"], _SHARES)


def tap(
    stream: Annotated[
        Literal["utility", "canonical", "ocpp"],
        typer.Argument(
            help="utility: commands and answers; canonical: decisions; ocpp: calls and samples."
        ),
    ],
    config: Config = DEFAULT,
    *,
    station: Annotated[str, typer.Option(metavar="ID", help="Of one station only.")] = "",
) -> None:
    """Print what goes on as JSON lines, from now until the gateway ends or this is interrupted."""
    query = {"station": station} if station else {}
    for line in gateway_of(config).lines("tap", stream, **query):
        typer.echo(orjson.dumps(line))


def _show(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], form: str) -> None:
    if form == "json":
        _write(rows)
    else:
        _print(rows, columns)


def _write(value: Any) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def _print(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    Console(soft_wrap=True, highlight=False).print(table)


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "-"
        case dict():
            return ", ".join(f"{name} {count}" for name, count in value.items()) or "-"
        case _:
            return str(value)
