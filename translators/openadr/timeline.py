"""Which payloads of all events of one station or site hold when (OpenADR 3.1 Definition, event.priority).

    priority 5   ├──────────── 7 kW ────────────┤
    priority 1            ├── 3 kW ──┤
    no priority       ├──────────── 9 kW ───────────┤
    holds        ├─ 7 kW ─┼── 3 kW ──┼─ 7 kW ~1 ┼ 9 ┤

Only payloads that ask for the same compete: a lower number wins, an event without priority loses to all.
Among equals the standard is silent: the tightest limit wins, else the newest event. Who loses is split around
the winner and resumes after it. Prices and alerts compete with nothing; what would be refused beats nothing.

Random starts are in the times, drawn from the seed of the site. Only what begins within a horizon is told:

    now ├──────────────── horizon ───────────────┤
        ├── rebuild at half of it ──┤              what begins later is found then
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from translators.canonical.telemetry import ControlOutcome
from translators.openadr.competition import Claim, Rank, arbitrate
from translators.openadr.contracts import breach
from translators.openadr.intervals import Clock, Expansion, Slot, drawn, expand, longest_random
from translators.openadr.payloads import EventContext, identity
from translators.openadr.wire import Event, Payload
from translators.rules.trace import Refusal
from translators.rules.values import Unmet

HORIZON = timedelta(hours=24)
"""How far ahead events are told of."""
MOST = 96
"""How many stretches of one station or site are told of at most: the next ones, prices and alerts last."""
UNSTATED_PRIORITY = 2**31 - 2
"""Of an event without priority: whatever states one wins."""
EVENT_RULE = "openadr.event"
"""What times and priorities are read by."""
_SOONEST = timedelta(minutes=1)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event by its `key`, as one station or site reads it."""

    key: str
    event: Event
    context: EventContext


@dataclass(frozen=True, slots=True)
class Judged:
    """What a payload asks for: payloads of one `lane` compete, those of none (`""`) hold beside all others.

    `bound` is the number of a limit: of two the lower one is tighter. `refusal` says why it asks for nothing.
    Within one interval only payloads of one `function` exclude each other: others are meant together.
    """

    lane: str = ""
    bound: Fraction = Fraction(0)
    refusal: Refusal | None = None
    function: str = ""


type _Standing = tuple[int, float, str]
"""Priority of an event, how old it is, and its key."""
type _Asked = tuple[int, Payload, Judged]
"""A payload of an interval with its number there."""
type Judging = Callable[[Payload], Judged]
type Judge = Callable[[Entry], Judging]
"""Say what payloads of an event ask for; a refusal says not where they stand."""
type Told = Callable[[Entry, Slot], tuple[int, datetime | None]]
"""Return the number of the first part of a slot that is not over yet, and with which start it was told."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time at which payloads of one interval of an event hold: all of the slot, or a part of it.

    `slot` has the times and payloads that hold; `part` is its number among those of its interval.
    """

    key: str
    slot: Slot
    part: int = 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """What holds from now on, in the order of time.

    `refusals` are what nobody will carry out, by event, each problem once. `uneven` names events whose values
    change at whole seconds. `rebuild_at` is when more comes into sight, None where nothing will.
    """

    stretches: tuple[Stretch, ...]
    refusals: Mapping[str, tuple[Refusal, ...]]
    uneven: frozenset[str] = frozenset()
    rebuild_at: datetime | None = None


def priority(event: Event) -> int:
    """Return an event's priority: the lowest number wins."""
    return UNSTATED_PRIORITY if event.priority is None else event.priority


def timed(event: Event, context: EventContext) -> Expansion:
    """Return when an event's intervals hold; `Unmet` where that or its priority cannot be."""
    if priority(event) > UNSTATED_PRIORITY:
        raise Unmet("invalid", "priority", f"is {event.priority}, beyond Int32")
    clock = Clock(context.revision, context.received, context.now, known=context.known)
    return expand(event, clock)


def untold(_entry: Entry, _slot: Slot) -> tuple[int, None]:
    """Return that nothing was told before."""
    return 0, None


