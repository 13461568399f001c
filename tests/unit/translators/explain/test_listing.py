"""Listings: every value of a document on its row, under the path that a trace knows it by."""

import pytest

from translators.explain.listing import json_rows, listed, listings, path_of, place_of


def text_of(rows):
    return ["  " * row.depth + "".join(part.text for part in row.parts) for row in rows]


def places(rows):
    return {part.path: part.text for row in rows for part in row.parts if part.path}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a/b[1]/c", ("a", "b", "[1]", "c")),
        ("a/b[0]/c", ("a", "b", "c")),
        ("points[2].x", ("points", "[2]", "x")),
        ("", ()),
    ],
)
def test_a_path_has_segments_and_the_first_of_several_needs_no_number(text, path):
    assert path_of(text) == path


KNOWN = {
    ("a", "b", "c"): "1",
    ("c",): "2",
    ("a", "e"): "3",
    ("b", "e"): "4",
    ("p", "type"): '"KW"',
    ("p", "values"): "50.0",
    ("q", "one"): "7",
    ("q", "two"): "7",
}


@pytest.mark.parametrize(
    ("short", "raw", "place"),
    [
        pytest.param("b/c", "1", ("a", "b", "c"), id="the end"),
        pytest.param("c", "2", ("c",), id="nearest to the top"),
        pytest.param("above/b/c", "1", ("a", "b", "c"), id="begins above the text"),
        pytest.param("above/e", "3", None, id="above and twice below"),
        pytest.param("c/b", "9", None, id="the other way round"),
        pytest.param("", "1", None, id="nothing"),
        pytest.param("p", "50", ("p", "values"), id="what holds the value, other digits"),
        pytest.param("above/p", "KW", ("p", "type"), id="what holds a text, from above"),
        pytest.param("q", "7", None, id="two below say it"),
        pytest.param("p", "51", None, id="nothing below says it"),
    ],
)
def test_a_trace_names_a_place_by_its_end(short, raw, place):
    assert place_of(path_of(short), raw, KNOWN) == place


def test_xml_stands_element_by_element_with_repeated_ones_counted():
    rows = listed("c", '<a xmlns="u" k="1"><b>1</b><b>2</b><d><e/></d></a>').rows
    assert text_of(rows) == [
        '<a xmlns="u" k="1">',
        "  <b>1</b>",
        "  <b>2</b>",
        "  <d>",
        "    <e/>",
        "  </d>",
        "</a>",
    ]
    assert places(rows) == {("a", "b"): "1", ("a", "b", "[1]"): "2"}


def test_a_change_of_namespace_is_shown():
    rows = listed("c", '<a xmlns="u"><x:b xmlns:x="v">1</x:b></a>').rows
    assert text_of(rows)[1] == '  <b xmlns="v">1</b>'


def test_a_linked_document_goes_on_where_its_link_stands():
    control = {"name": "control", "text": '<C href="/me"><m href="/c/1"/></C>'}
    curve = {"name": "/c/1", "text": '<Curve href="/c/1"><x>5</x></Curve>'}
    first, second = listings([control, curve])
    assert first.links == {"/c/1": ("C", "m")}
    assert places(second.rows) == {("C", "m", "x"): "5"}


def test_json_keeps_digits_and_small_values_share_a_row():
    rows = listed(
        "e", '{"a": [50.0, 1e3], "b": {"c": "x", "d": [{"e": true}, null]}, "f": {}}'
    ).rows
    assert text_of(rows) == [
        "{",
        '  "a": [50.0, 1E+3],',
        '  "b": {',
        '    "c": "x",',
        '    "d": [',
        '      {"e": true},',
        "      null",
        "    ]",
        "  },",
        '  "f": {}',
        "}",
    ]
    assert places(rows)["a", "[1]"] == "1E+3"
    assert places(rows)["b", "d", "e"] == "true"


def test_a_reference_with_points_is_a_path():
    rows = listed("g", '{"values": {"WMaxSpt.ctlVal": 60}}').rows
    assert places(rows) == {("values", "WMaxSpt", "ctlVal"): "60"}


def test_a_long_object_takes_a_row_for_each_member():
    rows = list(json_rows({"name": "x" * 60, "n": 1}))
    assert [row.depth for row in rows] == [0, 1, 1, 0]


@pytest.mark.parametrize("text", ["plain\nwords", "<a", "[1", ""])
def test_what_is_neither_is_shown_line_by_line(text):
    assert text_of(listed("t", text).rows) == text.splitlines()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param("<a>x &amp; y</a>", ["<a>x & y</a>"], id="an entity"),
        pytest.param("<a><!-- why --><b/></a>", ["<a>", "  <b/>", "</a>"], id="a comment"),
        pytest.param("<a><![CDATA[<b>]]></a>", ["<a><b></a>"], id="a section"),
        pytest.param("\n  <a>1</a>\n", ["<a>1</a>"], id="blanks around"),
        pytest.param("<a>\n  <b> 1 </b>\n</a>", ["<a>", "  <b>1</b>", "</a>"], id="blanks inside"),
        pytest.param('<a href="/x"/>', ['<a href="/x"/>'], id="an attribute"),
    ],
)
def test_xml_is_shown_by_what_it_says(text, rows):
    assert text_of(listed("c", text).rows) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param("5", ["5"], id="a number alone"),
        pytest.param('"a"', ['"a"'], id="a text alone"),
        pytest.param("null", ["null"], id="nothing"),
        pytest.param("{}", ["{}"], id="an empty object"),
        pytest.param("[]", ["[]"], id="an empty array"),
        pytest.param('{"a": {}}', ["{", '  "a": {}', "}"], id="an empty object inside"),
        pytest.param("[1, [2]]", ["[", "  1,", "  [2]", "]"], id="an array inside"),
        pytest.param('{"a": 0.10}', ['{"a": 0.10}'], id="a zero at the end"),
        pytest.param('{"a": "\\u0000"}', ['{"a": "\\u0000"}'], id="a control character"),
    ],
)
def test_json_is_shown_with_the_digits_that_came(text, rows):
    assert text_of(listed("e", text).rows) == rows


def test_every_value_of_a_document_has_a_place_of_its_own():
    text = '{"a": [{"b": 1}, {"b": 2}, [3, 4]], "c.d": {"e": 5}}'
    rows = listed("e", text).rows
    found = [part.path for row in rows for part in row.parts if part.path]
    assert len(found) == len(set(found)) == 5
    assert places(rows)["c", "d", "e"] == "5"


def test_a_document_that_points_to_itself_has_no_link():
    assert listed("c", '<C href="/me"><D href="/me"/></C>').links == {}


def test_a_linked_document_that_nobody_links_to_stands_for_itself():
    texts = [{"name": "a", "text": "<A/>"}, {"name": "/c", "text": "<C><x>1</x></C>"}]
    assert places(listings(texts)[1].rows) == {("C", "x"): "1"}
