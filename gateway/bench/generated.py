"""A generated fleet on the engine alone: no sockets, no store, and time is a number.

Each station is one of its own: its name, its profile as its own report makes it (ten ratings among them),
its own copy of every event. What the engine decides is taken as the runtime takes it: calls are answered,
answers that are owed are posted, everything else is let go.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import batched

import orjson

from gateway.bench.volt_var import CONTROL, CURVE
from gateway.core.effects import Audit, Effect, ReadBack, RespondToUtility, SendToStation
from gateway.core.engine import Engine
from gateway.core.events import (
    CommandReceived,
    ControlsReported,
    Event,
    NoticeReceived,
    Now,
    ReplyStatus,
    ResponsePosted,
    SamplesTaken,
    StationConnected,
    StationReplied,
    Tick,
)
from gateway.core.station import StationRules
from gateway.settings.packs import shipped_book
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.codec import decode, encode
from translators.canonical.commands import DerCommand, ResponseDuty, Revision, Target
from translators.canonical.controls import (
    DerControl,
    Excitation,
    FixedPowerFactor,
    Flow,
    LimitOn,
    LimitScope,
    PowerLimit,
    Quantity,
)
from translators.canonical.telemetry import ControlNotice, Sample
from translators.chain import control_id
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.xml import parse
from translators.rules.book import Book
from translators.units import Kind, parse_unit

UTILITY = "u"
PROFILES = 10
"""Ratings among the stations."""
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
CHUNK = 10_000
"""Events that exist at one time: what waits costs nothing of what is measured."""
_MODES = frozenset({"FixedPFInject", "VoltVar", "LimitMaxDischarge"})


def volt_var(book: Book) -> DerCommand:
    """Return the volt-var event of the other benchmarks, as it is read from its documents."""
    context = ProgramContext(UTILITY, "bench", Revision.IEEE2030_5_2018, "P", 1, NOON)
    (command,) = Served(parse(CONTROL), {"/derp/1/dc/1": parse(CURVE)}, context).read(book).value
    return replace(command, response=ResponseDuty(received=True, specific=True, reply_to="/rsp"))


def four_controls(book: Book) -> tuple[DerControl, ...]:
    """Return one control of each of four kinds, each a message of its own."""
    watts = parse_unit("W")
    (curve,) = volt_var(book).controls
    return (
        curve,
        FixedPowerFactor(Fraction(95, 100), Excitation.UNDER, Flow.INJECTING),
        PowerLimit(LimitOn.EXPORT, Quantity(Fraction(8000), watts), LimitScope.DEVICE),
        PowerLimit(LimitOn.IMPORT, Quantity(Fraction(7000), watts), LimitScope.CONNECTION_POINT),
    )


def profile_of(name: str, number: int) -> StationProfile:
    """Return a station, of one of ten ratings by its number; nothing of it is shared with another one."""
    ratings = Ratings(
        max_w=Fraction(22000),
        max_charge_rate_w=Fraction(22000),
        max_discharge_rate_w=Fraction(20000),
        max_var=Fraction(11000 + number % PROFILES),
        max_var_neg=Fraction(11000),
        max_va=Fraction(25000),
        v_nom=Fraction(240),
    )
    evse = Evse(1, Current.DC, 3, ratings, der_modes=frozenset(_MODES))
    return StationProfile(name, "2.1", Fraction(60), (evse,))


def _own(command: bytes, name: str) -> DerCommand:
    """Return a command as a station's own link reads it: no number or text is shared with another's."""
    return replace(decode(orjson.loads(command), DerCommand), target=Target(name))


@dataclass(slots=True)
class Fleet:
    """Stations that obey, on an engine whose clock stands still until it is told otherwise."""

    count: int
    book: Book = field(default_factory=shipped_book)
    now: datetime = NOON
    engine: Engine = field(init=False)
    names: list[str] = field(init=False)
    spent_ns: Counter[str] = field(default_factory=Counter)
    """CPU that the engine took, by kind of event."""
    done: Counter[str] = field(default_factory=Counter)
    """Audited decisions by kind."""

    def __post_init__(self) -> None:
        """Enrol the stations, and let each say that it holds nothing."""
        self.names = [f"bench-{number:06d}" for number in range(self.count)]
        self.engine = Engine(self.book, [StationRules(name, (UTILITY,)) for name in self.names])
        profiles = (profile_of(name, number) for number, name in enumerate(self.names))
        for some in batched(profiles, CHUNK):
            asked = self.hear("connect", [StationConnected(one.id, one) for one in some])
            reads = [effect for effect in asked if isinstance(effect, ReadBack)]
            said = [ControlsReported(read.station, read.request_id, ()) for read in reads]
            self.hear("read-back", said)

    def hear(self, kind: str, events: Sequence[Event]) -> list[Effect]:
        """Let the engine decide on events, timed; return what others have to do about it."""
        now = Now(self.now, (self.now - NOON).total_seconds(), {UTILITY: timedelta()})
        said: list[list[Effect]] = []
        begin = time.process_time_ns()
        for event in events:
            said.append(self.engine.handle(event, now))  # noqa: PERF401 - timed as it is
        self.spent_ns[kind] += time.process_time_ns() - begin
        return [effect for effects in said for effect in effects if self._counted(effect)]

    def _counted(self, effect: Effect) -> bool:
        if isinstance(effect, Audit):
            self.done[effect.kind] += 1
        return isinstance(effect, SendToStation | ReadBack | RespondToUtility)

    def command(self, command: DerCommand, names: Iterable[str]) -> None:
        """Give each of these stations the command as its own, and let it accept what it is told."""
        copy = orjson.dumps(encode(command))
        served = [CommandReceived(_own(copy, name)) for name in names]
        said = self.hear("command", served)
        self._post(said)
        calls = [effect for effect in said if isinstance(effect, SendToStation)]
        answers = [StationReplied(c.station, c.request_id, ReplyStatus.ACCEPTED) for c in calls]
        self._post(self.hear("answer", answers))

    def start(self, mrid: str, names: Iterable[str]) -> None:
        """Let each of these stations say that it began to follow a volt-var command."""
        ids = ((name, control_id(mrid, name, "VoltVar")) for name in names)
        notices = [NoticeReceived(ControlNotice(*one, started=True, at=self.now)) for one in ids]
        self._post(self.hear("notice", notices))

    def measure(self, names: Iterable[str]) -> None:
        """Let each of these stations report power, reactive power and voltage: it does what it shall."""
        values = ((Kind.POWER, 5000), (Kind.REACTIVE, 0), (Kind.VOLTAGE, 240))
        self.hear(
            "sample",
            [
                SamplesTaken(
                    name, tuple(Sample(name, 1, kind, value, self.now) for kind, value in values)
                )
                for name in names
            ],
        )

    def tick(self, at: datetime, kind: str = "tick") -> None:
        """Let time pass until `at`."""
        self.now = at
        self._post(self.hear(kind, [Tick()]))

    def _post(self, effects: Iterable[Effect]) -> None:
        """Let the utility take every answer among `effects`."""
        owed = [effect for effect in effects if isinstance(effect, RespondToUtility)]
        self.hear("posted", [ResponsePosted(answer.key, accepted=True) for answer in owed])
