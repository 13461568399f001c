"""IEEE 2030.5 resources under the standard's names: a lossless tree with typed access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

SEP2 = "urn:ieee:std:2030.5:ns"
CSIP_AUS = (
    "https://csipaus.org/ns/v1.3",
    "https://csipaus.org/ns",
    "http://csipaus.org/ns",
    "https://csipaus.org/ns/v1.3-beta/storage",
)
_AUTHORITY = ("https://csipaus.org/ns", "http://csipaus.org/ns")
NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


def is_known(namespace: str) -> bool:
    """Say whether elements of a namespace are ours to read: the standard's, any of CSIP-AUS, or none."""
    return namespace == SEP2 or not namespace or namespace.startswith(_AUTHORITY)


class Resource(NamedTuple):
    """One element: local name, namespace, attributes, text and children in document order.

    Nothing is dropped: elements that the standard does not know stay in `children`.
    `line` is the line of the document, 0 where the resource was made by us.
    """

    name: str
    namespace: str = SEP2
    text: str = ""
    attributes: Mapping[str, str] = NO_ATTRIBUTES
    children: tuple[Resource, ...] = ()
    line: int = 0

    def first(self, path: str) -> Resource | None:
        """Return the first descendant at `path` (`a/b`, local names), or None."""
        if "/" not in path:
            for child in self[4]:
                if child[0] == path:
                    return child
            return None
        name, _, rest = path.partition("/")
        for child in self[4]:
            if child[0] == name and (found := child.first(rest)) is not None:
                return found
        return None

    def every(self, name: str) -> Iterator[Resource]:
        """Yield the children called `name`."""
        return (child for child in self.children if child.name == name)

    def text_at(self, path: str, default: str = "") -> str:
        """Return the text of the element at `path`, or `default`."""
        found = self.first(path)
        return default if found is None else found.text

    def href_at(self, path: str) -> str | None:
        """Return the href attribute of the link at `path`, or None where the link is missing."""
        found = self.first(path)
        return None if found is None else found.attributes.get("href")

    @property
    def href(self) -> str | None:
        """The resource's own address, where it states one."""
        return self.attributes.get("href")
