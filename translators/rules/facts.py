"""The facts that a report may tell: a closed catalogue by subject, each with its type and its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from translators.canonical.averages import Average
from translators.canonical.capability import StationProfile
from translators.canonical.controls import DerControl, EnterService, Gradients
from translators.canonical.status import Availability, StationStatus
from translators.canonical.telemetry import ControlOutcome, GridFault, Phase, Quality
from translators.units import Kind, Unit, parse_unit

type Scalar = Fraction | str | bool | datetime | frozenset[str]
type Value = Scalar | tuple[Scalar | None, ...] | None
"""None is not known; a tuple holds one value per EVSE."""


class Sort(StrEnum):
    """What a fact is."""

    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    CHOICE = "choice"
    MEMBERS = "members"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the catalogue.

    `unit` is that of a number; a number without one is in the SI unit of the rule's `match: {kind: …}`.
    `members` are the values of a choice or set, None where it is open. `each`: told per EVSE.
    """

    sort: Sort
    unit: Unit | None = None
    members: frozenset[str] | None = None
    each: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one subject; names that are missing are not known."""

    subject: str
    values: Mapping[str, Value]

    def get(self, name: str) -> Value:
        """Return a fact by name, None where it is not known."""
        return self.values.get(name)


def _number(unit: str, *, each: bool = False) -> Fact:
    return Fact(Sort.NUMBER, parse_unit(unit), each=each)


def _members(enum: type[StrEnum]) -> frozenset[str]:
    return frozenset(member.value for member in enum)


_FLAG, _TEXT, _INSTANT = Fact(Sort.FLAG), Fact(Sort.TEXT), Fact(Sort.INSTANT)
_FRAME = Fact(Sort.CHOICE, members=frozenset({"generator", "load"}))
_MODES = Fact(Sort.MEMBERS, each=True)

RATINGS: Mapping[str, str] = {
    "max_w": "W",
    "max_charge_rate_w": "W",
    "max_discharge_rate_w": "W",
    "over_excited_w": "W",
    "under_excited_w": "W",
    "max_va": "VA",
    "max_charge_rate_va": "VA",
    "max_discharge_rate_va": "VA",
    "max_var": "var",
    "max_var_neg": "var",
    "v_nom": "V",
    "v_max": "V",
    "v_min": "V",
    "max_a": "A",
    "over_excited_pf": "1",
    "under_excited_pf": "1",
    "reactive_susceptance": "S",
    "energy_capacity": "Wh",
}
"""The unit of each of `Ratings`."""

_NAMEPLATE: Mapping[str, Fact] = {
    **{name: _number(unit, each=True) for name, unit in RATINGS.items()},
    "der_modes": _MODES,
    "v2x_operation_modes": _MODES,
    "discharges": Fact(Sort.FLAG, each=True),
    "csip_aus": _FLAG,
}

CATALOGUE: Mapping[str, Mapping[str, Fact]] = {
    "nameplate": _NAMEPLATE,
    "settings": {
        **_NAMEPLATE,
        "at": _INSTANT,
        "gradient": _number("pct[setMaxW]/s"),
        "soft_gradient": _number("pct[setMaxW]/s"),
        "high_voltage": _number("pct[V_nom]"),
        "low_voltage": _number("pct[V_nom]"),
        "high_frequency": _number("Hz"),
        "low_frequency": _number("Hz"),
        "delay": _number("s"),
        "random_delay": _number("s"),
        "ramp_time": _number("s"),
    },
    "status": {
        "at": _INSTANT,
        "connected": _FLAG,
        "alarms": Fact(Sort.MEMBERS, members=_members(GridFault)),
        "faulted": _FLAG,
        "in_session": _FLAG,
        "power": _number("W"),
        "state_of_charge": _number("1"),
        "opted_out": _FLAG,
        "curtailed": _FLAG,
        "heightened": _FLAG,
        "setpoint": _number("W"),
        "running": _FLAG,
        "outcome": Fact(Sort.CHOICE, members=_members(ControlOutcome)),
        "frame": _FRAME,
    },
    "availability": {
        "at": _INSTANT,
        "inject_w": _number("W"),
        "absorb_w": _number("W"),
        "up_w": _number("W"),
        "down_w": _number("W"),
        "inject_var": _number("var"),
        "absorb_var": _number("var"),
        "duration": _number("s"),
        "charge_duration": _number("s"),
        "reserve": _number("pct[setMaxW]"),
        "charge_reserve": _number("pct[setMaxChargeRateW]"),
        "energy": _number("Wh"),
    },
    "outcome": {
        "outcome": Fact(Sort.CHOICE, members=_members(ControlOutcome)),
        "at": _INSTANT,
        "event": _TEXT,
        "device": _TEXT,
        "elements": Fact(Sort.MEMBERS),
    },
    "device": {
        "device": _TEXT,
        "short_device": _TEXT,
        "point": _TEXT,
        "at": _INSTANT,
        "post_rate": _number("s"),
    },
    "measurement": {
        "kind": Fact(Sort.CHOICE, members=_members(Kind)),
        "phase": Fact(Sort.CHOICE, members=_members(Phase)),
        "quality": Fact(Sort.CHOICE, members=_members(Quality)),
        "mean": Fact(Sort.NUMBER),
        "energy": _number("Wh"),
        "start": _INSTANT,
        "duration": _number("s"),
        "frame": _FRAME,
    },
}
"""By subject, by name. Frame of the generator: +P exports, +Q injects."""


def seen(fact: Fact, value: Value) -> Any:
    """Return a fact as conditions see it; of EVSEs, those that are known."""
    match value:
        case None:
            return [] if fact.each else None
        case Fraction():
            return float(value)
        case frozenset():
            return sorted(value)
        case tuple():
            return [seen(fact, item) for item in value if item is not None]
        case datetime():
            return value.isoformat()
        case _:
            return value


def sample(fact: Fact, *, known: bool) -> Any:
    """Return a value that a fact may have, or that of one that is not known, as conditions see it."""
    if not known:
        return [] if fact.each else None
    values: dict[Sort, Any] = {Sort.NUMBER: 1.0, Sort.FLAG: True, Sort.MEMBERS: ["a"]}
    value = values.get(fact.sort, "a")
    return [value] if fact.each else value


def nameplate(profile: StationProfile, *, csip_aus: bool = False) -> Facts:
    """Return what is known of a station's nameplate, per EVSE."""
    return Facts("nameplate", _nameplate(profile) | {"csip_aus": csip_aus})


