"""The addresses that a walk knows: what was read there, when it is due, and how failures space it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.protocols.pacing import backoff, spread
from gateway.protocols.sep2_documents import DISCOVERY, NAMES, Document, Pages, Role
from gateway.protocols.sep2_survey import Stop
from translators.ieee2030_5.wire import Resource

DEFAULT_POLL_S = 900
CONTROL_POLL_S = 300  # CSIP 5.4
_LONGEST_POLL_S = 86_400
_LONGEST_WAIT_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request to make: GET for every role but ENROLMENT, which is a POST of the EndDevice.

    `stop` is the address without a query.
    """

    url: str
    role: Role
    stop: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    `status` is 0 where nothing came. `document` is None where the body is none that can be read; then
    `problem` says why. `sent` and `received` are our UTC seconds.
    """

    status: int
    sent: float
    received: float
    document: Resource | None = None
    body: bytes = b""
    problem: str = ""
    retry_after_s: float | None = None

    def judged(self, role: Role) -> str:
        """Return what is wrong with it for a role, "" where nothing is."""
        if self.status == 0 or self.problem:
            return self.problem
        if self.status != 200:
            return f"HTTP {self.status}"
        if self.document is not None and self.document.name != NAMES[role]:
            return f"is {self.document.name}, not {NAMES[role]}"
        return ""


@dataclass(slots=True)
class Entry:
    """What is known of one address."""

    stop: Stop
    due: float
    document: Document | None = None
    pages: Pages | None = None
    failures: int = 0
    problem: str = ""
    missing: bool = False
    """It answered 404 once, and the links that lead to it are being read again."""
    gone: bool = False
    """It answers 404, and the links still lead to it."""
    again: bool = False
    """What was read is not believed before it is read again."""

    @property
    def answered(self) -> bool:
        """Say whether it has said all that it can."""
        return not self.again and (self.document is not None or self.gone)


@dataclass(slots=True)
class Shelf:
    """All addresses of a walk; `poll_s` overrides the server's poll rates."""

    root: str
    poll_s: float | None = None
    entries: dict[str, Entry] = field(default_factory=dict)

    def document(self, url: str | None) -> Document | None:
        """Return what was read at an address last."""
        entry = self.entries.get(url or "")
        return None if entry is None else entry.document

    def gone(self, url: str) -> bool:
        """Say whether nothing lies at an address."""
        entry = self.entries.get(url)
        return entry is not None and entry.gone

    def silent(self, url: str) -> bool:
        """Say whether an address was tried and gave nothing."""
        entry = self.entries.get(url)
        return entry is not None and entry.document is None and entry.failures > 0

    def keep(self, stops: dict[str, Stop], now: float) -> None:
        """Know these addresses and no others; new ones are due at once."""
        known = self.entries
        self.entries = {url: known.get(url) or Entry(stop, now) for url, stop in stops.items()}
        for url, stop in stops.items():
            self.entries[url].stop = stop

    def first_due(self, now: float) -> Entry | None:
        """Return the address that waited longest; at the same time the one nearer to the top."""
        waiting = [entry for entry in self.entries.values() if entry.due <= now]
        return min(waiting, key=lambda it: (it.due, it.stop.role, it.stop.url), default=None)

    def read(self, entry: Entry, document: Document, now: float, draw: float) -> None:
        """Note a document, and poll it again in its time."""
        entry.document, entry.pages = document, None
        entry.failures, entry.problem = 0, ""
        entry.missing, entry.gone, entry.again = False, False, False
        entry.due = now + spread(self.rate(entry), draw)

    def not_found(self, entry: Entry, now: float, draw: float) -> bool:
        """Note a 404; say whether the address was known, so that the links to it must be read again."""
        entry.pages, entry.problem = None, "HTTP 404"
        known = entry.document is not None and entry.stop.url != self.root
        if known and not (entry.missing or entry.gone):
            entry.missing, entry.due = True, now
            return True
        entry.failures += 1
        entry.gone, entry.missing, entry.again = True, False, False
        if entry.stop.role is Role.DEFAULT:
            entry.document = None  # all others keep what was served last
        entry.due = now + spread(self.rate(entry), draw)
        return False

    def failed(self, entry: Entry, answer: Answer, problem: str, now: float, draw: float) -> None:
        """Keep what was read last, and try again later, each time at a longer distance."""
        entry.pages, entry.problem = None, problem
        entry.failures += 1
        if answer.retry_after_s is not None:
            entry.due = now + min(answer.retry_after_s, _LONGEST_WAIT_S)
        else:
            entry.due = now + backoff(self.rate(entry), entry.failures, draw)

    def rediscover(self, now: float) -> None:
        """Read again, from the top, everything that leads to something else."""
        for entry in self.entries.values():
            if entry.stop.role in DISCOVERY or entry.stop.role in {Role.DERS, Role.MIRRORS}:
                entry.due, entry.again, entry.pages = now, True, None

    def rate(self, entry: Entry) -> float:
        """Return the poll interval: the override, the document's, the one above it, or the default."""
        if self.poll_s is not None:
            return self.poll_s
        at: Entry | None = entry
        while at is not None and at.stop.url != self.root:
            if at.document is not None and at.document.poll_rate_s is not None:
                return _bounded(at.document.poll_rate_s)
            at = self.entries.get(at.stop.parent or "")
        if entry is at and entry.document is not None and entry.document.poll_rate_s is not None:
            return _bounded(entry.document.poll_rate_s)
        controls = entry.stop.role in {Role.CONTROLS, Role.DEFAULT}
        return float(CONTROL_POLL_S if controls else DEFAULT_POLL_S)


def _bounded(rate_s: int) -> float:
    return float(max(1, min(rate_s, _LONGEST_POLL_S)))
