"""How to reach one VTN."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.protocols.openadr_access import VenAccess


@dataclass(frozen=True, slots=True)
class VtnAccess:
    """A VEN at a VTN, and whom to trust on the way there."""

    ven: VenAccess
    trust_anchor: Path | None = None
    """Certificates (PEM) that the VTN's must lead to; None for the system's roots."""
    insecure: bool = False
    """Whether plain HTTP may be spoken."""
