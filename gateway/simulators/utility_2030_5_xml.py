"""XML of the simulated utility: nodes, rendering, guarded reading. Written from the standard.

It shares no code with the gateway's own reader, so that one misreading cannot hide in both ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

SEP2 = "urn:ieee:std:2030.5:ns"
CSIP_AUS = "https://csipaus.org/ns"
MEDIA_TYPE = "application/sep+xml"
LARGEST_BODY = 1 << 20
DEEPEST = 24


class MalformedError(Exception):
    """A posted body is not the XML of a 2030.5 resource; says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """One element: name, attributes, and either text or children."""

    name: str
    text: str = ""
    children: tuple[Node, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    namespace: str = SEP2

    def named(self, name: str) -> Iterator[Node]:
        """Yield the children called `name`."""
        return (child for child in self.children if child.name == name)

    def at(self, path: str) -> str | None:
        """Return the text at `path` (`a/b`, first match), or None."""
        name, _, rest = path.partition("/")
        for child in self.named(name):
            return child.at(rest) if rest else child.text
        return None

    def without(self, name: str) -> Node:
        """Return a copy in which no element is called `name`, at any depth."""
        kept = tuple(child.without(name) for child in self.children if child.name != name)
        return replace(self, children=kept)

    def with_text(self, name: str, text: str) -> Node:
        """Return a copy in which every element called `name` says `text`, at any depth."""
        children = tuple(child.with_text(name, text) for child in self.children)
        return replace(self, children=children, text=text if self.name == name else self.text)


def leaf(name: str, value: object, namespace: str = SEP2) -> Node:
    """Return an element with text; booleans become `true` and `false`."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Node(name, text, namespace=namespace)


def branch(name: str, *children: Node | None, **attributes: object) -> Node:
    """Return an element with children; those that are None are left out, so are attributes."""
    given = {key: str(value) for key, value in attributes.items() if value is not None}
    return Node(name, children=tuple(child for child in children if child), attributes=given)


def link(name: str, href: str, count: int | None = None, namespace: str = SEP2) -> Node:
    """Return a Link, or a ListLink that says how many `all` are."""
    attributes = {"href": href} if count is None else {"href": href, "all": str(count)}
    return Node(name, attributes=attributes, namespace=namespace)


def render(node: Node) -> bytes:
    """Return the document whose root is `node`."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + _text(node, "").encode()


def parse(body: bytes) -> Node:
    """Read a posted body; MalformedError for anything but plain XML of bounded size and depth."""
    if len(body) > LARGEST_BODY:
        raise MalformedError(f"{len(body)} bytes are more than {LARGEST_BODY}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as exc:
        raise MalformedError(f"not well-formed XML: {exc.msg}") from exc
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedError("a document type declaration is not allowed")
    return _node(root, 1)


def _text(node: Node, namespace: str) -> str:
    """Write `node` inside an element of `namespace`; a change of it becomes the default."""
    attributes = dict(node.attributes)
    if node.namespace != namespace:
        attributes["xmlns"] = node.namespace
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    content = escape(node.text) + "".join(_text(item, node.namespace) for item in node.children)
    if not content:
        return f"<{node.name}{written}/>"
    return f"<{node.name}{written}>{content}</{node.name}>"


def _node(element: etree._Element, depth: int) -> Node:
    if depth > DEEPEST:
        raise MalformedError(f"elements are nested deeper than {DEEPEST}")
    if not isinstance(element.tag, str):
        raise MalformedError("processing instructions are not allowed")
    name = etree.QName(element)
    return Node(
        name.localname,
        (element.text or "").strip(),
        tuple(_node(child, depth + 1) for child in element),
        {str(key): str(value) for key, value in element.attrib.items()},
        name.namespace or "",
    )
