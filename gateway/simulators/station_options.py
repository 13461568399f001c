"""What a simulated station is, and how it misbehaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gateway.simulators.station_car import Car
from gateway.simulators.station_credentials import Flaw
from gateway.simulators.station_dialect import TEXT, Dialect
from gateway.simulators.station_network import Slot
from gateway.simulators.station_security import SecurityOptions

ALL_MODES = (
    "EnterService",
    "FreqDroop",
    "FreqWatt",
    "FixedPFAbsorb",
    "FixedPFInject",
    "FixedVar",
    "Gradients",
    "HFMustTrip",
    "HFMayTrip",
    "HVMustTrip",
    "HVMomCess",
    "HVMayTrip",
    "LimitMaxDischarge",
    "LFMustTrip",
    "LVMustTrip",
    "LVMomCess",
    "LVMayTrip",
    "VoltVar",
    "VoltWatt",
    "WattPF",
    "WattVar",
    "PowerMonitoringMustTrip",
)
"""Every control type."""
V2X_MODES = (
    "Idle",
    "ChargingOnly",
    "CentralSetpoint",
    "CentralFrequency",
    "LocalFrequency",
    "ExternalSetpoint",
)
MOST_EVSES = 64
ANY = "*"
"""Stands for every action (or control type) in a Personality."""


@dataclass(frozen=True, slots=True)
class Nameplate:
    """Ratings of the inverter; what is 0 it cannot do."""

    max_w: float = 22_000
    max_charge_w: float = 22_000
    max_discharge_w: float = 20_000
    max_va: float = 25_000
    max_var: float = 11_000
    max_var_neg: float = 11_000
    v_nom: float = 230
    max_a: float | None = None
    """Amps of each phase on the grid's side; None: the powers above are the only limits."""


@dataclass(frozen=True, slots=True)
class StationOptions:
    """One station; its EVSEs are numbered from 1, and nameplate and wishes are those of each.

    `reactive_first` says what yields where P and Q together exceed the apparent power.
    `demand_w` is what the car draws, `discharge_w` what it exports, while nobody says otherwise.
    """

    id: str
    password: str
    url: str
    versions: tuple[str, ...] = ("ocpp2.1", "ocpp2.0.1")
    plate: Nameplate = Nameplate()
    evses: int = 1
    der_modes: tuple[str, ...] = tuple(ALL_MODES[:-1])
    """All but power monitoring, which few stations have."""
    v2x_modes: tuple[str, ...] = V2X_MODES
    charging_rate_units: tuple[str, ...] = ("W", "A")
    current: Literal["AC", "DC"] = "DC"
    phases: int = 3
    nominal_frequency_hz: float = 50.0
    reactive_first: bool = True
    demand_w: float = 0.0
    discharge_w: float = 0.0
    soc_pct: float = 50.0
    capacity_wh: float = 60_000.0
    plugged_in: bool = True
    session_s: float = 0.0
    """How long cars stay, where they come and go by themselves; 0: they do not."""
    pause_s: float = 600.0
    """How long an EVSE then stays empty."""
    cars: tuple[Car, ...] = ()
    """The cars that come and go, one after the other; none: always the one of these options."""
    meter_interval_s: float = 1.0
    meters_phases: bool = False
    """Tell active power of each phase, too."""
    tick_s: float = 0.05
    step_s: float = 0.25
    """Longest step of the physics."""
    event_streams: int = 4
    """How many periodic event streams may be open (2.1)."""
    report_part: int = 8
    """Entries in one part of a report."""
    backoff_s: float = 0.2
    """Pause before the first reconnect; it doubles up to 32 times that."""
    call_timeout_s: float = 10.0
    vendor: str = "dergate"
    model: str = "simulator"
    trust_anchor: Path | None = None
    security: SecurityOptions = field(default_factory=SecurityOptions)
    """Its certificate, and how it asks for another."""
    compress: bool = True
    """Offer permessage-deflate."""
    keepalive_s: float | None = 20.0
    """Pause between pings; None sends none."""

    @property
    def delivered(self) -> Slot:
        """How it connects as it was delivered."""
        encrypted = self.url.startswith("wss:")
        if self.security.certificate is not None:
            return Slot(self.url, 3, self.password)
        return Slot(self.url, 2 if encrypted else int(bool(self.password)), self.password)

    def __post_init__(self) -> None:
        """Refuse names that OCPP does not know; ValueError says which."""
        if not 1 <= self.evses <= MOST_EVSES:
            raise ValueError(f"evses: {self.evses} is not 1 to {MOST_EVSES}")
        _check("versions", self.versions, ("ocpp2.1", "ocpp2.0.1"))
        _check("der_modes", self.der_modes, ALL_MODES)
        _check("v2x_modes", self.v2x_modes, V2X_MODES)
        _check("charging_rate_units", self.charging_rate_units, ("W", "A"))


def _check(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for value in given:
        if value not in known:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Personality:
    """How a station misbehaves; each set or mapping names actions, ANY stands for all."""

    silent: frozenset[str] = frozenset()
    """Never answered."""
    late_s: Mapping[str, float] = field(default_factory=dict)
    """Answered after so many seconds."""
    twice: frozenset[str] = frozenset()
    """Answered twice; a call of the station's own (NotifyDERStartStop, say) is made twice."""
    wrong_id: frozenset[str] = frozenset()
    """Answered under an id that nobody used."""
    garbles: frozenset[str] = frozenset()
    """Answered with text that is no JSON."""
    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Answered with this payload, whatever it is worth; the request is carried out."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Answered with this CALLERROR code."""
    rejects: frozenset[str] = frozenset()
    """Answered with status Rejected, whatever they say."""
    unsupported: frozenset[str] = frozenset()
    """Answered with status NotSupported, or a CALLERROR of that name where there is no such status."""
    reboots: frozenset[str] = frozenset()
    """Answered, then followed by a reboot."""
    disconnects: frozenset[str] = frozenset()
    """Answered by dropping the connection."""
    ignores: frozenset[str] = frozenset()
    """Control types, or `profiles`: accepted and never followed."""
    trips_early: bool = False
    """Leaves the grid as soon as a may-trip curve permits it, before it must."""
    mute_meter: bool = False
    """Sends no measurements."""
    reversed_clamps: frozenset[str] = frozenset()
    """Conductors (L1, L2, L3) whose current its meter sees from the other side."""
    mute_notices: bool = False
    """Sends no NotifyDERStartStop."""
    replays_notices: bool = False
    """After a reboot tells again which controls started."""
    late_notices_s: float = 0.0
    """Sends each NotifyDERStartStop so much later than its timestamp."""
    mute_events: bool = False
    """Accepts monitors and sends no NotifyEvent."""
    cuts_reports: bool = False
    """Loses the first part of every report of its device model."""
    forgets_on_reboot: bool = False
    """Loses its DER controls, profiles and monitors at a reboot (against R01.FR.03)."""
    clock_off_s: float = 0.0
    """Its clock is ahead by so much, or behind where negative."""
    fractional_periods: bool = False
    """Puts every startPeriod of a composite schedule half a second later, which its schema forbids."""
    flaw: Flaw = ""
    """What is wrong with its certificate requests."""
    dialect: Dialect = TEXT
    """How it reads the bodies of DER controls."""


def hits(names: frozenset[str] | Mapping[str, object], name: str) -> bool:
    """Say whether a set or mapping of a Personality covers a name."""
    return name in names or ANY in names
