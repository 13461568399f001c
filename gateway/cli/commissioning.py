"""`dergate station commission`: lets the running gateway step a station, and prints what its meter showed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from getpass import getuser
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.asking import Gateway, gateway_of
from gateway.cli.config import DEFAULT, Config
from gateway.cli.watching import Form, Reason
from gateway.errors import PeerError

_LOOK_S = 0.5
_BEGIN_S = 10.0
"""How long a gateway may take to begin."""
_COLUMNS = ("step", "asked W", "asked var", "measured", "verdict", "reason")


def commission(
    station: Annotated[str, typer.Argument(metavar="ID")],
    reason: Reason,
    config: Config = DEFAULT,
    *,
    watts: Annotated[
        float | None,
        typer.Option("--power", metavar="W", help="What is asked for; a fifth of its rating."),
    ] = None,
    times: Annotated[
        tuple[float, float],
        typer.Option(metavar="S S", help="For each step: to be done, and to be measured."),
    ] = (20, 15),
    form: Form = "table",
) -> None:
    """Step a little P, var and power factor, and judge signs and phases by the meter; exit 1: not passed.

    The station is on hold meanwhile, and stays so where it failed.
    """
    gateway = gateway_of(config)
    before = gateway.get("stations", station)["commissioning"]
    settle, measure = times
    words = {"reason": reason, "actor": getuser(), "watts": watts}
    gateway.order("stations", station, "commissioning", **words, settle_s=settle, measure_s=measure)
    found = _ended(gateway, station, before)
    if form == "json":
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        _print(found)
    if found["verdict"] != "passed":
        raise typer.Exit(1)


def _ended(gateway: Gateway, station: str, before: Any) -> Mapping[str, Any]:
    """Wait for the end of a trial that is not `before`; PeerError where none begins."""
    begun, patience = False, time.monotonic() + _BEGIN_S
    while True:
        found: Mapping[str, Any] | None = gateway.get("stations", station)["commissioning"]
        if found is not None and found["verdict"] is not None and found != before:
            return found
        begun = begun or (found is not None and found["verdict"] is None)
        if not begun and time.monotonic() > patience:
            raise PeerError("did not begin: the audit says why", where=station, code="DG-1297")
        time.sleep(_LOOK_S)


def _print(found: Mapping[str, Any]) -> None:
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for step in found["steps"]:
        measured = ", ".join(f"{name} {value}" for name, value in step["measured"].items())
        asked = (step["asked_w"] or "-", step["asked_var"] or "-")
        table.add_row(
            step["step"], *asked, measured or "-", step["verdict"].replace("_", " "), step["reason"]
        )
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    console.print(found["verdict"].replace("_", " "))
