"""Clients of the simulated VTN: one that asks its desk, and one that asks over HTTP."""

import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from gateway.simulators.vtn_desk import Desk
from gateway.simulators.vtn_http import Request
from gateway.simulators.vtn_options import Options
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_world import World

REVISIONS = ("3.0", "3.1")
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts no one, and costs no time
NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z
EVENT = {
    "intervalPeriod": {"start": "2026-11-22T12:00:00Z", "duration": "PT15M"},
    "intervals": [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [22.5]}]}],
}


def credentials(client="ven_client", **more):
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": "secret"}
    return {**form, **more}


def options(*quirks: Quirk, **changes) -> Options:
    return Options(quirks=frozenset(quirks), **changes)


@dataclass
class Clock:
    now: float = NOON

    def __call__(self):
        return self.now


@dataclass
class DeskClient:
    """A client that has its token; `vtn` is the world, `clock` its time."""

    desk: Desk
    clock: Clock
    name: str = "ven_client"
    headers: dict = field(default_factory=lambda: {"accept": "application/json"})

    @property
    def vtn(self):
        return self.desk.world

    @property
    def complaints(self):
        return [line.partition(": ")[2] for line in self.desk.watch.counted]

    def sign_in(self, **more):
        """Fetch a token; return the answer."""
        form = urlencode(credentials(self.name, **more)).encode()
        reply, _, _ = self.desk.answer(Request("POST", "/auth/token", {}, {}, form))
        if reply.status == 200:
            self.headers = {**self.headers, "authorization": f"Bearer {reply.body['access_token']}"}
        return reply

    def ask(self, method, path, body=None, query=None, **headers):
        sent = {**self.headers, **{name.replace("_", "-"): it for name, it in headers.items()}}
        if body is not None:
            sent.setdefault("content-type", "application/json")
        kept = {name: value for name, value in sent.items() if value is not None}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply, _, _ = self.desk.answer(Request(method, path, query or {}, kept, data))
        return reply

    def other(self, name):
        """Return another client of the same VTN, signed in."""
        client = DeskClient(self.desk, self.clock, name)
        client.sign_in()
        return client


def a_client(how: Options | None = None, name="ven_client", **changes) -> DeskClient:
    """Return a client of a new VTN, signed in."""
    clock = Clock()
    world = World(how or Options(**changes), clock)
    client = DeskClient(Desk(world), clock, name)
    client.sign_in()
    return client


@asynccontextmanager
async def a_ven(vtn, client="ven_client"):
    """Yield an HTTP client of a served VTN, signed in where a token is needed."""
    async with httpx.AsyncClient(base_url=f"{vtn.url}/", verify=NOBODY, trust_env=False) as ven:
        if not vtn.options.open:
            answer = await ven.post("auth/token", data=credentials(client))
            ven.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield ven


def a_report(event, vtn, **members):
    """Return a report that keeps the schema of the VTN's edition."""
    body = {"eventID": event, "clientName": "gateway", "reportName": "r", "resources": []}
    if vtn.options.revision == "3.0":
        body["programID"] = vtn.entries("PROGRAM")[0].id
    return {**body, **members}


def a_registration(vtn, kind, **members):
    """Return the body with which a VEN registers itself or a resource."""
    body = {"objectType": f"VEN_{kind}_REQUEST"} if vtn.options.revision == "3.1" else {}
    return {**body, **members}
