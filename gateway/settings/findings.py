"""What a check of the settings finds."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.settings.document import Location


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault and where it is."""

    at: Location
    problem: str
    advice: str = ""
