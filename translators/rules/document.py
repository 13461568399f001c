"""What a utility hands over, whatever it speaks: a document that the book's rules turn into commands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Protocol as Interface

from translators.canonical.commands import DerCommand, Protocol
from translators.rules.trace import Translation

if TYPE_CHECKING:
    from translators.rules.book import Book


class Document(Interface):
    """One document for one station, with all that its reading depends on besides its bytes."""

    @property
    def protocol(self) -> Protocol:
        """Which protocol it came by."""
        ...

    @property
    def revision(self) -> str:
        """The edition of the protocol, or the profile of it, as rules name them."""
        ...

    @property
    def kind(self) -> str:
        """What the protocol calls it: `DERControl`, `event`, a logical node."""
        ...

    @property
    def primacy(self) -> int:
        """The priority that it came with; lower wins."""
        ...

    def read(self, book: Book) -> Translation[tuple[DerCommand, ...]]:
        """Return its commands, one per interval in the order of time; none where nothing identifies it."""
        ...
