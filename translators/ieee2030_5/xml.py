"""IEEE 2030.5 XML: guarded reading into resources, and writing them.

A peer's bytes are read only where they are plain XML of bounded size: no document type, no
processing instruction, caps on bytes, depth, elements and attributes. Unknown elements are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, NoReturn

from lxml import etree

from translators.errors import DocumentError
from translators.ieee2030_5.wire import CSIP_AUS, NO_ATTRIBUTES, Resource

MEDIA_TYPE = "application/sep+xml"
LARGEST_DOCUMENT = 1 << 20
DEEPEST = 32
MOST_ELEMENTS = 20_000
MOST_ATTRIBUTES = 64

_XML = "ieee2030_5.xml"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_ENCODING = re.compile(rb"<\?xml[^>]{0,80}?\sencoding\s*=\s*[\"']([^\"']{0,40})")
_ENCODINGS = frozenset({b"utf-8", b"us-ascii", b"ascii"})
_BLANK = b" \t\r\n\xef\xbb\xbf"
_new = tuple.__new__
_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
)


def parse(data: bytes) -> Resource:
    """Return the root element of a document; `DocumentError` says why it is none that is read."""
    if len(data) > LARGEST_DOCUMENT:
        raise DocumentError(f"{len(data)} bytes are more than {LARGEST_DOCUMENT}", rule=_XML)
    head = data.lstrip(_BLANK)
    if not head:
        raise DocumentError("the body is empty", rule=_XML)
    if head[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise DocumentError("is HTML, not XML of IEEE 2030.5", rule=_XML)
    if not head.startswith(b"<"):
        raise DocumentError("is not XML", value=head[:40], rule=_XML)
    declared = _ENCODING.match(head) if head.startswith(b"<?") else None
    if declared and declared[1].lower() not in _ENCODINGS:
        problem = "is neither UTF-8 nor a part of it"  # 2030.5 5.2; others could hide a DOCTYPE
        raise DocumentError(problem, where="encoding", value=declared[1].decode(), rule=_XML)
    # A document type is refused unread: what it declares could cost more than its own size.
    if b"!" in data and b"<!DOCTYPE" in data:
        raise DocumentError("a document type declaration is not allowed", rule=_XML)
    return _resource(_root(data))


def render(resource: Resource) -> bytes:
    """Return the document whose root is `resource`, UTF-8 with declaration."""
    element = _element(resource, None)
    return _DECLARATION + etree.tostring(element, encoding="utf-8")


def _root(data: bytes) -> etree._Element:
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as exc:
        problem = f"is not well-formed XML: {(exc.msg or '').strip()}"
        raise DocumentError(problem, where=f"line {exc.lineno}", rule=_XML) from exc


def _resource(root: etree._Element) -> Resource:
    """Return the tree below `root` within the caps.

    Elements come in the order of the document; read backwards, each follows all that it holds.
    """
    elements = list(islice(root.iter(), MOST_ELEMENTS + 1))
    if len(elements) > MOST_ELEMENTS:
        raise DocumentError(f"has more than {MOST_ELEMENTS} elements", rule=_XML)
    if len(elements) > DEEPEST:  # fewer cannot lie deeper
        _shallow(root, 1)
    made: list[Resource] = []
    add = made.append
    for element in reversed(elements):
        known = _named(element.tag)
        if known is None:
            _refuse(element, "holds a processing instruction")
        name, namespace = known
        text, pairs, size = element.text, element.items(), len(element)
        # most elements are leaves without attributes
        attributes = _attributes(element, pairs) if pairs else NO_ATTRIBUTES
        children: tuple[Resource, ...] = ()
        if size:
            children = tuple(made[: -size - 1 : -1])
            del made[-size:]
        add(
            _new(
                Resource,
                (
                    name,
                    namespace,
                    text.strip() if text else "",
                    attributes,
                    children,
                    element.sourceline,
                ),
            )
        )
    return made[0]


def _attributes(element: etree._Element, pairs: Any) -> Mapping[str, str]:
    """Return the attributes of an element, within the cap."""
    if len(pairs) > MOST_ATTRIBUTES:
        _refuse(element, f"has {len(pairs)} attributes, more than {MOST_ATTRIBUTES}")
    return MappingProxyType(dict(pairs))


def _shallow(element: etree._Element, depth: int) -> None:
    """Refuse what lies too deep; the cap bounds the recursion."""
    if depth > DEEPEST:
        _refuse(element, f"is nested deeper than {DEEPEST} elements")
    for child in element:
        _shallow(child, depth + 1)


@lru_cache(maxsize=4096)
def _named(tag: Any) -> tuple[str, str] | None:
    """Return local name and namespace of a tag; None where it is no element's."""
    if not isinstance(tag, str):
        return None
    namespace, brace, name = tag.rpartition("}")
    return (name, namespace[1:]) if brace else (tag, "")


def _refuse(element: etree._Element, problem: str) -> NoReturn:
    raise DocumentError(problem, where=f"line {element.sourceline}", rule=_XML)


def _element(resource: Resource, parent: etree._Element | None) -> etree._Element:
    """Return the element of `resource`; a namespace is the default where it first appears."""
    tag = f"{{{resource.namespace}}}{resource.name}" if resource.namespace else resource.name
    if parent is None:
        element = etree.Element(tag, nsmap=_prefixes(resource))
    else:
        element = etree.SubElement(parent, tag)
    for key, value in resource.attributes.items():
        element.set(key, value)
    element.text = resource.text or None
    for child in resource.children:
        _element(child, element)
    return element


def _prefixes(root: Resource) -> dict[Any, str]:
    """Return the prefixes of a document: its own namespace without one, the Australian as `csipaus`."""
    prefixes: dict[Any, str] = {None: root.namespace} if root.namespace else {}
    return prefixes | {
        f"csipaus{number or ''}": namespace
        for number, namespace in enumerate(
            space for space in CSIP_AUS if space != root.namespace and _uses(root, space)
        )
    }


def _uses(resource: Resource, namespace: str) -> bool:
    return any(
        child.namespace == namespace or _uses(child, namespace) for child in resource.children
    )
