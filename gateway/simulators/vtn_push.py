"""Webhooks of a simulated VTN: the echo challenge, and a notification for each change."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.simulators.vtn_access import Viewer, readable, rendered, targets_of
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_world import Body, Entry, Kind, Operation, Verb, World

_HTTP_VERBS = {Verb.CREATE: "POST", Verb.UPDATE: "PUT", Verb.DELETE: "DELETE"}  # 3.0.1
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TIMEOUT = aiohttp.ClientTimeout(total=5)


def notification(world: World, operation: Operation) -> Body:
    """Return what subscribers are told of a change."""
    crud = world.options.crud_verbs
    return {
        "objectType": str(operation.entry.kind),
        "operation": str(operation.verb) if crud else _HTTP_VERBS[operation.verb],
        "object": rendered(world, operation.entry),
    }


@dataclass(slots=True)
class Pusher:
    """Delivers notifications in order; `lost` are those that no callback took."""

    world: World
    trust: ssl.SSLContext | None = None
    """What verifies callbacks; else the system's roots do."""
    lost: list[Body] = field(default_factory=list)
    _sent: list[tuple[Body, Body]] = field(default_factory=list)
    _due: asyncio.Queue[tuple[Body, Body]] = field(default_factory=asyncio.Queue)

    def note(self, operation: Operation) -> None:
        """Queue a change for every subscription that asked for it."""
        told = notification(self.world, operation)
        for subscription, wanted in self._wanted():
            asked = told["objectType"] in wanted["objects"]
            if not (asked and told["operation"] in wanted["operations"]):
                continue
            if _concerns(self.world, subscription, operation.entry):
                self._due.put_nowait((wanted, told))

    def replay(self, times: int) -> None:
        """Queue what was delivered so far once more."""
        for item in self._sent * times:
            self._due.put_nowait(item)

    def forge(self, token: str) -> None:
        """Queue for every callback what no VTN ever said, with another token."""
        forged = {"objectType": "EVENT", "operation": "CREATE", "object": {"id": "forged"}}
        for _, wanted in self._wanted():
            self._due.put_nowait(({**wanted, "bearerToken": token}, forged))

    async def challenge(self, subscription: Body) -> bool:
        """Say whether every callback repeats what its query `echo` holds."""
        for wanted in subscription["objectOperations"]:
            word = secrets.token_hex(8)
            path = "/echo" if self.world.options.has(Quirk.ECHO_PATH) else ""
            called = {**wanted, "callbackUrl": wanted["callbackUrl"] + path}
            if await self._called("GET", called, params={"echo": word}) != word:
                return False
        return True

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            wanted, told = await self._due.get()
            if await self._called("POST", wanted, json=self._encoded(told)) is None:
                self.lost.append(told)
            else:
                self._sent.append((wanted, told))

    def _wanted(self) -> Iterator[tuple[Entry, Body]]:
        for subscription in self.world.entries(Kind.SUBSCRIPTION):
            for wanted in subscription.body["objectOperations"]:
                yield subscription, wanted

    def _encoded(self, told: Body) -> Any:
        if self.world.options.has(Quirk.WEBHOOK_SNAKE_STRING):
            return json.dumps(_snake(told))
        if self.world.options.has(Quirk.WEBHOOK_CAMEL_STRING):
            return json.dumps(told)
        return told

    async def _called(self, method: str, wanted: Body, **parts: Any) -> str | None:
        """Return the text that a callback answers; None where it does not answer 2xx."""
        token, url = wanted.get("bearerToken"), wanted["callbackUrl"]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session,
                session.request(method, url, ssl=self.trust or True, **parts) as answer,
            ):
                return (await answer.text()).strip() if answer.ok else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {_HUMP.sub("_", key).lower(): _snake(item) for key, item in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value


def _concerns(world: World, subscription: Entry, entry: Entry) -> bool:
    program = entry.id if entry.kind is Kind.PROGRAM else entry.body.get("programID")
    if subscription.body.get("programID") not in (None, program):
        return False
    wanted = targets_of(subscription)
    if wanted and not wanted & targets_of(entry):
        return False
    return readable(world, Viewer(subscription.client, business=False), entry)
