"""What stands on the stage: a fresh PKI, a utility, a VTN, five stations, the gateway between them."""

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
from gateway.security.pki import (
    create_authorities,
    create_endpoint_authority,
    issue_device,
    issue_endpoint,
    issue_server,
)
from gateway.security.tls import web_server_context
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
from gateway.simulators.vtn import Account, SimulatedVtn
from gateway.simulators.vtn import Options as VtnOptions

UTILITY = "grid-operator"
VTN = "flexibility"
OPENADR_STATION = "CS5"
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
_OPENADR_CAST = replace(_CASTS[2], id=OPENADR_STATION)
"""One that only charges, and that the VTN is followed with."""


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
    vtn: SimulatedVtn
    actors: dict[str, Actor]
    openadr_station: SimulatedStation

    @property
    def stations(self) -> dict[str, SimulatedStation]:
        """Every station by its id."""
        found = {name: actor.station for name, actor in self.actors.items()}
        return {**found, OPENADR_STATION: self.openadr_station}

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
    passwords = {cast.id: secrets.token_urlsafe(16) for cast in (*_CASTS, _OPENADR_CAST)}
    files = Files(server.certificate_path, server.key_path, authorities.trust_anchor)
    options = Options(Dialect("2018", CSIP_AUS))
    async with AsyncExitStack() as stack:
        utility = await stack.enter_async_context(SimulatedUtility(files, options))
        vtn = await stack.enter_async_context(_vtn(folder))
        utilities = [_utility(utility.url, identities), _openadr_utility(vtn.url)]
        site = folder / "site.yaml"
        site.write_text(_site(utilities, passwords), encoding="utf-8")
        settings = load(site)
        registered = {name: _register(utility, identities[name]) for name in identities}
        address = await stack.enter_async_context(_gateway(settings))
        stations = {}
        for cast in (*_CASTS, _OPENADR_CAST):
            played = replace(cast, password=passwords[cast.id], url=address)
            grid = Grid(frequency_hz=cast.nominal_frequency_hz)
            stations[cast.id] = await stack.enter_async_context(
                SimulatedStation(played, grid, personalities.get(cast.id))
            )
        actors = {
            name: Actor(stations[name], identities[name], *registered[name]) for name in identities
        }
        yield Stage(folder, settings, utility, vtn, actors, stations[OPENADR_STATION])


def _vtn(folder: Path) -> SimulatedVtn:
    """Return a strict VTN behind TLS; the secret of its client stands in `vtn.secret`."""
    secret = secrets.token_urlsafe(16)
    file = folder / "vtn.secret"
    file.touch(mode=0o600)
    file.write_text(secret, encoding="ascii")
    identity = issue_endpoint(create_endpoint_authority(folder / "certs"), name="vtn")
    tls = web_server_context(identity.certificate_path, identity.key_path)
    vtn = SimulatedVtn(VtnOptions(strict=True, accounts={"gateway": Account(secret)}), tls=tls)
    vtn.add_program("ev-flex")
    return vtn


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


def _utility(url: str, identities: dict[str, Identity]) -> dict[str, Any]:
    """Return the entry of the utility that speaks IEEE 2030.5."""
    return {
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


def _openadr_utility(url: str) -> dict[str, Any]:
    """Return the entry of the utility that speaks OpenADR 3."""
    return {
        "id": VTN,
        "protocol": "openadr3",
        "url": url,
        "trust_anchor": "certs/csms-ca.pem",
        "auth": "post",
        "client_id": "gateway",
        "client_secret_file": "vtn.secret",
        "ven": "gateway",
        "resources": [{"station": OPENADR_STATION}],
        "poll_interval_s": 0.5,
    }


def _site(utilities: list[dict[str, Any]], passwords: dict[str, str]) -> str:
    """Return the site.yaml of the demo."""
    settings = {
        "schema_version": 1,
        "state_dir": "state",
        "log_level": "warning",
        "ocpp": {"host": "127.0.0.1", "port": 0, "heartbeat_s": 60},
        "admin": {"port": 0},
        "utilities": utilities,
        "stations": [_enrolled(cast, passwords[cast.id]) for cast in (*_CASTS, _OPENADR_CAST)],
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
