"""MQTT of a simulated VTN: publishes changes to a broker; needs the extra `mqtt`."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

from gateway.errors import SettingsError
from gateway.simulators.vtn_push import notification
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_topics import topics_of
from gateway.simulators.vtn_world import Kind, Operation, World

_AGAIN_S = 0.5
_NONSENSE = (b"", b"{", b'"\\u0000"', b"[[[[]]]]", b'{"objectType": "EVENT"}', b"\xff" * 64)


@dataclass(slots=True)
class Broker:
    """Publishes what happens, in order; it connects again when the broker was away.

    SettingsError where the extra `mqtt` is not installed.
    """

    world: World
    url: str
    """`mqtt://user:password@host:1883`, or `mqtts://` with TLS."""
    trust: ssl.SSLContext | None = None
    _due: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        """Refuse to begin without the library."""
        if find_spec("aiomqtt") is None:
            raise SettingsError(
                "aiomqtt is not installed",
                where="broker",
                code="DG-1142",
                advice="install the extra `mqtt`",
            )

    def note(self, operation: Operation) -> None:
        """Queue a change for each of its topics."""
        told = notification(self.world, operation)
        told["targets"] = operation.entry.body.get("targets")
        times = 2 if self.world.options.has(Quirk.MQTT_TWICE) else 1
        for topic in topics_of(self.world, operation):
            for _ in range(times):
                self._due.put_nowait((topic, json.dumps(told).encode()))

    def babble(self, messages: int) -> None:
        """Queue messages that mean nothing, in turn on the topics of each program's events."""
        programs = [item.id for item in self.world.entries(Kind.PROGRAM)] or ["0"]
        for number in range(messages):
            topic = f"events/programs/{programs[number % len(programs)]}/update"
            self._due.put_nowait((topic, _NONSENSE[number % len(_NONSENSE)]))

    async def run(self) -> None:
        """Publish until cancelled; what could not be said is said when the broker is back."""
        library = import_module("aiomqtt")
        held: list[tuple[str, bytes]] = []
        while True:
            try:
                async with self._client(library) as client:
                    await self._publish(client, held)
            except library.MqttError:
                await asyncio.sleep(_AGAIN_S)

    async def _publish(self, client: Any, held: list[tuple[str, bytes]]) -> None:
        """Publish what was held back and what comes; `held` is what is not through yet."""
        retained = self.world.options.has(Quirk.MQTT_RETAINED)
        while True:
            if not held:
                held.append(await self._due.get())
            topic, payload = held[0]
            await client.publish(topic, payload, qos=1, retain=retained)
            held.clear()

    def _client(self, library: Any) -> Any:
        parts = urlsplit(self.url)
        secure = parts.scheme == "mqtts"
        named: dict[str, Any] = {
            "username": None if parts.username is None else unquote(parts.username),
            "password": None if parts.password is None else unquote(parts.password),
        }
        if secure:
            named["tls_context"] = self.trust or ssl.create_default_context()
        return library.Client(parts.hostname, parts.port or (8883 if secure else 1883), **named)


def public_url(url: str) -> str:
    """Return the address of a broker as clients are told it: without the VTN's own password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
