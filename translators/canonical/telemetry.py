"""What comes back: samples, notices, alarms and outcomes, in the canonical frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

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


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value in SI units: +P exports, +Q injects; `at` is the station's instant (UTC)."""

    station: str
    evse: int | None
    kind: Kind
    value: Fraction
    at: datetime
    phase: Phase = Phase.ALL
    quality: Quality = Quality.GOOD


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
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    NOT_SUPPORTED = "not_supported"
    NOT_APPLICABLE = "not_applicable"
    INVALID = "invalid"
    LATE = "late"
