"""What comes back: samples, notices, alarms and outcomes, in the canonical frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import cast

from translators.units import Kind


class Phase(StrEnum):
    """Which conductor a sample belongs to; `ALL` is the sum, or the phase average for voltage."""

    ALL = "all"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class Quality(StrEnum):
    """Whether a sample may be used."""

    GOOD = "good"
    QUESTIONABLE = "questionable"


class Sample:
    """One measured value in SI units: +P exports, +Q injects; `at` is the station's instant (UTC).

    Of kind PERCENT it is the state of charge of the storage there.

    The value is `number / divisor`, exactly; it becomes a Fraction when it is first asked for. A sample is
    never changed; it is no frozen dataclass because stations make thousands in a second.
    """

    __slots__ = ("_divisor", "_number", "at", "evse", "kind", "phase", "quality", "station")

    def __init__(  # noqa: PLR0913, PLR0917 - its fields, as a dataclass would take them
        self,
        station: str,
        evse: int | None,
        kind: Kind,
        number: Fraction | int,
        at: datetime,
        phase: Phase = Phase.ALL,
        quality: Quality = Quality.GOOD,
        divisor: int = 1,
    ) -> None:
        """Keep what was measured; `divisor` is positive."""
        self.station = station
        self.evse = evse
        self.kind = kind
        self._number = number
        self.at = at
        self.phase = phase
        self.quality = quality
        self._divisor = divisor

    @property
    def value(self) -> Fraction:
        """Return the number."""
        if self._divisor:
            self._number, self._divisor = Fraction(self._number, self._divisor), 0
        return cast("Fraction", self._number)

    def __eq__(self, other: object) -> bool:
        """Say whether two samples say the same."""
        return self._told() == other._told() if isinstance(other, Sample) else NotImplemented

    def __hash__(self) -> int:
        """Return the same for equal samples."""
        return hash(self._told())

    def __repr__(self) -> str:
        """Return the sample as it could be made."""
        return f"Sample{self._told()}"

    def _told(self) -> tuple[object, ...]:
        return self.station, self.evse, self.kind, self.value, self.at, self.phase, self.quality


@dataclass(frozen=True, slots=True)
class SignedReading:
    """A measured value as the meter itself signed it, in the very characters that the station sent.

    `data` is base64 of the meter's own format (`encoding`: OCMF, EDL, ...); a key of "" is none, None says
    nothing. `measurand` and `context` are what the station wrote beside it.
    """

    station: str
    evse: int | None
    at: datetime
    data: str
    encoding: str
    method: str | None = None
    public_key: str | None = None
    measurand: str = "Energy.Active.Import.Register"
    context: str = "Sample.Periodic"
    transaction: str | None = None


@dataclass(frozen=True, slots=True)
class ControlNotice:
    """A station says that a control started or ended (NotifyDERStartStop)."""

    station: str
    control_id: str
    started: bool
    at: datetime
    superseded_ids: tuple[str, ...] = ()


class GridFault(StrEnum):
    """The alarms of IEEE 2030.5 alarmStatus and OCPP gridEventFault, one to one."""

    OVER_CURRENT = "OverCurrent"
    OVER_VOLTAGE = "OverVoltage"
    UNDER_VOLTAGE = "UnderVoltage"
    OVER_FREQUENCY = "OverFrequency"
    UNDER_FREQUENCY = "UnderFrequency"
    VOLTAGE_IMBALANCE = "VoltageImbalance"
    CURRENT_IMBALANCE = "CurrentImbalance"
    LOCAL_EMERGENCY = "LocalEmergency"
    REMOTE_EMERGENCY = "RemoteEmergency"
    LOW_INPUT_POWER = "LowInputPower"
    PHASE_ROTATION = "PhaseRotation"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A station reports a grid fault, or its end."""

    station: str
    control_type: str
    fault: GridFault | None
    at: datetime
    ended: bool = False
    text: str = ""


class ControlOutcome(StrEnum):
    """What became of a command, as its utility is told."""

    RECEIVED = "received"
    STARTED = "started"
    COMPLETED = "completed"
    NO_PARTICIPATION = "no_participation"
    """The command ended, and the station never showed that it took part."""
    OPTED_OUT = "opted_out"
    """An operator or the site declines the command."""
    OPTED_IN = "opted_in"
    """It takes part again."""
    COMPLETED_OPTED_OUT = "completed_opted_out"
    """The command ended; from some moment on there was no part in it."""
    COMPLETED_OPTED_IN = "completed_opted_in"
    """The command ended; there was part in it again, or from some moment on."""
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    OUTRANKED = "outranked"
    """Superseded by commands of other programs alone."""
    OVERRULED = "overruled"
    """Another utility with precedence holds all of it to its end."""
    NOT_SUPPORTED = "not_supported"
    NOT_APPLICABLE = "not_applicable"
    INVALID = "invalid"
    LATE = "late"


_REFUSALS = (ControlOutcome.INVALID, ControlOutcome.NOT_SUPPORTED, ControlOutcome.NOT_APPLICABLE)


def gravest(outcomes: Iterable[ControlOutcome]) -> ControlOutcome | None:
    """Return the one refusal that stands for all of these, None where none of them is one."""
    found = frozenset(outcomes)
    return next((outcome for outcome in _REFUSALS if outcome in found), None)
