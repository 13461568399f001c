"""Leaves of a type of an XML schema: paths of elements with text, and of attributes (`@href`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from translators.errors import MappingError

_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Children (name, type) and attributes of a type, and whether it is made of text."""

    children: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...]
    simple: bool


class XmlSchema:
    """The named types of one schema document."""

    def __init__(self, text: bytes) -> None:
        """Parse; types that are not named here (those of XML Schema itself) are plain text."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(text, parser)
        self._types = {
            str(node.get("name")): node
            for tag in ("complexType", "simpleType")
            for node in root.iterfind(f"{_XS}{tag}")
        }

    def leaves(self, name: str, follow: Mapping[str, str], apart: frozenset[str]) -> frozenset[str]:
        """Return the leaves below a type; a type named in `apart` is told elsewhere.

        `follow` names the document behind a link type: its leaves count as those of the link.
        """
        if name not in self._types:
            raise MappingError("is no type of the schema", where="coverage", value=name)
        return frozenset(self._below(name, follow, apart, (name,)))

    def _below(
        self, name: str, follow: Mapping[str, str], apart: frozenset[str], seen: tuple[str, ...]
    ) -> Iterator[str]:
        for kind in (name, follow.get(name)):
            shape = None if kind is None else self._shape(kind)
            if shape is None:
                continue
            yield from (f"@{attribute}" for attribute in shape.attributes)
            for child, of in shape.children:
                if of in apart or of in seen:
                    continue
                if self._has_text(of) and of not in follow:
                    yield child
                below = self._below(of, follow, apart, (*seen, of, follow.get(of, of)))
                yield from (f"{child}/{leaf}" for leaf in below)

    def _has_text(self, name: str) -> bool:
        shape = self._shape(name)
        if shape is None:
            return True
        return shape.simple or not (shape.children or shape.attributes)

    def _shape(self, name: str) -> _Shape | None:
        """Return what a type consists of, with its base types; None for one that is not named here."""
        node = self._types.get(name)
        if node is None:
            return None
        children: list[tuple[str, str]] = []
        attributes: list[str] = []
        for extension in node.iter(f"{_XS}extension"):
            base = self._shape(str(extension.get("base")))
            if base is not None:
                children += base.children
                attributes += base.attributes
        for element in node.iter(f"{_XS}element"):
            children.append((str(element.get("name")), str(element.get("type"))))
        attributes += [str(item.get("name")) for item in node.iter(f"{_XS}attribute")]
        simple = node.tag == f"{_XS}simpleType" or node.find(f"{_XS}simpleContent") is not None
        return _Shape(tuple(children), tuple(attributes), simple)
