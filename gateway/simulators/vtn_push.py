"""Webhooks of a simulated VTN: the echo challenge, and a notification for each change."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.simulators.vtn_access import Viewer, readable, rendered
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_world import Body, Entry, Kind, Operation, Verb, World

_HTTP_VERBS = {Verb.CREATE: "POST", Verb.UPDATE: "PUT", Verb.DELETE: "DELETE"}  # 3.0.1
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(slots=True)
class Pusher:
    """Delivers notifications in order; `lost` are those that no callback took."""

    world: World
    lost: list[Body] = field(default_factory=list)
    _due: asyncio.Queue[tuple[Body, Body]] = field(default_factory=asyncio.Queue)

    def note(self, operation: Operation) -> None:
        """Queue a change for every subscription that asked for it."""
        entry, options = operation.entry, self.world.options
        verb = str(operation.verb) if options.crud_verbs else _HTTP_VERBS[operation.verb]
        notification = {
            "objectType": str(entry.kind),
            "operation": verb,
            "object": rendered(self.world, entry),
        }
        for subscription in self.world.entries(Kind.SUBSCRIPTION):
            if not _concerns(self.world, subscription, entry):
                continue
            for wanted in subscription.body["objectOperations"]:
                if str(entry.kind) in wanted["objects"] and verb in wanted["operations"]:
                    self._due.put_nowait((wanted, notification))

    async def challenge(self, subscription: Body) -> bool:
        """Say whether every callback repeats what its query `echo` holds."""
        for wanted in subscription["objectOperations"]:
            word = secrets.token_hex(8)
            path = "/echo" if self.world.options.has(Quirk.ECHO_PATH) else ""
            called = {**wanted, "callbackUrl": wanted["callbackUrl"] + path}
            if await _called("GET", called, params={"echo": word}) != word:
                return False
        return True

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            wanted, notification = await self._due.get()
            if await _called("POST", wanted, json=self._encoded(notification)) is None:
                self.lost.append(notification)

    def _encoded(self, notification: Body) -> Any:
        if self.world.options.has(Quirk.WEBHOOK_SNAKE_STRING):
            return json.dumps(_snake(notification))
        if self.world.options.has(Quirk.WEBHOOK_CAMEL_STRING):
            return json.dumps(notification)
        return notification


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {_HUMP.sub("_", key).lower(): _snake(item) for key, item in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value


def _concerns(world: World, subscription: Entry, entry: Entry) -> bool:
    program = entry.id if entry.kind is Kind.PROGRAM else entry.body.get("programID")
    if subscription.body.get("programID") not in (None, program):
        return False
    return readable(world, Viewer(subscription.client, business=False), entry)


async def _called(method: str, wanted: Body, **parts: Any) -> str | None:
    """Return the text that a callback answers; None where it does not answer 2xx."""
    token = wanted.get("bearerToken")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session,
            session.request(method, wanted["callbackUrl"], **parts) as answer,
        ):
            return (await answer.text()).strip() if answer.ok else None
    except (aiohttp.ClientError, TimeoutError):
        return None
