"""How to reach one VTN, and how it reaches us."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.protocols.openadr_access import VenAccess


@dataclass(frozen=True, slots=True)
class WebhookAccess:
    """Where callbacks are listened for, and the address under which the VTN finds that.

    `identity` is a certificate chain with its key; without one a proxy speaks TLS.
    """

    host: str
    port: int
    url: str
    identity: tuple[Path, Path] | None = None


@dataclass(frozen=True, slots=True)
class MqttAccess:
    """Whom to trust as the VTN's broker, and what to show there, in place of what the VTN says."""

    trust_anchor: Path | None = None
    identity: tuple[Path, Path] | None = None


@dataclass(frozen=True, slots=True)
class VtnAccess:
    """A VEN at a VTN, and whom to trust on the way there; how pushes may come, None for not that way."""

    ven: VenAccess
    trust_anchor: Path | None = None
    """Certificates (PEM) that the VTN's must lead to; None for the system's roots."""
    insecure: bool = False
    """Whether plain HTTP may be spoken, and MQTT without TLS."""
    webhook: WebhookAccess | None = None
    mqtt: MqttAccess | None = None
