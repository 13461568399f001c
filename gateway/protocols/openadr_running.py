"""Whether a VTN may be asked only for events that are not over (3.1: `active=true`), as far as it is proved.

    ALL ── many pages, some events over, some to come ──> TRIED ── lists these and not those ──> PROVED
     ▲                                                      └── otherwise: never again             │
     └── once an hour; for good where an event was left out that is not over ──────────────────────┘

The standard does not say whether an event that is to come is active, and VTNs overlook the query. So it is
used where it is seen to do what it should, and saves pages of events that are long over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum

from gateway.protocols.openadr_events import Ledger
from translators.canonical.commands import Revision

_ALL_S = 3600.0
"""How often all events are read where others are asked for."""


class Asked(Enum):
    """What a reading asks for."""

    ALL = "all events"
    TRIED = "those that are not over, for the first time"
    PROVED = "those that are not over"


class Running:
    """What is known of one VTN."""

    def __init__(self, ledger: Ledger) -> None:
        """Ask for all."""
        self._ledger = ledger
        self._asked = Asked.ALL
        self._refuted = False
        self._all_at = 0.0

    def ask(self, revision: Revision, now: float) -> Asked:
        """Return what to ask for."""
        if self._refuted or revision is Revision.OPENADR_3_0:
            return Asked.ALL
        if self._asked is Asked.PROVED and now >= self._all_at:
            self._all_at = now + _ALL_S
            return Asked.ALL
        return self._asked

    def listed(self, utc: datetime, *, long: bool) -> None:
        """Know that all events were listed: try the query where it would save pages and can be judged."""
        if self._asked is Asked.ALL and long and self._ledger.tells(utc):
            self._asked = Asked.TRIED

    def proved(self, items: Iterable[bytes], utc: datetime, now: float) -> bool:
        """Say whether a first list holds all that is not over, and nothing that is."""
        if not self._ledger.only_running(items, utc):
            self.refute()
            return False
        self._asked, self._all_at = Asked.PROVED, now + _ALL_S
        return True

    def refute(self) -> None:
        """Know that the query does not do what it should."""
        self._refuted = True
