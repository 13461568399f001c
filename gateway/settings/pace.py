"""What site.yaml may say of how fast events take hold: feeders, and stations that they reach first."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field

from gateway.settings.fields import Name, StationId, Strict, number, seconds


class Feeder(Strict):
    """Stations that move one feeder together."""

    id: Name = Field(description="Your name for it.")
    stations: Annotated[list[StationId], Field(min_length=1)] = Field(
        description="Its stations, in the order in which they start."
    )
    max_step_w: Annotated[Fraction, BeforeValidator(number), Field(gt=0)] = Field(
        description="What events may move it by in one minute: stations start in minutes of their own."
    )


class Canary(Strict):
    """Stations that an event reaches first."""

    stations: Annotated[list[StationId], Field(min_length=1)] = Field(
        description="The stations; where they do not carry an event out, no other does."
    )
    wait_s: Annotated[float, BeforeValidator(seconds), Field(ge=10, le=86_400)] = Field(
        default=60.0,
        description="How much later the others start; the group has all of it but 5 s to show itself.",
    )
