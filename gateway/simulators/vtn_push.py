"""Webhooks of a simulated VTN: the echo challenge, and a notification for each change."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.simulators.vtn_access import Viewer, readable, rendered
from gateway.simulators.vtn_world import Body, Entry, Kind, Operation, Verb, World

_HTTP_VERBS = {Verb.CREATE: "POST", Verb.UPDATE: "PUT", Verb.DELETE: "DELETE"}  # 3.0.1
_TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(slots=True)
class Pusher:
    """Delivers notifications in order; `lost` are those that no callback took."""

    world: World
    lost: list[Body] = field(default_factory=list)
    _due: asyncio.Queue[tuple[Body, Body]] = field(default_factory=asyncio.Queue)

    def note(self, operation: Operation) -> None:
        """Queue a change for every subscription that asked for it."""
        entry, old = operation.entry, self.world.options.revision == "3.0"
        verb = _HTTP_VERBS[operation.verb] if old else str(operation.verb)
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
            if await _called("GET", wanted, params={"echo": word}) != word:
                return False
        return True

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            wanted, notification = await self._due.get()
            if await _called("POST", wanted, json=notification) is None:
                self.lost.append(notification)


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
