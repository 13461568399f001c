"""A resource of IEEE 2030.5 as rules read it: texts by path, children of one name as views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

from translators.ieee2030_5.wire import Resource
from translators.rules.taking import View

_HELD = itemgetter(4)
"""The children of a resource."""


class ResourceView:
    """A resource as rules read it; of several children of one name the first counts."""

    __slots__ = ("_resource", "_texts")

    def __init__(self, resource: Resource) -> None:
        """Note the texts of the children."""
        self._resource = resource
        self._texts = _texts(resource)

    def raw(self, path: str) -> str | None:
        """Return the stripped text at `path`, None where the element is absent."""
        text = self._texts.get(path)
        if text is None and "/" in path:
            found = self._resource.first(path)
            return None if found is None else found.text.strip()
        return text

    def every(self, path: str) -> Sequence[View]:
        """Return the children called `path`."""
        return [_view(child) for child in self._resource[4] if child[0] == path]


class _Flat:
    """A resource whose children have none: its texts are all that it holds."""

    __slots__ = ("_resource", "raw")

    raw: Callable[[str], str | None]
    """Returns the stripped text at a path, None where the element is absent."""

    def __init__(self, resource: Resource) -> None:
        """Note the texts of the children."""
        self._resource = resource
        self.raw = _texts(resource).get

    def every(self, path: str) -> Sequence[View]:
        """Return the children called `path`."""
        return [_Flat(child) for child in self._resource[4] if child[0] == path]


def _view(resource: Resource) -> View:
    return ResourceView(resource) if any(map(_HELD, resource[4])) else _Flat(resource)


def _texts(resource: Resource) -> dict[str, str]:
    """Return the stripped texts of a resource by path: its own, and those of its children."""
    texts = {child[0]: child[2].strip() for child in reversed(resource[4])}
    texts["."] = resource[2].strip()
    return texts