def settings(
    profile: StationProfile,
    at: datetime,
    defaults: Iterable[DerControl] = (),
    *,
    csip_aus: bool = False,
) -> Facts:
    """Return how a station is set: its nameplate, and what its utility's default control sets."""
    values: dict[str, Value] = {**_nameplate(profile), "at": at, "csip_aus": csip_aus}
    for control in defaults:
        match control:
            case Gradients():
                values |= {"gradient": control.normal, "soft_gradient": control.soft}
            case EnterService():
                values |= _members_of(control)
            case _:
                pass
    return Facts("settings", values)


def status(
    known: StationStatus, outcome: ControlOutcome | None = None, *, frame: str = "generator"
) -> Facts:
    """Return what a station is doing, and what became of the command that is asked about, if any.

    It is `running` where power flows, or where that is not known while a transaction runs.
    """
    alarms = frozenset(fault.value for fault in known.alarms)
    running = known.in_session if known.power is None else known.power != 0
    told = None if outcome is None else outcome.value
    beside: dict[str, Value] = {"running": running, "outcome": told, "frame": frame}
    return Facts("status", _members_of(known) | beside | {"alarms": alarms})


def availability(known: Availability) -> Facts:
    """Return what a station could do."""
    return Facts("availability", _members_of(known))


def answer(
    outcome: ControlOutcome, *, event: str, device: str, at: datetime, elements: Iterable[str] = ()
) -> Facts:
    """Return what became of a command; `elements` are those of the document that it came by."""
    values: dict[str, Value] = {"event": event, "device": device, "at": at}
    told: dict[str, Value] = {"outcome": outcome.value, "elements": frozenset(elements)}
    return Facts("outcome", values | told)


def measurement(
    average: Average, start: datetime, duration_s: int, *, frame: str = "generator"
) -> Facts:
    """Return a mean that was measured over an interval; `frame` is how a program wants its sign.

    Of active power it is the energy too, + exports.
    """
    energy = average.value * duration_s / 3600 if average.kind is Kind.POWER else None
    return Facts(
        "measurement",
        {
            "kind": average.kind.value,
            "phase": Phase.ALL.value,
            "quality": average.quality.value,
            "mean": average.value,
            "energy": energy,
            "start": start,
            "duration": Fraction(duration_s),
            "frame": frame,
        },
    )


def unmeasured(kind: Kind, start: datetime, duration_s: int) -> Facts:
    """Return that nothing was measured over an interval."""
    known: dict[str, Value] = {"kind": kind.value, "phase": Phase.ALL.value, "start": start}
    return Facts("measurement", {**known, "duration": Fraction(duration_s)})


def _nameplate(profile: StationProfile) -> dict[str, Value]:
    evses = profile.evses
    rated: dict[str, Value] = {
        name: tuple(getattr(evse.ratings, name) for evse in evses) for name in RATINGS
    }
    return rated | {
        "der_modes": tuple(evse.der_modes for evse in evses),
        "v2x_operation_modes": tuple(evse.v2x_operation_modes for evse in evses),
        "discharges": tuple((evse.ratings.max_discharge_rate_w or 0) > 0 for evse in evses),
    }


def _members_of(known: Any) -> dict[str, Value]:
    return {part.name: getattr(known, part.name) for part in fields(known)}
