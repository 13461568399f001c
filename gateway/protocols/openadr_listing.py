"""A list of a VTN, page by page, without I/O: what is asked next, and when all of it is there.

VTNs page by `skip` and `limit` (50 at most), in no order that they promise. Some cap pages at less, some
know no paging at all. A page that did not change (304, or the same bytes) is not taken apart again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from gateway.protocols.openadr_http import Answer, Request, Role
from gateway.protocols.openadr_problem import Item, items_of, problem_of
from translators.errors import DocumentError

_MOST_ITEMS = 250_000
_MOST_BYTES = 256 << 20
"""How long the pages of one list may be in all."""
_LIMITS = (50, 10, 0)
"""Page sizes, the next one where a VTN refuses the one before; 0 asks for no pages."""
_BAD_REQUEST = 400
_UNCHANGED = 304


@dataclass(frozen=True, slots=True)
class _Page:
    etag: str
    digest: bytes
    items: tuple[bytes, ...]
    length: int


@dataclass(slots=True)
class Listing:
    """One list, read again and again; `items` are those of the walk that is under way, or of the last."""

    role: Role
    path: str
    query: tuple[tuple[str, str], ...] = ()
    most: int = _MOST_ITEMS
    """How many items it may have."""
    items: list[bytes] = field(default_factory=list)
    fresh: list[Item] = field(default_factory=list)
    """Those of the last page that was answered, where it is not the one that was known."""
    pages: int = 0
    """How many pages with something on them the list had: one alone is whole, whatever happens."""
    digests: list[bytes] = field(default_factory=list)
    """What tells the pages of this walk from others."""
    _length: int = 0
    _known: dict[int, _Page] = field(default_factory=dict)
    _sizes: int = 0
    _size: int = _LIMITS[0]
    """How long a page is that is full."""
    _proved: int = 0
    """A page of as many items was followed by an empty one: it ends the list."""
    _last: bytes = b""
    _whole: bool = False
    """The VTN knows no pages."""

    def begin(self) -> None:
        """Start again from the first page."""
        self.items, self.pages, self._last = [], 0, b""
        self.digests, self._length = [], 0

    def request(self) -> Request:
        """Return the page to ask for."""
        skip, limit = len(self.items), _LIMITS[self._sizes]
        paging = (("skip", str(skip)), ("limit", str(limit))) if limit else ()
        known = self._known.get(skip)
        headers = {"If-None-Match": known.etag} if known is not None and known.etag else {}
        return Request(self.role, "GET", self.path, (*self.query, *paging), headers=headers)

    def answered(self, answer: Answer) -> bool:
        """Take a page; say whether it was the last. `DocumentError` where it cannot be read."""
        skip, self.fresh = len(self.items), []
        if answer.status == _BAD_REQUEST and self._sizes + 1 < len(_LIMITS):
            self._sizes += 1
            self._size = _LIMITS[self._sizes]
            self._known.clear()
            self.begin()
            return False
        page = self._page(skip, answer)
        if page.digest == self._last and page.items:  # skip is not heeded
            self._whole = self._whole or len(page.items) < _LIMITS[self._sizes]
            return True
        self._length += page.length
        if skip + len(page.items) > self.most or self._length > _MOST_BYTES:
            most = f"{self.most} items or {_MOST_BYTES >> 20} MiB"
            raise DocumentError(f"has more than {most}", where=self.path)
        self._known[skip], self._last = page, page.digest
        self.digests.append(page.digest)
        self.items += page.items
        self.pages += bool(page.items)
        return self._ends(skip, len(page.items))

    def _page(self, skip: int, answer: Answer) -> _Page:
        known = self._known.get(skip)
        if answer.status == _UNCHANGED and known is not None:
            return known
        if not answer.ok or answer.problem:
            raise DocumentError(problem_of(answer), where=self.path)
        digest = sha256(answer.body).digest()
        etag = answer.headers.get("etag", "")
        if known is not None and known.digest == digest:
            return _Page(etag, digest, known.items, known.length)
        self.fresh = items_of(answer.body)
        return _Page(etag, digest, tuple([it.raw for it in self.fresh]), len(answer.body))

    def _ends(self, skip: int, count: int) -> bool:
        """Say whether a page is the last: a short one is, once an empty one was seen behind it."""
        limit = _LIMITS[self._sizes]
        if not limit or self._whole or count > limit:
            return True
        if count == 0:
            self._proved = max(self._proved, self._short(skip))
            self._forget(skip)
            return True
        if skip and count < limit and skip == self._short(skip):
            self._size = skip  # what looked like the end was a page of a VTN that caps them
        return count < self._size and count <= self._proved

    def _short(self, skip: int) -> int:
        """Return how long the page before `skip` was, 0 where it was full."""
        before = max((at for at in self._known if at < skip), default=None)
        count = 0 if before is None else len(self._known[before].items)
        return count if count < _LIMITS[self._sizes] else 0

    def _forget(self, skip: int) -> None:
        """Forget the pages behind the end."""
        self._known = {at: page for at, page in self._known.items() if at <= skip}
