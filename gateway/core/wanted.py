"""What a station should hold, and how that came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from gateway.core.between import Segments
from gateway.core.ledger import Desired
from gateway.core.slots import Carried, Slot
from gateway.core.timeline import Segment
from gateway.core.translating import Told
from translators.canonical.swift import changed, swift
from translators.ocpp.addressing import addressed
from translators.ocpp.wire import StationMessage
from translators.rules.trace import Loss, Refusal


@swift
@dataclass(frozen=True, slots=True)
class Trace:
    """How a control came about: what its translation did, as which message of which event.

    `mrid` is what its ids are derived from; `early` are limits that count before their time.
    """

    told: Told
    message: StationMessage
    mrid: str
    early: tuple[Loss, ...] = ()

    @property
    def losses(self) -> list[dict[str, Any]]:
        """Return every loss as JSON values."""
        return [*self.told.losses, *(asdict(loss) for loss in self.early)]


@dataclass(slots=True)
class Wanted:
    """What a station should hold, and what became of the commands on the way there."""

    desired: dict[str, Desired] = field(default_factory=dict)
    vacuous: dict[str, frozenset[str]] = field(default_factory=dict)
    """By command: functions whose time has come and which it follows without being told."""
    leaning: dict[str, frozenset[str]] = field(default_factory=dict)
    """By command: those whose setpoints are clipped in its place."""
    refusals: dict[str, tuple[Refusal, ...]] = field(default_factory=dict)
    traces: dict[str, Trace] = field(default_factory=dict)
    """By control id."""
    utilities: frozenset[str] = frozenset()
    """Whose commands were looked at: those whose clock is known."""
    claimed: Segments = field(default_factory=dict)
    """What each utility's own commands leave to each other."""
    segments: Segments = field(default_factory=dict)
    """What of it the other utilities leave."""
    carried: dict[str, Carried] = field(default_factory=dict)
    """By control id: functions of other commands that it carries by now."""
    shared: frozenset[Slot] = frozenset()
    """Slots that several commands fill at one time."""
    until: datetime | None = None
    """When time alone makes it another, None where it never does."""

    @property
    def contested(self) -> bool:
        """Say whether several utilities ask for something."""
        return self.segments is not self.claimed

    def placed(self, station: str, names: Mapping[str, str]) -> Wanted:
        """Return the same for a station, of a plan that was made for no station in particular.

        `names` are the keys that commands have there, by those that they have here.
        """
        messages = {
            known: addressed(trace.message, trace.mrid, station)
            for known, trace in self.traces.items()
        }
        claimed = _renamed(self.claimed, names)
        return changed(
            self,
            desired={
                messages[known].id: _addressed(desired, messages[known], names)
                for known, desired in self.desired.items()
            },
            vacuous={names[key]: functions for key, functions in self.vacuous.items()},
            leaning={names[key]: _named(keys, names) for key, keys in self.leaning.items()},
            refusals={names[key]: refusals for key, refusals in self.refusals.items()},
            traces={
                messages[known].id: Trace(trace.told, messages[known], trace.mrid, trace.early)
                for known, trace in self.traces.items()
            },
            claimed=claimed,
            segments=_renamed(self.segments, names) if self.contested else claimed,
            carried={
                messages[known].id: frozenset([(names[key], name) for key, name in others])
                if others
                else others
                for known, others in self.carried.items()
            },
        )


def _addressed(desired: Desired, message: StationMessage, names: Mapping[str, str]) -> Desired:
    return Desired(
        message.id,
        names[desired.command],
        desired.action,
        message.payload,
        desired.functions,
        desired.start,
        desired.end,
        desired.is_default,
        desired.yields,
    )


def _renamed(segments: Segments, names: Mapping[str, str]) -> Segments:
    return {
        function: tuple(
            [
                Segment(
                    names[span.key],
                    span.function,
                    span.interval,
                    None if span.beaten_by is None else names[span.beaten_by],
                    span.yields,
                )
                for span in spans
            ]
        )
        for function, spans in segments.items()
    }


def _named(keys: frozenset[str], names: Mapping[str, str]) -> frozenset[str]:
    return frozenset(names[key] for key in keys) if keys else keys
