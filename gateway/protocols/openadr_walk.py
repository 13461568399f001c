"""One reading of a VTN's events after another, without I/O: every list page by page, then what is in doubt.

    LISTS ── whole ──> nothing is missing, or it can only be gone ──> compare
      ▲                └── few are missing ──> CHECKS, each by its id ──> compare
      └── many are missing, for the first time

Pages shift under a reader, so what is missing from a list of several pages is asked for by its id, and where
that is too much the lists are read once more: what two readings miss is gone. Lists that did not change are
not compared again. Which lists there are: all that names nobody, then each target, for some VTNs leave out
others where targets are named. Whether only events that are not over are asked for says `Running`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from urllib.parse import quote

from gateway.protocols.openadr_changes import Change
from gateway.protocols.openadr_events import Ledger, Scope
from gateway.protocols.openadr_http import Answer, Request, Role
from gateway.protocols.openadr_listing import Listing
from gateway.protocols.openadr_problem import Item, parsed, problem_of
from gateway.protocols.openadr_reading import UNNAMED
from gateway.protocols.openadr_running import Asked, Running
from translators.canonical.commands import Revision
from translators.errors import DocumentError

_MOST_CHECKS = 20
_GONE = frozenset({403, 404, 410})

type Query = tuple[tuple[str, str], ...]


class _Stage(Enum):
    """How far a reading is."""

    NONE = "not begun"
    LISTS = "lists"
    CHECKS = "events that seem gone"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: which events count, the one program that is followed ("" for several), targets."""

    scope: Scope
    program: str = ""
    targets: tuple[str, ...] = ()

    def queries(self, *, running: bool) -> Iterator[Query]:
        """Yield the query of each list."""
        first: Query = (("programID", self.program),) if self.program else ()
        if running:
            first = (*first, ("active", "true"))
        yield first
        for target in self.targets:
            if self.scope.revision is Revision.OPENADR_3_0:
                yield (*first, ("targetType", "GROUP"), ("targetValues", target))
            else:
                yield (*first, ("targets", target))


