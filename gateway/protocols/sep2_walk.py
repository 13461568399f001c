"""The walk through an IEEE 2030.5 server, without I/O: which GET is due, and what its answer changes.

Theory of operation. The walk keeps one entry per address that the documents lead to. `due` names the
next request; `answered` takes what came, looks at all documents again (`survey`), drops entries that
nothing leads to, adds new ones, and returns what changed (`compare`). Failures change nothing but the
time of the next try: what was served last goes on. A known address that answers 404 makes the walk
start again from the top; only when the links still lead there is the document believed to be gone.

Random numbers in [0, 1) and all times come in: monotonic seconds for polling, UTC seconds for clocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.protocols.pacing import FIRST_RETRY_S, backoff
from gateway.protocols.sep2_changes import (
    Change,
    CurveState,
    LinkState,
    OffsetMeasured,
    Outlook,
    Told,
    compare,
)
from gateway.protocols.sep2_clock import ClockEstimate
from gateway.protocols.sep2_documents import (
    DISCOVERY,
    ITEMS,
    Document,
    Item,
    Pages,
    Role,
    number,
    with_query,
)
from gateway.protocols.sep2_entries import (
    Answer,
    Entry,
    Request,
    Shelf,
)
from gateway.protocols.sep2_survey import Identity, Program, Survey, survey
from translators.ieee2030_5.wire import Resource

__all__ = ["Answer", "Identity", "Request", "Walk", "Word"]

_CURVE_TRIES = 3
"""How often a curve may fail before its control is told without it: the other modes wait meanwhile."""
_LATEST_TIME = 10**11  # in the year 5138; more would leave the range of dates
_UNCOORDINATED = 7  # Time.quality
_NOT_FOUND = frozenset({404, 410})
_REGISTERED = frozenset({200, 201, 204, 409})  # 409: registered already
_OF_THE_MOMENT = frozenset({0, 408, 429, 500, 502, 503, 504})


@dataclass(slots=True)
class _Enrolment:
    """Registration in band: tried once, again only after a failure of the moment."""

    due: float = 0.0
    failures: int = 0
    done: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Silence:
    """How often in a row nothing answered, until when everything pauses, and why."""

    failures: int = 0
    until: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """An answer by which controls can be followed, and how often at least they are asked for.

    `timed` says that it confirms the clock offset.
    """

    poll_s: float
    timed: bool


class Walk:
    """One walk, for one identity, through one server.

    `poll_s` overrides the server's poll rates. `remembered` are controls of an earlier run (mRID, and
    end in the utility's seconds or None): they are withdrawn when they are served no more.
    """

    def __init__(
        self,
        root: str,
        identity: Identity,
        *,
        poll_s: float | None = None,
        remembered: Mapping[str, int | None] | None = None,
    ) -> None:
        """Know the address of DeviceCapability, and what an earlier run was told."""
        self._root, self._identity = root, identity
        self._shelf = Shelf(root, poll_s)
        self._told = {mrid: Told(end=end) for mrid, end in (remembered or {}).items()}
        self._clock = ClockEstimate()
        self._state: LinkState | None = None
        self._silence = _Silence()
        self._enrolment = _Enrolment()
        self._keeps_time = True
        self.word: Word | None = None
        """What the last answer was worth; None where the utility's controls cannot be followed by it."""
        self.tree: Survey = self._look(0.0)

    def due(self, now: float) -> Request | None:
        """Return the request that is due first, None where none is."""
        if now < self._silence.until:
            return None
        listed = self._unlisted()
        if listed is not None and self._enrolment.due <= now:
            return Request(listed.stop.url, Role.ENROLMENT, listed.stop.url)
        entry = self._shelf.first_due(now)
        if entry is None:
            return None
        url = entry.stop.url
        if entry.stop.role in ITEMS:
            entry.pages = entry.pages or Pages(entry.stop.role)
            url = with_query(url, entry.pages.query)
        return Request(url, entry.stop.role, entry.stop.url)

    def wake_at(self) -> float:
        """Return when the next request will be due (monotonic seconds)."""
        first = min(entry.due for entry in self._shelf.entries.values())
        if self._unlisted() is not None:
            first = min(first, self._enrolment.due)
        return max(first, self._silence.until)

    def answered(self, request: Request, answer: Answer, now: float, draw: float) -> list[Change]:
        """Take what came of a request; return what changed. `draw` in [0, 1) spreads the next poll."""
        changes: list[Change] = []
        self._heard(answer, now, draw)
        entry = self._shelf.entries.get(request.stop)
        if request.role is Role.ENROLMENT:
            self._enrolled(entry, answer, now, draw)
        elif entry is not None and self._took(entry, answer, now, draw):
            changes.append(OffsetMeasured(self.offset_s))
        self.tree = self._look(now)
        if self._may_compare():
            changes += self._without_time()
            changes += compare(self.tree, self._told, self._outlook(answer.received))
        changes += self._state_changed()
        self.word = self._word(request, answer)
        return changes

    def rediscover(self, now: float) -> None:
        """Start again from the top: an address that was known leads nowhere."""
        self._shelf.rediscover(now)

    @property
    def offset_s(self) -> float:
        """The utility's clock minus ours, 0 while it is unknown."""
        return self._clock.offset or 0.0

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong at which address, as of the last try."""
        entries = self._shelf.entries.items()
        return {url: entry.problem for url, entry in entries if entry.problem}

    def _took(self, entry: Entry, answer: Answer, now: float, draw: float) -> bool:
        """Judge the answer of one address; say whether the clock offset moved."""
        problem = answer.judged(entry.stop.role)
        if answer.status in _NOT_FOUND:
            if self._shelf.not_found(entry, now, draw):
                self._shelf.rediscover(now)
        elif problem or answer.document is None:
            self._shelf.failed(entry, answer, problem, now, draw)
        elif entry.stop.role in ITEMS:
            pages = entry.pages or Pages(entry.stop.role)
            if pages.add(answer.document, answer.body):  # else the next page is due at once
                self._shelf.read(entry, pages.document(entry.document), now, draw)
        else:
            rate = number(answer.document.attributes.get("pollRate"))
            held = Document((Item(answer.document, answer.body),), rate)
            self._shelf.read(entry, held, now, draw)
            return entry.stop.role is Role.TIME and self._timed(held, answer)
        return False

    def _timed(self, held: Document, answer: Answer) -> bool:
        current = _time_of(held.resource)
        if current is None:
            return False
        self._keeps_time = True
        return self._clock.measure(current, answer.sent, answer.received)

    def _without_time(self) -> list[Change]:
        """Go by our own clock where the utility keeps no time that could be measured."""
        read = all(self._shelf.document(url) is not None for url in self.tree.times)
        if self._clock.offset is not None or not self.tree.programs or not read:
            return []
        self._clock.offset, self._keeps_time = 0.0, False
        return [OffsetMeasured(0.0)]

    def _word(self, request: Request, answer: Answer) -> Word | None:
        """Return what an answer is worth: its utility speaks, and its controls can be read."""
        if answer.judged(request.role) or self._state is None or not self._state.up:
            return None
        entries = self._shelf.entries.values()
        lists = [entry for entry in entries if entry.stop.role is Role.CONTROLS]
        if lists and all(entry.problem and not entry.gone for entry in lists):
            return None
        poll_s = max(self._shelf.rate(entry) for entry in lists or entries)
        return Word(poll_s, timed=self._read_time(request, answer))

    def _read_time(self, request: Request, answer: Answer) -> bool:
        """Say whether an answer confirms the clock offset; where no time is kept, any does."""
        if not self._keeps_time:
            return True
        usable = answer.document is not None and _time_of(answer.document) is not None
        return request.role is Role.TIME and usable

    def _heard(self, answer: Answer, now: float, draw: float) -> None:
        """Pause everything while nothing answers."""
        if answer.status:
            self._silence = _Silence()
            return
        failures = self._silence.failures + 1
        pause = backoff(self._shelf.poll_s or FIRST_RETRY_S, failures, draw)
        self._silence = _Silence(failures, now + pause, answer.problem)

    def _unlisted(self) -> Entry | None:
        """Return the EndDeviceList where it lacks this device and the registration was not tried."""
        listed = self._shelf.entries.get(self.tree.device_list or "")
        if listed is None or listed.document is None or listed.again:
            return None
        return listed if self.tree.device is None and not self._enrolment.done else None

    def _enrolled(self, listed: Entry | None, answer: Answer, now: float, draw: float) -> None:
        enrolment = self._enrolment
        if answer.status in _OF_THE_MOMENT:
            enrolment.failures += 1
            pause = backoff(self._shelf.poll_s or FIRST_RETRY_S, enrolment.failures, draw)
            enrolment.due = now + (pause if answer.retry_after_s is None else answer.retry_after_s)
            return
        enrolment.done = True
        if answer.status not in _REGISTERED:
            enrolment.problem = f"it does not register in band either (HTTP {answer.status})"
        elif listed is not None:
            listed.due = now

    def _look(self, now: float) -> Survey:
        """Look at all documents again, and know the addresses that they lead to."""
        found = survey(self._root, self._identity, self._shelf)
        self._shelf.keep(found.stops, now)
        if found.device is not None:
            self._enrolment = _Enrolment()
        return found

    def _may_compare(self) -> bool:
        """Say whether controls may be judged: nothing bars it, and the time was at least asked for."""
        if self.tree.obstacle or self._shelf.document(self._root) is None:
            return False
        times = [self._shelf.entries[url] for url in self.tree.times]
        return all(entry.failures or entry.document for entry in times)

    def _outlook(self, received: float) -> Outlook:
        return Outlook(self._curve, self._settled, received + self.offset_s)

    def _settled(self, program: Program | None) -> bool:
        """Say whether all that could hold a control was read, of a program or of all."""
        entries = self._shelf.entries.values()
        if any(entry.again for entry in entries if entry.stop.role in DISCOVERY):
            return False
        if program is not None:
            own = {program.controls, program.default}
            return all(entry.answered for entry in entries if entry.stop.url in own)
        roles = DISCOVERY | {Role.CONTROLS, Role.DEFAULT}
        return all(entry.answered for entry in entries if entry.stop.role in roles)

    def _curve(self, url: str | None) -> tuple[CurveState, Item | None]:
        if url is None:
            return CurveState.GONE, None
        if url in self.tree.listed_curves:
            return CurveState.HERE, self.tree.listed_curves[url]
        held = self._shelf.document(url)
        if held is not None:
            return CurveState.HERE, held.items[0]
        entry = self._shelf.entries.get(url)
        lost = entry is not None and (entry.gone or entry.failures >= _CURVE_TRIES)
        return (CurveState.GONE if lost else CurveState.PENDING), None

    def _state_changed(self) -> list[Change]:
        state = self._judged()
        if state is None or state == self._state:
            return []
        self._state = state
        return [state]

    def _judged(self) -> LinkState | None:
        """Return how things stand, None while nobody can say."""
        if self._silence.failures:
            return LinkState(up=False, problem=self._silence.problem)
        entries = sorted(self._shelf.entries.values(), key=lambda it: (it.stop.role, it.stop.url))
        troubled = [entry for entry in entries if entry.problem]
        blind = next((entry for entry in troubled if self._blinds(entry)), None)
        if blind is not None:
            return LinkState(up=False, problem=_problem(blind))
        if self.tree.barred:
            parts = (self.tree.obstacle, self._enrolment.problem)
            return LinkState(up=False, problem="; ".join(filter(None, parts)))
        tried = all(it.answered or it.problem for it in entries if it.stop.role in DISCOVERY)
        if self.tree.obstacle or not tried:
            return None
        return LinkState(up=True, problem="; ".join([*map(_problem, troubled), *self.tree.notes]))

    def _blinds(self, troubled: Entry) -> bool:
        """Say whether nothing can be followed while this address cannot be read."""
        role = troubled.stop.role
        if role in {Role.PROGRAMS, Role.PROGRAM}:
            entries = self._shelf.entries.values()
            return all(entry.problem for entry in entries if entry.stop.role is role)
        return role in DISCOVERY or (role is Role.REGISTRATION and not troubled.gone)


def _time_of(document: Resource) -> int | None:
    """Return the utility's seconds, None where a Time document has none that can be used."""
    current = number(document.text_at("currentTime"))
    if current is None or not 0 <= current <= _LATEST_TIME:
        return None
    return None if number(document.text_at("quality")) == _UNCOORDINATED else current


def _problem(entry: Entry) -> str:
    return f"{entry.stop.url}: {entry.problem}"
