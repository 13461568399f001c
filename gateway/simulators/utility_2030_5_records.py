"""What the simulated utility received, as plain values for a test or a demonstration to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from gateway.simulators.utility_2030_5_xml import Node

FORWARD, REVERSE = 1, 19  # FlowDirectionType: to the customer, from the customer


@dataclass(frozen=True, slots=True)
class ReceivedResponse:
    """A Response: what a device says about one event."""

    at: float  # the utility's clock
    lfdi: str
    subject: str  # mRID of the event, upper case
    status: int
    created: int | None
    kind: str  # DERControlResponse or Response
    requested: bool  # the event asked for a response of this kind
    modes: str | None = None  # modesResponded, 2023


@dataclass(frozen=True, slots=True)
class ReceivedReading:
    """One reading of a mirror: `value` is scaled; uom 38 W, 63 var, 29 V, 33 Hz."""

    at: float
    lfdi: str
    mirror: str  # mRID of the MirrorUsagePoint
    mrid: str  # of the MirrorMeterReading
    uom: int
    value: Fraction
    flow_direction: int
    start: int | None
    duration: int | None

    @property
    def injected(self) -> Fraction | None:
        """The value counted from the customer into the grid, or None where no direction is told."""
        signs = {FORWARD: -1, REVERSE: 1}
        sign = signs.get(self.flow_direction)
        return None if sign is None else sign * self.value


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A document about a device: DERCapability, DERSettings, DERStatus, LogEvent, ...

    `values` holds the text of each leaf by its path (`rtgMaxW/value`).
    """

    at: float
    lfdi: str
    kind: str
    values: Mapping[str, str]

    def quantity(self, name: str) -> Fraction | None:
        """Return value * 10^multiplier of the element `name`, or None where it is missing."""
        value = self.values.get(f"{name}/value")
        if value is None:
            return None
        return int(value) * Fraction(10) ** int(self.values[f"{name}/multiplier"])


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it was answered; `reason` says why it was refused."""

    at: float
    lfdi: str
    method: str
    path: str
    status: int
    reason: str = ""


def leaves(node: Node, prefix: str = "") -> dict[str, str]:
    """Return the text of each leaf of `node` by its path; the first of equal paths counts."""
    found: dict[str, str] = {}
    for child in node.children:
        path = f"{prefix}{child.name}"
        below = leaves(child, f"{path}/") if child.children else {path: child.text}
        found = below | found
    return found
