"""What stands on the stage: a fresh PKI, one utility, four stations, and the gateway between them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gateway import app
from gateway.security.credentials import make_verifier
from gateway.security.identities import Identity
from gateway.security.pki import create_authorities, issue_device, issue_server
from gateway.settings import Settings, load
from gateway.simulators.grid import Grid
from gateway.simulators.station import IN, Personality, SimulatedStation
from gateway.simulators.station_options import Nameplate, StationOptions
from gateway.simulators.utility_2030_5 import (
    Control,
    Device,
    Dialect,
    Files,
    HeldControl,
    Options,
    Program,
    SimulatedUtility,
)
from gateway.simulators.utility_2030_5_world import PIN
from gateway.simulators.utility_2030_5_xml import CSIP_AUS, Node

UTILITY = "grid-operator"
LONG_S = 600
"""Events outlast the demo unless the story ends them."""
_CHARGER = Nameplate(
    max_w=22_080, max_charge_w=22_080, max_discharge_w=0, max_va=22_080, max_var=0, max_var_neg=0
)
_CASTS = (
    StationOptions("CS1", "", "", nominal_frequency_hz=60, discharge_w=10_000),
    StationOptions("CS2", "", "", nominal_frequency_hz=60),
    StationOptions(
        "CS3", "", "", nominal_frequency_hz=50, plate=_CHARGER, der_modes=(), v2x_modes=(),
        charging_rate_units=("A",), current="AC", demand_w=11_000,
    ),
    StationOptions(
        "CS4", "", "", versions=("ocpp2.0.1",), nominal_frequency_hz=50, plate=_CHARGER,
        der_modes=(), v2x_modes=(), charging_rate_units=("A",), current="AC", demand_w=7_400,
    ),
)  # fmt: skip
"""Two with DER control, one that only charges, one of OCPP 2.0.1; passwords and address come later."""


@dataclass(slots=True)
class Actor:
    """One station with its identity at the utility and its own program there."""

    station: SimulatedStation
    identity: Identity
    device: Device
    program: Program

    @property
    def id(self) -> str:
        """The station's id."""
        return self.station.options.id

    def told(self, control_type: str) -> dict[str, Any]:
        """Return the last SetDERControl of this type that reached the station."""
        sent = self.station.payloads(IN, "SetDERControl")
        return next((p for p in reversed(sent) if p["controlType"] == control_type), {})


@dataclass(slots=True)
class Stage:
    """Everything that the story moves and looks at."""

    folder: Path
    settings: Settings
    utility: SimulatedUtility
    actors: dict[str, Actor]

    def send(self, actor: Actor, *parts: Node, program: Program | None = None) -> HeldControl:
        """Let the utility issue an event for one station that starts in a second."""
        start = int(self.utility.now()) + 1
        return self.utility.add_control(program or actor.program, Control(start, LONG_S, parts))

    def statuses(self, actor: Actor, held: HeldControl) -> list[int]:
        """Return the Response statuses that the utility has of one event from one station."""
        return self.utility.statuses(held.mrid, actor.identity.lfdi)

    async def answered(self, actor: Actor, held: HeldControl, *statuses: int) -> None:
        """Wait until the utility has these Responses, in this order."""
        await self.utility.wait_for(
            lambda: self.statuses(actor, held) == list(statuses), timeout_s=10
        )


async def reach(station: SimulatedStation, predicate: Callable[[], bool], within_s: float) -> None:
    """Give the physics time to get there; the judgement that follows says whether it did."""
    try:
        await station.wait_for(predicate, within_s)
    except TimeoutError:
        return


@asynccontextmanager
async def set_up(folder: Path, personalities: Mapping[str, Personality]) -> AsyncIterator[Stage]:
    """Build everything in `folder` and run it while the context lasts."""
    authorities = create_authorities(folder / "certs")
    server = issue_server(authorities, name="utility")
    identities = {cast.id: issue_device(authorities, cast.id.lower()) for cast in _CASTS}
    passwords = {cast.id: secrets.token_urlsafe(16) for cast in _CASTS}
    files = Files(server.certificate_path, server.key_path, authorities.trust_anchor)
    options = Options(Dialect("2018", CSIP_AUS))
    async with AsyncExitStack() as stack:
        utility = await stack.enter_async_context(SimulatedUtility(files, options))
        site = folder / "site.yaml"
        site.write_text(_site(utility.url, identities, passwords), encoding="utf-8")
        settings = load(site)
        registered = {name: _register(utility, identities[name]) for name in identities}
        address = await stack.enter_async_context(_gateway(settings))
        actors = {}
        for cast in _CASTS:
            played = replace(cast, password=passwords[cast.id], url=address)
            grid = Grid(frequency_hz=cast.nominal_frequency_hz)
            station = await stack.enter_async_context(
                SimulatedStation(played, grid, personalities.get(cast.id))
            )
            actors[cast.id] = Actor(station, identities[cast.id], *registered[cast.id])
        yield Stage(folder, settings, utility, actors)


def _register(utility: SimulatedUtility, identity: Identity) -> tuple[Device, Program]:
    """Let the utility know a device, with a program of its own."""
    program = utility.add_program(primacy=5)
    return utility.add_device(identity.lfdi, program), program


@asynccontextmanager
async def _gateway(settings: Settings) -> AsyncIterator[str]:
    """Run the gateway in this process; yield where stations connect."""
    addresses: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(
            app.serve(settings, lambda running: addresses.put_nowait(running.endpoint.url), stop)
        )
        try:
            yield await addresses.get()
        finally:
            stop.set()


def _site(url: str, identities: dict[str, Identity], passwords: dict[str, str]) -> str:
    """Return the site.yaml of the demo."""
    utility = {
        "id": UTILITY,
        "revision": "2018",
        "url": url,
        "trust_anchor": "certs/serca.pem",
        "poll_interval_s": 1,
        "post_interval_s": 1,
        "identities": [
            {
                "station": name,
                "certificate": f"certs/{identity.certificate_path.name}",
                "key": f"certs/{identity.key_path.name}",
                "pin": PIN,
            }
            for name, identity in identities.items()
        ],
    }
    settings = {
        "schema_version": 1,
        "state_dir": "state",
        "log_level": "warning",
        "ocpp": {"host": "127.0.0.1", "port": 0, "heartbeat_s": 60},
        "admin": {"port": 0},
        "utilities": [utility],
        "stations": [_enrolled(cast, passwords[cast.id]) for cast in _CASTS],
    }
    text = StringIO()
    YAML(typ="safe", pure=True).dump(settings, text)
    return text.getvalue()


def _enrolled(cast: StationOptions, password: str) -> dict[str, Any]:
    """Return the entry of one station; what a charger cannot report itself stands in `ratings`."""
    evse: dict[str, Any] = {"id": 1, "current": cast.current, "phases": cast.phases}
    if not cast.der_modes:
        evse["ratings"] = {"MaxChargeRateW": 22_080, "VNom": 230, "MaxA": 32}
        evse["charging_rate_units"] = list(cast.charging_rate_units)
    return {
        "id": cast.id,
        "password_verifier": make_verifier(password),
        "nominal_frequency_hz": int(cast.nominal_frequency_hz),
        "evses": [evse],
    }
