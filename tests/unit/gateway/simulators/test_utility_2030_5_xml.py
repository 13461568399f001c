"""Nodes: written, read back, and what is not read at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.simulators.utility_2030_5_xml import (
    CSIP_AUS,
    DEEPEST,
    LARGEST_BODY,
    SEP2,
    MalformedError,
    Node,
    branch,
    leaf,
    link,
    parse,
    render,
)

WORDS = st.text("abcDEF", min_size=1, max_size=6)
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8)
NAMESPACES = st.sampled_from([SEP2, CSIP_AUS])
LEAVES = st.builds(
    Node,
    name=WORDS,
    text=TEXTS,
    attributes=st.dictionaries(WORDS, TEXTS, max_size=2),
    namespace=NAMESPACES,
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(
        Node,
        name=WORDS,
        children=st.lists(below, min_size=1, max_size=3).map(tuple),
        namespace=NAMESPACES,
    ),
    max_leaves=6,
)


@given(TREES)
def test_whatever_is_written_is_read_back(node):
    assert parse(render(node)) == node


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(0, "0", id="zero is written"),
        pytest.param(-32768, "-32768", id="below zero"),
        pytest.param("<&>", "<&>", id="signs of XML"),
    ],
)
def test_a_leaf_says_its_value_as_the_schema_does(value, text):
    assert leaf("a", value).text == text
    assert etree.fromstring(render(leaf("a", value))).text == text


def test_a_branch_leaves_out_what_is_none():
    node = branch("List", None, leaf("a", 1), None, href="/x", pollRate=None, all=0)
    assert [child.name for child in node.children] == ["a"]
    assert node.attributes == {"href": "/x", "all": "0"}


def test_links_state_all_only_where_it_is_a_list():
    assert link("TimeLink", "/tm").attributes == {"href": "/tm"}
    assert link("DERListLink", "/der", 0).attributes == {"href": "/der", "all": "0"}


def test_each_element_keeps_its_namespace():
    inner = Node("value", "7")
    node = branch("DERControlBase", Node("opModExpLimW", children=(inner,), namespace=CSIP_AUS))
    root = etree.fromstring(render(node))
    assert [item.tag for item in root.iter()] == [
        f"{{{SEP2}}}DERControlBase",
        f"{{{CSIP_AUS}}}opModExpLimW",
        f"{{{SEP2}}}value",
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a", "1", id="a child"),
        pytest.param("b/c", "2", id="a grandchild, the first of two"),
        pytest.param("b", "", id="an element without text"),
        pytest.param("x", None, id="nothing"),
        pytest.param("b/x", None, id="nothing below"),
    ],
)
def test_text_is_found_by_its_path(path, text):
    node = branch("r", leaf("a", 1), branch("b", leaf("c", 2), leaf("c", 3)))
    assert node.at(path) == text


def test_an_element_is_left_out_at_every_depth():
    node = branch("r", leaf("a", 1), branch("b", leaf("a", 2), leaf("c", 3)))
    assert node.without("a") == branch("r", branch("b", leaf("c", 3)))


def test_an_element_is_rewritten_at_every_depth():
    node = branch("r", leaf("a", 1), branch("b", leaf("a", 2)))
    assert node.with_text("a", "9") == branch("r", leaf("a", 9), branch("b", leaf("a", 9)))


def test_comments_are_skipped():
    assert parse(b"<a><!-- no --><b>1</b></a>") == Node(
        "a", children=(Node("b", "1", namespace=""),), namespace=""
    )


DEEP = b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "not well-formed", id="empty"),
        pytest.param(b"<a><b></a>", "not well-formed", id="crossed"),
        pytest.param(b"<a>", "not well-formed", id="cut"),
        pytest.param(b'{"a": 1}', "not well-formed", id="JSON"),
        pytest.param(b"<!DOCTYPE a><a/>", "document type", id="a document type"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type", id="an entity of its own"
        ),
        pytest.param(b"<a><?php ?></a>", "processing instructions", id="an instruction"),
        pytest.param(DEEP, "nested deeper", id="too deep"),
        pytest.param(b"<a>" + b" " * LARGEST_BODY + b"</a>", "more than", id="too big"),
    ],
)
def test_what_is_no_plain_document_is_refused(body, words):
    with pytest.raises(MalformedError, match=words):
        parse(body)


def test_the_deepest_allowed_is_read():
    body = b"<a>" * DEEPEST + b"</a>" * DEEPEST
    assert parse(body).name == "a"


def test_a_file_outside_is_never_fetched(tmp_path):
    (tmp_path / "secret").write_text("secret")
    body = f'<!DOCTYPE a [<!ENTITY b SYSTEM "file://{tmp_path}/secret">]><a>&b;</a>'
    with pytest.raises(MalformedError, match="document type"):
        parse(body.encode())
