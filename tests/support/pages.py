"""Pages as tests read them: strictly, as a tree; and what a page would fetch."""

import base64
import hashlib
import re

from lxml import etree

_VOID = re.compile(r"<((?:meta|br)\b[^>]*)>")
_BLOCKS = ("p", "ul", "div", "table", "section", "pre", "dl", "h1", "h2", "h3", "figure")


def tree(page):
    """Return the tree of a page in which every element is closed, every id is one's own and a
    paragraph holds no block; the check of an HTML parser that forgives is none.
    """
    assert page.startswith("<!DOCTYPE html>\n")
    root = etree.fromstring(_VOID.sub(r"<\1/>", page.removeprefix("<!DOCTYPE html>\n")))
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    for block in _BLOCKS:
        assert not root.xpath(f"//p//{block}"), f"a paragraph holds {block}"
    assert not root.xpath("//button//button | //a//a | //a//button")
    assert root.get("lang") == "en"
    assert root.xpath("string(/html/head/title)")
    return root


def fetched(root):
    """Return what a browser would load to show the page."""
    return root.xpath("//@src | //link/@href | //object/@data | //iframe | //*[@style] | //base")


def admitted(root):
    """Say whether the page's policy names the hashes of exactly its own style and script."""
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    texts = root.xpath("//style/text() | //script/text()")
    own = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts}
    return set(re.findall(r"'sha256-([^']+)'", policy)) == own and "default-src 'none'" in policy


def words(element):
    """Return the text inside an element, blanks folded."""
    return " ".join(" ".join(element.itertext()).split())
