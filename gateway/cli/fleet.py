"""`dergate sim fleet`: many stations at a CSMS, and the entries with which a site knows them."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from gateway.errors import SettingsError
from gateway.security.credentials import make_verifier
from gateway.simulators.station_fleet import KINDS, Plan, serve
from gateway.simulators.station_options import StationOptions


def fleet(  # noqa: PLR0913 - each is an option of the command
    url: Annotated[str, typer.Option(help="Where they connect; their id is appended.")] = "",
    *,
    stations: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
    mix: Annotated[
        str, typer.Option(help=f"Kinds and how many of each, of {', '.join(KINDS)}.")
    ] = "v2g=1",
    password: Annotated[
        str, typer.Option(envvar="DERGATE_SIM_PASSWORD", help="Password of all of them.")
    ] = "",
    prefix: Annotated[str, typer.Option(help="How their ids begin.")] = "SIM-",
    meter_interval: Annotated[
        float, typer.Option(min=1, help="Seconds between two MeterValues of one station.")
    ] = 60,
    session: Annotated[
        float, typer.Option(min=0, help="Seconds that cars stay, then stay away; 0: none moves.")
    ] = 0,
    connects: Annotated[float, typer.Option(min=0.1, help="New connections a second.")] = 200,
    frequency: Annotated[float, typer.Option(help="Nominal frequency of the grid in Hz.")] = 50,
    trust_anchor: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) to trust where the address is wss.")
    ] = None,
    enrol: Annotated[
        bool, typer.Option("--enrol", help="Print their entries of site.yaml instead of running.")
    ] = False,
) -> None:
    """Run many charging stations in one process; print sums of what they are asked and tell."""
    try:
        plan = Plan(
            url,
            password,
            stations,
            mix=_mix(mix),
            prefix=prefix,
            meter_interval_s=meter_interval,
            session_s=session,
            connects_per_s=connects,
            nominal_frequency_hz=frequency,
            trust_anchor=trust_anchor,
        )
    except ValueError as exc:
        raise SettingsError(str(exc), where="--mix", code="DG-1090") from exc
    if not password:
        raise SettingsError("is missing", where="--password", code="DG-1091")
    if enrol:
        typer.echo(entries(plan), nl=False)
        return
    if not url.startswith(("ws://", "wss://")):
        raise SettingsError(f"{url!r} is no ws or wss address", where="--url", code="DG-1092")
    asyncio.run(serve(plan, typer.echo))


def entries(plan: Plan) -> str:
    """Return what stands under `stations` of a site.yaml that knows this fleet."""
    verifier = make_verifier(plan.password)
    found = [_entry(options, verifier) for _kind, options in plan.members()]
    text = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.width = 200
    yaml.representer.ignore_aliases = lambda _data: True
    yaml.dump({"stations": found}, text)
    return text.getvalue()


def _entry(options: StationOptions, verifier: str) -> dict[str, Any]:
    """Return the entry of one station; what a charger cannot report itself stands in `ratings`."""
    evse: dict[str, Any] = {"current": options.current, "phases": options.phases}
    if not options.der_modes:
        plate = options.plate
        evse["ratings"] = {"MaxChargeRateW": int(plate.max_charge_w), "VNom": int(plate.v_nom)}
        evse["charging_rate_units"] = list(options.charging_rate_units)
    hertz = options.nominal_frequency_hz
    return {
        "id": options.id,
        "password_verifier": verifier,
        "nominal_frequency_hz": int(hertz) if hertz == int(hertz) else hertz,
        "evses": [{"id": number, **evse} for number in range(1, options.evses + 1)],
    }


def _mix(text: str) -> dict[str, int]:
    """Return `v2g=6,old=1` as a table; ValueError where it is none."""
    found = {}
    for part in text.split(","):
        kind, _, share = part.partition("=")
        if not share.isdecimal():
            raise ValueError(f"{part!r} is no kind=number")
        found[kind.strip()] = int(share)
    return found
