"""Limits of a document to the last byte, and which namespaces get a prefix."""

import re

import pytest

from translators.errors import DocumentError
from translators.ieee2030_5.wire import CSIP_AUS, SEP2, Resource
from translators.ieee2030_5.xml import LARGEST_DOCUMENT, MOST_ELEMENTS, parse, render

FIRST, SECOND, *_ = CSIP_AUS


def a_document(*, size=None, depth=2, elements=2, attributes=0):
    """Return a document that has so much of one thing."""
    words = b" ".join(b'a%d="1"' % number for number in range(attributes))
    inner = b"<a>" * (depth - 1) + b"</a>" * (depth - 1) + b"<a/>" * (elements - depth)
    text = b"<r " + words + b">%s" + inner + b"</r>"
    return text % (b"" if size is None else b" " * (size - len(text) + 2))


@pytest.mark.parametrize(
    ("limit", "over"),
    [
        ({"size": LARGEST_DOCUMENT}, {"size": LARGEST_DOCUMENT + 1}),
        ({"depth": 32, "elements": 32}, {"depth": 33, "elements": 33}),
        ({"elements": MOST_ELEMENTS}, {"elements": MOST_ELEMENTS + 1}),
        ({"attributes": 64}, {"attributes": 65}),
    ],
    ids=lambda sizes: "-".join(f"{name} {number}" for name, number in sizes.items()),
)
def test_what_just_fits_is_read_and_one_more_is_not(limit, over):
    assert parse(a_document(**limit)).name == "r"
    with pytest.raises(DocumentError):
        parse(a_document(**over))


def test_the_documents_here_have_the_size_they_say():
    assert len(a_document(size=500)) == 500


@pytest.mark.parametrize(
    ("root", "child", "declared"),
    [
        pytest.param(SEP2, SEP2, [("", SEP2)], id="of the standard alone"),
        pytest.param(SEP2, FIRST, [("", SEP2), ("csipaus", FIRST)], id="with an Australian child"),
        pytest.param(FIRST, FIRST, [("", FIRST)], id="Australian alone"),
        pytest.param(FIRST, SECOND, [("", FIRST), ("csipaus", SECOND)], id="of two editions"),
    ],
)
def test_only_a_foreign_namespace_in_use_gets_a_prefix(root, child, declared):
    data = render(Resource("a", root, children=(Resource("b", child, "1"),))).decode()
    assert re.findall(r'xmlns:?(\w*)="([^"]*)"', data) == declared