class Walk:
    """The events of one VTN, read again and again into a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Ask nothing yet."""
        self._ledger = ledger
        self._running = Running(ledger)
        self._wish: Wish | None = None
        self._asked = Asked.ALL
        self._all: dict[Query, Listing] = {}
        self._lists: list[Listing] = []
        self._stage, self._at = _Stage.NONE, 0
        self._checks: list[str] = []
        self._doubts: frozenset[str] | None = None
        """What a reading missed that is made once more, None where it is the first."""
        self._spared: frozenset[str] = frozenset()
        self._extra: list[bytes] = []
        self._seen: tuple[object, ...] | None = None
        """What was compared last, where it was whole and nothing of it was in doubt."""

    @property
    def begun(self) -> bool:
        """Say whether a reading is under way."""
        return self._stage is not _Stage.NONE

    def reset(self) -> None:
        """Give up what is under way."""
        self._stage = _Stage.NONE

    def begin(self, wish: Wish, now: float) -> None:
        """Start a reading from its first page."""
        self._asked = self._running.ask(wish.scope.revision, now)
        self._doubts, self._spared, self._extra = None, frozenset(), []
        self.wish(wish)
        self._to_lists()

    def wish(self, wish: Wish) -> None:
        """Let other events count, in the reading that is under way too."""
        self._wish = wish

    def request(self) -> Request:
        """Return what is asked next."""
        if self._stage is _Stage.CHECKS:
            return Request(Role.EVENTS, "GET", f"/events/{quote(self._checks[0], safe='')}")
        return self._lists[self._at].request()

    def answered(self, request: Request, answer: Answer, utc: datetime) -> bool:
        """Take an answer; say whether every list is whole and nothing is left to ask."""
        if self._stage is _Stage.CHECKS:
            self._checked(answer, utc)
            return not self._checks
        if request != self._lists[self._at].request():
            return False  # an answer of a reading that was given up
        listing = self._lists[self._at]
        before, whole = len(listing.items), listing.answered(answer)
        self._note([*listing.fresh, *map(Item, listing.items[before:])], utc)
        listing.fresh = []
        self._at += whole
        return self._at == len(self._lists)

    def programs(self) -> set[str]:
        """Return the ids of the programs of what is listed."""
        return self._ledger.programs(self._items())

    def same(self, utc: datetime) -> bool:
        """Say whether the lists are those that were compared last, and nothing changed since by itself."""
        return self._fingerprint() == self._seen and not self._ledger.due(utc)

    def settled(self, now: float, utc: datetime) -> bool:
        """Say whether all that is missing is known to be gone; else there is more to ask."""
        if self._stage is _Stage.CHECKS:
            return True
        items = self._items()
        if self._asked is Asked.TRIED and not self._running.proved(items, utc, now):
            self._asked = Asked.ALL
            self._to_lists()
            return False
        running = self._asked is not Asked.ALL
        doubtful = running or any(it.pages > 1 for it in self._lists)
        doubtful = doubtful or self._ledger.nameless(items)
        missing = frozenset(self._ledger.missing(items, utc, running=running) if doubtful else ())
        if len(missing) > _MOST_CHECKS and self._doubts is None:
            self._doubts = missing  # too many to ask for one by one: read once more
            self._to_lists()
            return False
        if len(missing) > _MOST_CHECKS:
            self._spared = missing - (self._doubts or frozenset())
        else:
            self._checks = sorted(id_ for id_ in missing if not id_.startswith(UNNAMED))
        self._stage = _Stage.CHECKS if self._checks else self._stage
        return not self._checks

    def compare(self, utc: datetime) -> list[Change]:
        """Close the reading; return what changed."""
        items, scope = self._items(), self._scope
        running = self._asked is not Asked.ALL
        if running and self._extra:
            self._running.refute()
        gone = self._ledger.missing(items, utc, running=running)
        changes = self._ledger.take(
            items, scope, utc, gone=[id_ for id_ in gone if id_ not in self._spared]
        )
        self._ledger.forget_others(items)
        self._seen = None if self._extra or self._spared else self._fingerprint()
        if not running:
            self._running.listed(utc, long=any(it.pages > 1 for it in self._lists))
        self._stage = _Stage.NONE
        return changes

    def part(self, utc: datetime) -> list[Change]:
        """Return what changed in what came of a reading that failed: nothing is gone by it."""
        self._seen = None
        if self._asked is not Asked.ALL:
            self._running.refute()
        return self._ledger.take(self._items(), self._scope, utc) if self.begun else []

    @property
    def _scope(self) -> Scope:
        if self._wish is None:
            raise RuntimeError("no reading was begun")
        return self._wish.scope

    def _to_lists(self) -> None:
        self._stage, self._at, self._checks = _Stage.LISTS, 0, []
        running = self._asked is not Asked.ALL
        queries = list(self._wish.queries(running=running)) if self._wish is not None else []
        self._lists = [self._all.get(it) or Listing(Role.EVENTS, "/events", it) for it in queries]
        self._all = {it.query: it for it in self._lists}
        for listing in self._lists:
            listing.begin()

    def _items(self) -> list[bytes]:
        return [item for listing in self._lists for item in listing.items] + self._extra

    def _note(self, items: list[Item], utc: datetime) -> None:
        for item in items:
            self._ledger.note(item, self._scope, utc)

    def _fingerprint(self) -> tuple[object, ...]:
        digests = [
            digest for listing in self._lists for digest in (listing.query, *listing.digests)
        ]
        return (self._scope, *digests)

    def _checked(self, answer: Answer, utc: datetime) -> None:
        """Take one event that was on no page: it is gone only where the VTN has it no more."""
        id_ = self._checks[0]
        if answer.ok and not answer.problem:
            value = parsed(answer.body)
            if not isinstance(value, dict) or str(value.get("id")) != id_:
                raise DocumentError("is not that event", where=f"/events/{id_[:40]}")
            self._extra.append(answer.body.strip())
            self._note([Item(self._extra[-1], value, read=True)], utc)
        elif answer.status not in _GONE:
            raise DocumentError(problem_of(answer), where=f"/events/{id_[:40]}")
        self._checks.pop(0)
