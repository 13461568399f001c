"""A resource of IEEE 2030.5 as rules read it: texts by path, children of one name as views."""

from __future__ import annotations

from collections.abc import Sequence

from translators.ieee2030_5.wire import Resource


class ResourceView:
    """A resource as rules read it; of several children of one name the first counts."""

    __slots__ = ("_resource", "_texts")

    def __init__(self, resource: Resource) -> None:
        """Note the texts of the children."""
        self._resource = resource
        self._texts = {child[0]: child[2] for child in reversed(resource[4])}

    def raw(self, path: str) -> str | None:
        """Return the stripped text at `path`, None where the element is absent."""
        text = self._texts.get(path)
        if text is not None:
            return text.strip()
        if path == "." or "/" in path:
            found = self._resource if path == "." else self._resource.first(path)
            return None if found is None else found.text.strip()
        return None

    def every(self, path: str) -> Sequence[ResourceView]:
        """Return the children called `path`."""
        return [ResourceView(child) for child in self._resource[4] if child[0] == path]
