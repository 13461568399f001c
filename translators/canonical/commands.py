"""What a utility wants: a command with its controls, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from translators.canonical.controls import DerControl
from translators.canonical.swift import swift


class Revision(StrEnum):
    """The edition of its protocol that a utility speaks: an input of the mapping."""

    IEEE2030_5_2018 = "2018"
    IEEE2030_5_2023 = "2023"
    OPENADR_3_0 = "3.0"
    OPENADR_3_1 = "3.1"
    IEC61850_7_420 = "7-420"
    SITE = "site"
    """What a gateway's own site tells its stations."""


class Protocol(StrEnum):
    """Which protocol a document came by."""

    IEEE2030_5 = "ieee2030_5"
    OPENADR = "openadr"
    IEC61850 = "iec61850"
    SITE = "site"
    """No document at all: a site of the gateway shares out what it was asked for."""


@swift
@dataclass(frozen=True, slots=True)
class Interval:
    """Half-open span of utility time, UTC; `end` is None for a command without end."""

    start: datetime
    end: datetime | None

    @property
    def duration(self) -> timedelta | None:
        """How long it lasts, or None."""
        return None if self.end is None else self.end - self.start

    def covers(self, instant: datetime) -> bool:
        """Say whether `instant` lies in [start, end)."""
        return self.start <= instant and (self.end is None or instant < self.end)


@swift
@dataclass(frozen=True, slots=True)
class Randomization:
    """Seconds that the utility lets a start and a duration vary (Int16, signed), and what was drawn.

    The runtime draws once for each mRID and persists it; until then the draws are None.
    """

    start_s: int = 0
    duration_s: int = 0
    start_draw_s: int | None = None
    duration_draw_s: int | None = None


@swift
@dataclass(frozen=True, slots=True)
class ResponseDuty:
    """Which answers the utility asked for (responseRequired of IEEE 2030.5), and where they go."""

    received: bool = False
    specific: bool = False
    reply_to: str = ""


@swift
@dataclass(frozen=True, slots=True)
class Origin:
    """Where a command came from; `utility` is the id of the peer in the settings."""

    utility: str
    protocol: Protocol
    revision: Revision
    program: str = ""
    """mRID of the DERProgram, or id of the OpenADR program."""
    href: str = ""
    digest: str = ""
    """SHA-256 (hex) of the raw bytes of the documents."""


@swift
@dataclass(frozen=True, slots=True)
class Target:
    """Whom a command is for; `evse` is None for the whole station."""

    station: str
    evse: int | None = None


@swift
@dataclass(frozen=True, slots=True)
class DerCommand:
    """One command of one utility for one target: exact, canonical frame, utility time (UTC).

    `interval` is None exactly where `is_default`: a floor that holds while nothing else does.
    `server_time` is the utility's clock at receipt. `version` and `created` decide between editions of
    one mRID and between equal primacies. `ramp_time` is in seconds, None to use the default gradient.
    `live` is a value that its utility keeps operating: each edition follows at once, without a schedule.
    """

    mrid: str
    origin: Origin
    target: Target
    controls: tuple[DerControl, ...]
    primacy: int
    created: datetime
    server_time: datetime
    interval: Interval | None
    version: int = 0
    description: str = ""
    is_default: bool = False
    randomization: Randomization = Randomization()
    ramp_time: Fraction | None = None
    live: bool = False
    response: ResponseDuty = ResponseDuty()
