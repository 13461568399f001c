"""The programs of a VTN, without I/O: which there are, which are followed, and when to read them.

A VTN that keeps its programs to itself hides no event: after a few tries in vain events are read without
them, unless programs are followed by their names, which only the programs tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from gateway.protocols.openadr_http import Answer, Request, Role
from gateway.protocols.openadr_listing import Listing
from gateway.protocols.openadr_problem import parsed, problem_of
from translators.errors import DocumentError
from translators.openadr.wire import Program, program_of

_READ_S = 300.0
"""How often programs are read, besides whenever an event names one that is not known."""
_TRIES = 3
"""How often programs are asked for in vain before events are read without them."""
_REFUSING = frozenset({403, 404, 405, 501})
_MOST_NOTES = 3


class Programs:
    """What programs there are; `names` are names or ids of those that are followed, empty for all."""

    def __init__(self, names: frozenset[str]) -> None:
        """Know none yet."""
        self._names = names
        self.by_id: Mapping[str, Program] = {}
        """As they were read last; another mapping whenever something changed."""
        self.due = 0.0
        """When they are to be read again (monotonic seconds)."""
        self.note = ""
        """What is odd about them, for people."""
        self._list = Listing(Role.PROGRAMS, "/programs")
        self._asked = -1.0
        self._read, self._tries = False, 0

    @property
    def followed(self) -> frozenset[str] | None:
        """Return the ids of the programs that are followed, None for all."""
        if not self._names:
            return None
        return self._names | {it.id for it in self.by_id.values() if it.name in self._names}

    @property
    def only(self) -> str:
        """Return the id of the program that alone is followed, "" where there is no such one."""
        return self.here[0] if len(self.here) == 1 and len(self._names) == 1 else ""

    @property
    def here(self) -> tuple[str, ...]:
        """Return the ids of the programs that are followed and known."""
        followed = self.followed
        known = self.by_id.keys()
        return tuple(sorted(known if followed is None else followed & known))

    def lacks(self, ids: AbstractSet[str], since: float) -> bool:
        """Say whether one of these is not known, and nothing was asked since then."""
        return self._asked < since and bool(ids - self.by_id.keys())

    def begin(self) -> None:
        """Start again from the first page."""
        self._list.begin()

    def request(self) -> Request:
        """Return the page to ask for."""
        return self._list.request()

    def answered(self, answer: Answer, now: float) -> bool:
        """Take a page; say whether nothing more is to be asked. `DocumentError`: it has to be anew."""
        self._asked = now
        if answer.status in _REFUSING and not self._names:
            self.note = f"programs: {problem_of(answer)}"
            self.due = now + _READ_S
            return True
        try:
            if not self._list.answered(answer):
                return False
        except DocumentError:
            self._tries += 1
            if self._tries < _TRIES or not (self._read or not self._names):
                raise
            self.note = f"programs: {problem_of(answer)}"
            return True
        self._tries, self._read = 0, True
        self.due = now + _READ_S
        self._take()
        return True

    def _take(self) -> None:
        bad, found = [], dict(self.by_id)
        for item in self._list.items:
            try:
                program = program_of(parsed(item))
                found[program.id] = program
            except DocumentError as error:
                bad.append(f"a program cannot be read: {error}")
        self.note = "; ".join(bad[:_MOST_NOTES])
        if found != self.by_id:
            self.by_id = found
