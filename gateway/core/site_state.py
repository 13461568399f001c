"""What the engine knows of a site: several stations behind one connection point, and how it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from gateway.core.allocation import Allocation, Policy
from gateway.core.failsafe import FailSafe
from gateway.core.lifecycle import State
from gateway.core.meters import Value
from gateway.core.slots import Slot
from gateway.core.station import SITE
from translators.canonical.codec import decode, encode
from translators.canonical.commands import Interval

type Place = tuple[Slot, str]
"""One direction of power at one station."""

type Spans = tuple[Interval, ...]
"""When something is held, in our time."""


@dataclass(frozen=True, slots=True)
class Member:
    """One station behind a connection point.

    `most` is by slot what it draws or feeds in at most by its rating, W; `least` what it cannot draw
    less of but by pausing. `amps` is the current of each phase that one watt of it takes where its limits are
    in A, `alone` where they are in W: a car may take all of them from one phase. `away` is what it draws at
    most without a line, by its own settings; None where that is what it holds.
    """

    station: str
    most: Mapping[str, Fraction]
    least: Fraction = Fraction()
    priority: int = 0
    amps: Mapping[str, Fraction] = field(default_factory=dict)
    alone: Mapping[str, Fraction] = field(default_factory=dict)
    away: Fraction | None = None


@dataclass(frozen=True, slots=True)
class MeterRules:
    """Which station measures the connection point.

    `load` and `generation` (W) are the most that flows beside the stations; None where nobody knows.
    """

    station: str
    stale: timedelta = timedelta(seconds=60)
    load: Fraction | None = None
    generation: Fraction | None = None


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What the settings say of a site.

    `fuse` is A by phase, empty where it bounds nothing here; `volts` is between a phase and neutral.
    """

    id: str
    utilities: tuple[str, ...]
    members: tuple[Member, ...]
    policy: Policy = Policy.EQUAL
    fuse: Mapping[str, Fraction] = field(default_factory=dict)
    volts: Fraction = Fraction(230)
    meter: MeterRules | None = None
    margin: Fraction = Fraction()
    step: Fraction = Fraction(500)
    rotate: timedelta = timedelta(minutes=15)
    fail_safe: FailSafe = field(default_factory=FailSafe)

    @property
    def origin(self) -> str:
        """Return the name under which it speaks to its stations, as a utility does."""
        return f"{SITE}{self.id}"

    def line(self, utility: str) -> str:
        """Return the name under which it passes on what a utility wants; they sort by precedence."""
        rank = self.utilities.index(utility) if utility in self.utilities else 0
        return f"{self.origin}:{rank:03d}:{utility}"

    def speaks(self, origin: str) -> bool:
        """Say whether a command comes from this site."""
        return origin == self.origin or origin.startswith(f"{self.origin}:")

    def ranked(self, origins: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the utilities of its commands, the strongest first."""
        return (*sorted(set(origins).difference(self.utilities)), *self.utilities)


@dataclass(frozen=True, slots=True)
class Share:
    """What one station has of a bound: its amount in W, and since when it has any."""

    mrid: str
    amount: Fraction
    since: datetime
    version: int = 0

    def of(self, amount: Fraction) -> Share:
        """Return the next edition."""
        return replace(self, amount=amount, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class View:
    """What matters of a station to its site: whether it listens, and what it is bound by for sure.

    `sure` are directions in which it is known to hold its present share, and when; `free` those in which it
    holds none. `refuses` are those in which it said no, `mute` those in which it never answers, `ignores`
    those in which its meter shows that it does not do what it took.
    """

    listens: bool = False
    away: bool = True
    """Whether it has no line."""
    sure: Mapping[Slot, Spans] = field(default_factory=dict)
    free: frozenset[Slot] = frozenset(Slot)
    refuses: frozenset[Slot] = frozenset()
    mute: frozenset[Slot] = frozenset()
    ignores: frozenset[Slot] = frozenset()
    in_amps: bool = False
    """Whether its limits are told in A of each phase."""
    charges: bool = False
    """Whether a transaction runs there."""
    feeds: bool = True
    """Whether it can feed in at all, as far as it says."""
    progress: frozenset[tuple[str, State, tuple[str, ...]]] = frozenset()
    """How far it is with what the site passed on to it: key, state, refused functions."""

    def without(self, slot: Slot) -> str:
        """Return why the station cannot be told to take less in a direction, empty where it can."""
        if not self.listens:
            return "away or on hold"
        reasons = {
            "does not follow": self.ignores,
            "refuses": self.refuses,
            "does not answer": self.mute,
        }
        return next((reason for reason, slots in reasons.items() if slot in slots), "")


@dataclass(slots=True)
class SiteState:
    """One site.

    `held` is by place what a station may draw at most by all that it may hold; None, or nothing: its rating.
    """

    rules: SiteRules
    shares: dict[Place, Share] = field(default_factory=dict)
    held: dict[Place, Fraction | None] = field(default_factory=dict)
    proven: dict[Place, Share] = field(default_factory=dict)
    """The share that a station was known to hold last."""
    refused: set[Place] = field(default_factory=set)
    """Where a station said no to another share since it is here, and keeps the one it had."""
    spans: dict[Place, Spans] = field(default_factory=dict)
    """When it holds that: its form may have an end, and a start that our clock is set back before."""
    views: dict[str, View] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    """Since when each station has a car that charges, in seconds of the site's time."""
    shown: Value | None = None
    """The newest value of its meter."""
    seen: dict[tuple[str, int], tuple[Fraction, Fraction]] = field(default_factory=dict)
    """Least and most that stations showed since, by station and place: W, + exports."""
    room: dict[tuple[Slot, str], Fraction] = field(default_factory=dict)
    """What the meter left to the stations last, by direction and resource."""
    bounds: dict[Slot, Mapping[str, Fraction]] = field(default_factory=dict)
    """The envelope in force, by resource."""
    kept: dict[Slot, bool] = field(default_factory=dict)
    """Whether the stations keep the envelope by all that they may hold; no entry: there is none."""
    excess: dict[Slot, Mapping[str, Fraction]] = field(default_factory=dict)
    """What cannot be brought under the envelope, by resource."""
    paused: frozenset[str] = frozenset()
    spells: int = 0
    """How many shares were begun: each has an mRID of its own."""
    turn: int = 0
    turned: datetime | None = None
    """When the last turn began, in the site's time; a start of the gateway begins it anew."""
    reported: dict[str, object] = field(default_factory=dict)
    """By utility: what it was told last of the site."""
    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The documents that were kept last: its own under "", and by station."""
    touched: set[str] = field(default_factory=set)
    """Stations of which something may have changed since then."""
    planned: dict[Slot, tuple[object, Allocation]] = field(default_factory=dict)
    """What was shared out last, and for whom."""
    wake_at: datetime | None = None

    @property
    def id(self) -> str:
        """Return the site's id."""
        return self.rules.id

    @property
    def stations(self) -> tuple[str, ...]:
        """Return the ids of the stations behind it."""
        return tuple(member.station for member in self.rules.members)

    def may_draw(self, member: Member, slot: Slot) -> Fraction:
        """Return the most that a station draws or feeds in by all that it may hold, W."""
        held, most = self.held.get((slot, member.station)), member.most[slot]
        return most if held is None else min(held, most)


def site_document(site: SiteState) -> dict[str, Any]:
    """Return the JSON document of how far a site has come."""
    return {"spells": site.spells, "turn": site.turn}


def station_document(site: SiteState, station: str) -> dict[str, Any]:
    """Return the JSON document of what a site has told a station, and what that may hold."""
    held = {slot.value: site.held.get((slot, station)) for slot in Slot}
    return {
        "shares": _written(site.shares, station),
        "proven": _written(site.proven, station),
        "spans": {
            slot.value: [encode(span) for span in spans]
            for slot in Slot
            if (spans := site.spans.get((slot, station))) is not None
        },
        "held": {slot: None if amount is None else str(amount) for slot, amount in held.items()},
        "since": site.since.get(station),
    }


def _written(shares: Mapping[Place, Share], station: str) -> dict[str, Any]:
    return {
        slot.value: {
            "mrid": share.mrid,
            "amount": str(share.amount),
            "since": share.since.isoformat(),
            "version": share.version,
        }
        for slot in Slot
        if (share := shares.get((slot, station))) is not None
    }


def continue_from(site: SiteState, document: Mapping[str, Any]) -> None:
    """Let a site have come as far as `site_document` described."""
    site.spells, site.turn = document["spells"], document["turn"]


def remember(site: SiteState, station: str, document: Mapping[str, Any]) -> None:
    """Let a site know of a station what `station_document` described."""
    for name, amount in document["held"].items():
        site.held[Slot(name), station] = None if amount is None else Fraction(amount)
    for known, kept in ((site.shares, document["shares"]), (site.proven, document["proven"])):
        for name, share in kept.items():
            known[Slot(name), station] = Share(
                share["mrid"],
                Fraction(share["amount"]),
                datetime.fromisoformat(share["since"]),
                share["version"],
            )
    for name, spans in document.get("spans", {}).items():
        site.spans[Slot(name), station] = tuple(decode(span, Interval) for span in spans)
    if document["since"] is not None:
        site.since[station] = document["since"]
