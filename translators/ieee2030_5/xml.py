"""IEEE 2030.5 XML: guarded reading into resources, and writing them.

A peer's bytes are read only where they are plain XML of bounded size: no document type, no
processing instruction, caps on bytes, depth, elements and attributes. Unknown elements are kept.
"""

from __future__ import annotations

import re
from itertools import islice
from types import MappingProxyType
from typing import Any, cast

from lxml import etree

from translators.errors import DocumentError
from translators.ieee2030_5.wire import CSIP_AUS, Resource

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


def parse(data: bytes) -> Resource:
    """Return the root element of a document; `DocumentError` says why it is none that is read."""
    if len(data) > LARGEST_DOCUMENT:
        raise DocumentError(f"{len(data)} bytes are more than {LARGEST_DOCUMENT}", rule=_XML)
    head = data.lstrip(_BLANK)
    if not head:
        raise DocumentError("the body is empty", rule=_XML)
    if head[:64].lower().startswith((b"<!doctype html", b"<html")):
        raise DocumentError("is HTML, not XML of IEEE 2030.5", rule=_XML)
    if not head.startswith(b"<"):
        raise DocumentError("is not XML", value=head[:40], rule=_XML)
    declared = _ENCODING.match(head)
    if declared and declared[1].lower() not in _ENCODINGS:
        problem = "is neither UTF-8 nor a part of it"  # 2030.5 5.2; others could hide a DOCTYPE
        raise DocumentError(problem, where="encoding", value=declared[1].decode(), rule=_XML)
    # A document type is refused unread: what it declares could cost more than its own size.
    if b"<!DOCTYPE" in data:
        raise DocumentError("a document type declaration is not allowed", rule=_XML)
    return _resource(_root(data))


def render(resource: Resource) -> bytes:
    """Return the document whose root is `resource`, UTF-8 with declaration."""
    element = _element(resource, None)
    return _DECLARATION + etree.tostring(element, encoding="utf-8")


def _root(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        problem = f"is not well-formed XML: {(exc.msg or '').strip()}"
        raise DocumentError(problem, where=f"line {exc.lineno}", rule=_XML) from exc


def _resource(root: etree._Element) -> Resource:
    """Return the tree below `root` within the caps, without recursion."""
    if next(islice(root.iter(), MOST_ELEMENTS, None), None) is not None:
        raise DocumentError(f"has more than {MOST_ELEMENTS} elements", rule=_XML)
    made: dict[etree._Element, Resource] = {}
    stack = [(root, 1, False)]
    while stack:
        element, depth, entered = stack.pop()
        if entered:
            made[element] = _made(element, tuple(made.pop(child) for child in element))
            continue
        _check(element, depth)
        stack.append((element, depth, True))
        stack += [(child, depth + 1, False) for child in element]
    return made[root]


def _check(element: etree._Element, depth: int) -> None:
    where = f"line {element.sourceline}"
    if depth > DEEPEST:
        raise DocumentError(f"is nested deeper than {DEEPEST} elements", where=where, rule=_XML)
    if not isinstance(element.tag, str):
        raise DocumentError("holds a processing instruction", where=where, rule=_XML)
    if len(element.attrib) > MOST_ATTRIBUTES:
        problem = f"has {len(element.attrib)} attributes, more than {MOST_ATTRIBUTES}"
        raise DocumentError(problem, where=where, rule=_XML)


def _made(element: etree._Element, children: tuple[Resource, ...]) -> Resource:
    name = etree.QName(element)
    attributes = {str(key): str(value) for key, value in element.attrib.items()}
    return Resource(
        name.localname,
        name.namespace or "",
        (element.text or "").strip(),
        MappingProxyType(attributes),
        children,
        line=cast("int", element.sourceline),  # its stub says `...`
    )


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
