"""Reading and writing of 2030.5 XML: what is kept, and what is refused by name."""

import time

import pytest

from translators.errors import DocumentError
from translators.ieee2030_5.wire import CSIP_AUS, SEP2, Resource
from translators.ieee2030_5.xml import LARGEST_DOCUMENT, MOST_ELEMENTS, parse, render

TIME = b'<Time xmlns="urn:ieee:std:2030.5:ns" href="/tm"><currentTime> 17 </currentTime></Time>'


def bare(resource):
    """What a resource says, without its lines."""
    return (
        resource.name,
        resource.namespace,
        resource.text,
        dict(resource.attributes),
        [bare(child) for child in resource.children],
    )


def test_names_namespace_attributes_and_stripped_text_are_kept():
    time_resource = parse(TIME)
    assert (time_resource.name, time_resource.namespace) == ("Time", SEP2)
    assert time_resource.href == "/tm"
    assert time_resource.text_at("currentTime") == "17"


def test_unknown_elements_comments_and_order():
    data = b"<a>\n<!-- not kept --><z x='1'>1</z><b/><z>2</z></a>"
    found = parse(data)
    assert [child.name for child in found.children] == ["z", "b", "z"]
    assert [child.text for child in found.every("z")] == ["1", "2"]
    assert found.namespace == ""
    assert [child.line for child in found.children] == [2, 2, 2]


@pytest.mark.parametrize(
    "lead",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xef\xbb\xbf", id="a byte order mark"),
        pytest.param(b"\n  ", id="blank lines"),
        pytest.param(b'<?xml version="1.0" encoding="UTF-8"?>\n', id="a declaration"),
        pytest.param(b"<?xml version='1.0' encoding='us-ascii'?>", id="ASCII"),
    ],
)
def test_what_may_stand_before_the_root(lead):
    assert parse(lead + TIME).name == "Time"


BOMB = b'<!DOCTYPE r [<!ENTITY a "0123456789"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>'
FILE = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "the body is empty", id="nothing"),
        pytest.param(b" \n", "the body is empty", id="blanks"),
        pytest.param(b'{"a": 1}', "is not XML", id="JSON"),
        pytest.param(b"\x00\x01", "is not XML", id="binary"),
        pytest.param("<a/>".encode("utf-16"), "is not XML", id="UTF-16"),
        pytest.param(b"<!doctype html><html></html>", "is HTML", id="HTML"),
        pytest.param(b"\n<HTML><body></HTML>", "is HTML", id="HTML without a type"),
        pytest.param(BOMB, "document type declaration is not allowed", id="entity bomb"),
        pytest.param(FILE, "document type declaration is not allowed", id="external entity"),
        pytest.param(
            b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE r+AD4-<r/>',
            "neither UTF-8",
            id="an encoding that hides a document type",
        ),
        pytest.param(TIME[:-7], "not well-formed XML: ", id="truncated"),
        pytest.param(b"<a/><b/>", "not well-formed XML", id="two roots"),
        pytest.param(b"<a>&nbsp;</a>", "not well-formed XML", id="unknown entity"),
        pytest.param(b"<a>\x00</a>", "not well-formed XML", id="a null"),
        pytest.param(b"<a><?run this?></a>", "processing instruction", id="an instruction"),
        pytest.param(b"<a>" * 33 + b"</a>" * 33, "nested deeper than 32", id="deep"),
        pytest.param(b"<a>" * 5000, "not well-formed XML", id="endlessly deep"),
        pytest.param(
            b"<r " + b" ".join(b'a%d="1"' % n for n in range(65)) + b"/>",
            "65 attributes, more than 64",
            id="attributes",
        ),
        pytest.param(
            b"<r>" + b"<a/>" * MOST_ELEMENTS + b"</r>", "more than 20000 elements", id="elements"
        ),
        pytest.param(
            b"<r>" + b" " * LARGEST_DOCUMENT + b"</r>", "bytes are more than 1048576", id="size"
        ),
    ],
)
def test_what_is_refused_says_why_at_once(data, reason):
    begin = time.perf_counter()
    with pytest.raises(DocumentError, match=reason):
        parse(data)
    assert time.perf_counter() - begin < 1


def test_the_error_says_the_line():
    with pytest.raises(DocumentError, match="line 3"):
        parse(b"<a>\n<b>\n</a>")


@pytest.mark.parametrize("namespace", CSIP_AUS)
def test_what_is_written_reads_the_same(namespace):
    aus = Resource("opModImpLimW", namespace, children=(Resource("value", namespace, "5"),))
    base = Resource("DERControlBase", children=(Resource("rampTms", text="<&>"), aus))
    root = Resource("DERControl", attributes={"href": "/a?b&c", "all": "1"}, children=(base,))
    data = render(root)
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<DERControl xmlns="urn:')
    assert bare(parse(data)) == bare(root)


def test_a_root_without_namespace_is_written_without():
    assert render(Resource("a", "")).endswith(b"<a/>")
