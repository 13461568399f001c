"""YAML of mapping files: the core schema of YAML 1.2, and everything else refused where it stands."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from translators.errors import MappingError
from translators.rules.yamltext import LARGEST_FILE, Place, documents, places


def value_of(text):
    (value,) = documents("m.yaml", text)
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", {"k": None}),
        ("", {"k": None}),
        ("Null", {"k": None}),
        ("true", {"k": True}),
        ("FALSE", {"k": False}),
        ("tRue", {"k": "tRue"}),
        ("010", {"k": 10}),
        ("-7", {"k": -7}),
        ("0o17", {"k": 15}),
        ("0x1F", {"k": 31}),
        ("1.5", {"k": 1.5}),
        (".5", {"k": 0.5}),
        ("1e3", {"k": 1000.0}),
        ("1.0.0", {"k": "1.0.0"}),
        ("1:30", {"k": "1:30"}),
        ("1_000", {"k": "1_000"}),
        ("2026-12-01", {"k": "2026-12-01"}),
        ("'on'", {"k": "on"}),
        ('"7"', {"k": "7"}),
        ("one\n  two", {"k": "one two"}),
        ("|\n  one\n", {"k": "one\n"}),
        ("y", {"k": "y"}),
        ("+", {"k": "+"}),
        ("'" + "1" * 60 + "'", {"k": "1" * 60}),
        ("." * 60, {"k": "." * 60}),
    ],
)
def test_a_scalar_is_what_the_core_schema_says(text, value):
    assert value_of(f"k: {text}\n") == value


def test_a_key_may_be_a_number_and_a_boolean_is_not_the_number_one():
    made = value_of("1: a\n'1': b\ntext: {2: c}\n")
    assert made == {1: "a", "1": "b", "text": {2: "c"}}


WORDS = ["yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["k: {}\n", "{}: 1\n", "k: [{}]\n"])
def test_a_boolean_of_yaml_1_1_is_refused_with_the_way_to_write_it(word, form):
    with pytest.raises(MappingError, match=f"{word} is a boolean in YAML 1.1.*write '{word}'"):
        value_of(form.format(word))


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("a: 1\na: 2\n", "2:1", "duplicate key 'a'"),
        ("x: {b: 1, b: 1}\n", "1:11", "duplicate key 'b'"),
        ("1: a\n0x1: b\n", "2:1", "duplicate key '0x1'"),
        ("a: &x [1]\n", "1:4", "anchors and aliases"),
        ("a: &x 1\n", "1:4", "anchors and tags"),
        ("&x a: 1\n", "1:1", "anchors and tags"),
        ("a: &x\n  b: *x\n", "1:4", "anchors and aliases"),
        ("a: *x\n", "1:4", "anchors and aliases"),
        ("a: !!python/object:x {}\n", "1:4", "tags are not"),
        ("a: !!str 1\n", "1:4", "anchors and tags"),
        ("? [a]\n: 1\n", "1:3", "a key is a text or a number"),
        ("? *x\n: 1\n", "1:3", "a key is a text or a number"),
        ("%YAML 1.1\n---\na: 1\n", "1:1", "is no document of YAML 1.2"),
        ("a: .inf\n", "1:4", ".inf is no finite number"),
        ("a: .NaN\n", "1:4", ".NaN is no finite number"),
        ("a: 1e999\n", "1:4", "1e999 is no finite number"),
        ("a: " + "1" * 41 + "\n", "1:4", "a number of 41 characters"),
        ("[" * 40 + "]" * 40, "1:34", "is nested deeper than 32"),
        ("a: [1\nb: 2\n", "2:2", "did not find expected"),
        ("a: {b: 1\n", "2:1", "did not find expected"),
        ("a: 'x\n", "2:1", "found unexpected end of stream"),
        ("\ta: 1\n", "1:1", "found character that cannot start any token"),
    ],
)
def test_what_is_no_part_of_the_language_is_refused_where_it_stands(text, place, problem):
    with pytest.raises(MappingError) as caught:
        value_of(text)
    assert str(caught.value).startswith(f"m.yaml:{place}: {problem}"), str(caught.value)
    assert caught.value.rule == "yaml"


def test_a_control_character_is_refused():
    with pytest.raises(MappingError, match=r"^m\.yaml: is no text that YAML knows"):
        value_of("a: \x01\n")


def test_a_file_beyond_reason_is_refused_unread():
    with pytest.raises(MappingError, match=f"characters are more than {LARGEST_FILE}"):
        value_of("#" * (LARGEST_FILE + 1))


def test_a_billion_laughs_is_refused_at_the_first():
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))]
    with pytest.raises(MappingError, match=r"^m\.yaml:1:5: anchors"):
        value_of("\n".join(lines))


def test_documents_before_a_fault_are_there_and_empty_ones_are_none():
    found = documents("m.yaml", "a: 1\n---\n---\nb: 2\n---\n[")
    assert [next(found), next(found)] == [{"a": 1}, {"b": 2}]
    with pytest.raises(MappingError):
        next(found)


def test_everything_stands_somewhere():
    text = "a: 1\n---\nb:\n  - c\n  - {d: e}\n"
    assert places("m.yaml", text, 1) == {
        (): Place(3, 1),
        ("b",): Place(3, 1, "b"),
        ("b", 0): Place(4, 5, "c"),
        ("b", 0, "="): Place(4, 5, "c"),
        ("b", 1): Place(5, 5),
        ("b", 1, "d"): Place(5, 6, "d"),
        ("b", 1, "d", "="): Place(5, 9, "e"),
    }
    assert places("m.yaml", text, 2) == {}


def test_places_of_a_text_that_breaks_off_end_there():
    with pytest.raises(MappingError):
        places("m.yaml", "a: 1\n---\n[", 1)


_TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_what_another_writer_of_yaml_1_2_writes_is_read(value):
    out = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_style = '"'
    writer.dump({"v": _quoted(value)}, out)
    assert value_of(out.getvalue()) == {"v": _quoted(value)}


def _quoted(value):
    """Return the value with scalars as texts: quoting makes texts of everything."""
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    return str(value)


@given(st.text(max_size=60))
def test_any_text_is_documents_or_an_error_with_its_place(text):
    assert _where(text).startswith("m.yaml")


def _where(text):
    try:
        list(documents("m.yaml", text))
    except MappingError as error:
        return error.where
    return "m.yaml"
