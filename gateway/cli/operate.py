"""`dergate station`: enrolment of stations, and what a running gateway knows of them."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from gateway.cli import commissioning, errands, station_certificates, watching
from gateway.errors import SettingsError
from gateway.security.credentials import make_verifier

app = typer.Typer(
    name="station",
    no_args_is_help=True,
    add_completion=False,
    help="Stations: passwords, certificates, roots, profiles; list, show.",
)

# OCPP 2.1 A00.FR.205: passwordString, at least 16 characters, at most 40.
_PASSWORD = re.compile(r"[!-~]{16,40}")
_STATION = re.compile(r"[A-Za-z0-9*_=+|@.-]{1,48}")


@app.callback()
def group() -> None:
    """Enrol stations."""


@app.command()
def password(
    station: Annotated[str, typer.Argument(metavar="ID", help="Id of the station.")],
) -> None:
    """Ask for the password of a station (or read it from stdin); print the verifier for site.yaml."""
    if not _STATION.fullmatch(station):
        raise SettingsError(
            f"{station!r} is no id of a station",
            code="DG-1043",
            advice="1 to 48 of A-Z a-z 0-9 * _ = + | @ . -",
        )
    if sys.stdin.isatty():
        text = typer.prompt(f"Password of {station}", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not _PASSWORD.fullmatch(text):
        raise SettingsError(
            f"the password of {station} must have 16 to 40 printable ASCII characters without spaces",
            code="DG-1044",
        )
    typer.echo(make_verifier(text))


app.add_typer(station_certificates.app)
app.add_typer(errands.roots)
app.command("move")(errands.move)
app.command("rekey")(errands.rekey)
app.command("forget")(errands.forget)
app.command("known")(errands.known)
app.command("list")(watching.list_stations)
app.command("show")(watching.show_station)
app.command("controls")(watching.show_controls)
app.command("commission")(commissioning.commission)