def timeline(
    entries: Sequence[Entry],
    judge: Judge,
    now: datetime,
    *,
    told: Told = untold,
    horizon: timedelta = HORIZON,
    most: int = MOST,
) -> Timeline:
    """Return what holds from `now` on of the events of one station or site.

    Nothing in it is over. What runs has its true start, or the one with which it was `told`: competitors that
    are over are known no more.
    """
    plan = _Plan(judge, now, now + horizon)
    for entry in entries:
        plan.take(entry)
    for lane in plan.lanes.values():
        arbitrate(lane)
    found = sorted(
        [it for piece in plan.pieces if not piece.never for it in _stretches(piece, now, told)],
        key=lambda it: (not it[0], it[1].slot.start, it[1].key, it[1].slot.interval, it[1].part),
    )
    told_of, more = sorted([it for _, it in found[:most]], key=_begin), len(found) > most
    return Timeline(
        tuple(told_of),
        {key: tuple(told.values()) for key, told in plan.refusals.items()},
        frozenset(plan.uneven),
        _rebuild_at(told_of, now, plan.sight, more=more) if plan.later or more else None,
    )


def _begin(stretch: Stretch) -> datetime:
    return stretch.slot.start


def _rebuild_at(
    told_of: Sequence[Stretch], now: datetime, sight: datetime, *, more: bool
) -> datetime:
    """Return half of the time in sight; sooner where `more` is to be told of and half of this is over."""
    half = max(now + (sight - now) / 2, now + _SOONEST)
    if not more:
        return half
    return min(half, max(told_of[len(told_of) // 2].slot.start, now + _SOONEST))


@dataclass(slots=True)
class _Piece:
    """A slot with those of its payloads that ask for something, and the claim of each.

    What has None for a claim holds beside all others.
    """

    entry: Entry
    slot: Slot
    claims: tuple[Claim | None, ...]

    @property
    def never(self) -> bool:
        """Say whether nothing of it holds at any time."""
        return all(claim is not None and claim.holds is None for claim in self.claims)


class _Plan:
    """The slots within the horizon, and what their payloads claim by lane."""

    def __init__(self, judge: Judge, now: datetime, until: datetime) -> None:
        self._judge, self._now, self._until = judge, now, until
        self.pieces: list[_Piece] = []
        self.lanes: defaultdict[str, list[Claim]] = defaultdict(list)
        self.refusals: defaultdict[str, dict[tuple[str, str], Refusal]] = defaultdict(dict)
        self.uneven: set[str] = set()
        self.later = False
        self.sight = until
        """Up to when every event is known: of very short intervals not so many are looked ahead."""

    def take(self, entry: Entry) -> None:
        """Take the slots of an event, or why it has none."""
        broken = breach(entry.context.contract, entry.event)
        if broken is not None:
            self._refuse_event(entry, "invalid", broken.where, broken.problem, broken.rule)
            return
        try:
            slots = self._slots(entry)
        except Unmet as unmet:
            self._refuse_event(entry, unmet.outcome, unmet.where, unmet.problem, EVENT_RULE)
            return
        judge, standing = self._judge(entry), _standing(entry)
        for slot in slots:
            if slot.start >= self._until:
                self.later = True
            elif slot.end is None or slot.end > self._now:
                self._claim(entry, slot, judge, standing)

    def _slots(self, entry: Entry) -> list[Slot]:
        """Return the slots that are not over, random starts drawn."""
        context = entry.context
        name = identity(entry.event, context)
        reach = _latest(entry.event, context.seed, name)
        line = timed(entry.event, replace(context, now=_before(self._now, reach)))
        slots = [
            _drawn(slot, context.seed, name) if slot.randomize and context.seed else slot
            for slot in line.slots
        ]
        if line.beyond:
            self.later, self.sight = True, min(self.sight, slots[-1].start)
        if line.uneven:
            self.uneven.add(entry.key)
        return slots

    def _claim(self, entry: Entry, slot: Slot, judge: Judging, standing: _Standing) -> None:
        """Let the payloads of a slot compete: one claim for each lane."""
        asked: list[_Asked] = []
        for number, payload in enumerate(slot.payloads):
            judged = judge(payload)
            if judged.refusal is None:
                asked.append((number, payload, judged))
            else:
                self._refuse(entry, replace(judged.refusal, where=_place(slot, number)))
        if len(asked) > 1:
            asked = list(self._once(entry, slot, asked))
        claims: dict[str, Claim] = {}
        for _, _, judged in asked:
            lane = judged.lane
            if lane and lane not in claims:
                rank = _rank(standing, slot, judged)
                claims[lane] = Claim(slot.start, slot.end or _FOREVER, rank)
                self.lanes[lane].append(claims[lane])
        if len(asked) < len(slot.payloads):
            slot = replace(slot, payloads=tuple([payload for _, payload, _ in asked]))
        if asked:
            held = tuple([claims.get(judged.lane) for _, _, judged in asked])
            self.pieces.append(_Piece(entry, slot, held))

    def _once(self, entry: Entry, slot: Slot, asked: Sequence[_Asked]) -> Iterator[_Asked]:
        """Yield what an interval asks for; of what it asks for twice the tightest, else the first."""
        best: dict[tuple[str, str], _Asked] = {}
        for it in asked:
            key = it[2].lane, it[2].function
            if it[2].lane and (key not in best or it[2].bound < best[key][2].bound):
                best[key] = it
        for it in asked:
            number, payload, judged = it
            if not judged.lane or best[judged.lane, judged.function] is it:
                yield it
                continue
            invalid, where = ControlOutcome.INVALID, _place(slot, number)
            problem = "the interval asks for this twice"
            self._refuse(entry, Refusal(invalid, payload.type, where, problem, EVENT_RULE))

    def _refuse_event(
        self, entry: Entry, outcome: str, where: str, problem: str, rule: str
    ) -> None:
        self._refuse(entry, Refusal(ControlOutcome(outcome), "event", where, problem, rule))

    def _refuse(self, entry: Entry, refusal: Refusal) -> None:
        self.refusals[entry.key].setdefault((refusal.function, refusal.problem), refusal)


def _place(slot: Slot, payload: int) -> str:
    return f"intervals[{slot.interval}]/payloads[{payload}]"


def _latest(event: Event, seed: str, name: str) -> timedelta:
    """Return by how much intervals may begin later than they say; exactly where one draw moves all."""
    span = longest_random(event) if seed else 0
    if span and all(it.period.randomize_start is None for it in event.intervals):
        span = drawn(seed, name, Slot("0", 0, _EPOCH, None, (), span))
    return timedelta(seconds=span)


def _before(now: datetime, reach: timedelta) -> datetime:
    try:
        return now - reach
    except OverflowError:
        return _BEGINNING


def _drawn(slot: Slot, seed: str, name: str) -> Slot:
    """Return a slot that begins and ends as much later (or earlier) as was drawn for it."""
    seconds = drawn(seed, name, slot)
    try:
        by = timedelta(seconds=seconds)
        end = None if slot.end is None else slot.end + by
        return replace(slot, start=slot.start + by, end=end, moved=seconds)
    except OverflowError:
        return slot


def _standing(entry: Entry) -> _Standing:
    event = entry.event
    made = event.modified or event.created or entry.context.received or _EPOCH
    return priority(event), (_EPOCH - made).total_seconds(), entry.key


def _rank(standing: _Standing, slot: Slot, judged: Judged) -> Rank:
    """Return how an event stands in its lane; of twins the lower key wins, and the later interval."""
    number, age, key = standing
    bound = judged.bound
    plain = bound.numerator if bound.denominator == 1 else bound  # compares faster
    return number, plain, age, key, -int(slot.key.partition(".")[0])


def _stretches(piece: _Piece, now: datetime, told: Told) -> Iterator[tuple[bool, Stretch]]:
    """Yield the parts of a slot that are not over, and whether each asks for more than to be known.

    It is cut where another set of its payloads holds.
    """
    slot = piece.slot
    asking = [claim for claim in piece.claims if claim is not None]
    edges = {slot.start, slot.end or _FOREVER}
    edges |= {edge for claim in asking for time in claim.holds or () for edge in time}
    payloads = list(zip(slot.payloads, piece.claims, strict=True))
    part = -1
    for begin, end in pairwise(sorted(edges)):
        held = tuple([p for p, claim in payloads if claim is None or claim.covers(begin)])
        asks = any(claim.covers(begin) for claim in asking)
        if end <= now or not held:
            continue
        start, part = begin, part + 1
        if not part:
            part, known = told(piece.entry, slot)
            start = known if known is not None and known <= now and begin <= now else begin
        until = None if end == _FOREVER else end
        parted = replace(slot, start=start, end=until, payloads=held)
        yield asks, Stretch(piece.entry.key, parted, part)
