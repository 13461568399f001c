"""IEEE 2030.5 documents as the walk keeps them: roles, lists over pages, addresses, and their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urljoin, urlsplit

from translators.ieee2030_5.wire import Resource

PAGE = 100
"""How many items are asked for; servers give fewer as they like."""
LARGEST_LIST = 10_000


class Role(IntEnum):
    """What lies at an address, in the order in which addresses that are due are fetched."""

    DEVICE_CAPABILITY = 0
    TIME = 1
    END_DEVICES = 2
    REGISTRATION = 3
    ASSIGNMENTS = 4
    PROGRAMS = 5
    PROGRAM = 6
    CONTROLS = 7
    DEFAULT = 8
    CURVES = 9
    CURVE = 10
    DERS = 11
    MIRRORS = 12
    ENROLMENT = 13
    """No resource: the POST that registers the device in band."""


DISCOVERY = frozenset(
    {Role.DEVICE_CAPABILITY, Role.END_DEVICES, Role.ASSIGNMENTS, Role.PROGRAMS, Role.PROGRAM}
)
"""What is fetched again when a known address leads nowhere any more."""

ITEMS: Mapping[Role, str] = {
    Role.END_DEVICES: "EndDevice",
    Role.ASSIGNMENTS: "FunctionSetAssignments",
    Role.PROGRAMS: "DERProgram",
    Role.CONTROLS: "DERControl",
    Role.CURVES: "DERCurve",
    Role.DERS: "DER",
    Role.MIRRORS: "MirrorUsagePoint",
}
NAMES: Mapping[Role, str] = {
    Role.DEVICE_CAPABILITY: "DeviceCapability",
    Role.TIME: "Time",
    Role.REGISTRATION: "Registration",
    Role.PROGRAM: "DERProgram",
    Role.DEFAULT: "DefaultDERControl",
    Role.CURVE: "DERCurve",
    **{role: f"{item}List" for role, item in ITEMS.items()},
}


@dataclass(frozen=True, slots=True)
class Item:
    """A resource, and the bytes of the page that it came in."""

    resource: Resource
    page: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """What an address held: the resource itself as the only item, or the items of a list.

    `poll_rate_s` is its pollRate where it states one.
    """

    items: tuple[Item, ...] = ()
    poll_rate_s: int | None = None

    @property
    def resource(self) -> Resource:
        """The resource of an address that holds one."""
        return self.items[0].resource


class Pages:
    """A list that comes in pages, until the results add up to `all` (2030.5 4.6.2)."""

    def __init__(self, role: Role) -> None:
        """Have no page yet."""
        self._item = ITEMS[role]
        self._items: dict[str, Item] = {}
        self._count = 0
        self._all: int | None = None
        self._poll_rate: int | None = None
        self.stable = True
        """False where `all` changed between two pages: an item may have slipped through."""

    @property
    def query(self) -> str:
        """Which items are asked for next."""
        return f"s={self._count}&l={PAGE}"

    def add(self, page: Resource, body: bytes) -> bool:
        """Take a page; say whether the list is complete as far as the server gives it."""
        found = [child for child in page.children if child.name == self._item]
        whole = number(page.attributes.get("all"))
        self.stable = self.stable and self._all in {None, whole}
        self._all = whole
        rate = number(page.attributes.get("pollRate"))
        self._poll_rate = self._poll_rate if rate is None else rate
        for resource in found:
            name = resource.href or resource.text_at("mRID") or str(self._count + len(self._items))
            self._items[name] = Item(resource, body)
        self._count += len(found)
        done = whole is None or self._count >= whole or self._count >= LARGEST_LIST
        return done or not found

    @property
    def complete(self) -> bool:
        """Say whether nothing can be missing."""
        return self.stable and (self._all is None or self._count >= self._all)

    def document(self, before: Document | None) -> Document:
        """Return the list; where it may lack items, those known `before` stay in it."""
        items = dict(self._items)
        if not self.complete and before is not None:
            for item in before.items:
                items.setdefault(item.resource.href or item.resource.text_at("mRID"), item)
        return Document(tuple(items.values()), self._poll_rate)


def address(base: str, href: str | None) -> str | None:
    """Return the absolute address of a link, None where there is none or it leads to another origin.

    A certificate is bound to one origin: nothing of it is shown elsewhere.
    """
    if not href:
        return None
    try:
        target = urljoin(base, href)
        here, there = urlsplit(base), urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (
            there.scheme,
            there.hostname,
            there.port,
        )
    except ValueError:
        return None
    return target if same else None


def with_query(url: str, query: str) -> str:
    """Return an address that asks for a part of a list; a query of its own stays."""
    return f"{url}{'&' if '?' in url else '?'}{query}"


def number(text: str | None) -> int | None:
    """Return a whole number of at most 20 digits, None for anything else."""
    if text is None or len(text) > 20:
        return None
    digits = text.strip()
    return int(digits) if digits.removeprefix("-").isdecimal() and digits.isascii() else None


type Meaning = tuple[object, ...]


def meaning(resource: Resource) -> Meaning:
    """Return what a resource says, comparable: its status, addresses and place in a page do not count."""
    return (
        resource.name,
        resource.namespace,
        resource.text,
        tuple(
            sorted(
                (k, v)
                for k, v in resource.attributes.items()
                if k != "href" or not resource.children
            )
        ),
        tuple(meaning(child) for child in resource.children if child.name != "EventStatus"),
    )
