"""One form of mapping files: keys in order, comments and meaning kept."""

import re
from textwrap import dedent

import pytest

from gateway.settings.mappings import coverage_files, mapping_files
from translators.errors import MappingError
from translators.rules.formatting import formatted
from translators.rules.reader import read

SHIPPED = mapping_files() | coverage_files()
MIXED = dedent("""\
    # what the file is
    kind: SourceMapping   # the kind
    apiVersion: dergate/mapping.v1
    metadata: {version: 1.0.0, id: t.a, cites: ["clause 1"]}
    canonical: FixedVar
    source: {elements: [opModFixedVar], protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase}
    tests:
      # an example
      - {source: {value: 1, "on": yes!}, name: one, expect: {setpoint: '1 W'}}
    quantity:
      setpoint: {unit: W, from: value}  # watts
    """)
ORDERED = dedent("""\
    # what the file is
    apiVersion: dergate/mapping.v1
    kind: SourceMapping   # the kind
    metadata: {id: t.a, version: 1.0.0, cites: ["clause 1"]}
    source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModFixedVar]}
    canonical: FixedVar
    quantity:
      setpoint: {from: value, unit: W}  # watts
    tests:
      # an example
      - {name: one, source: {value: 1, "on": yes!}, expect: {setpoint: '1 W'}}
    """)


def test_keys_get_the_order_of_the_language_and_comments_stay():
    assert formatted("a.yaml", MIXED) == ORDERED


def test_what_is_in_order_does_not_change():
    assert formatted("a.yaml", ORDERED) == ORDERED


def test_documents_of_one_file_stay_apart():
    assert formatted("a.yaml", f"{MIXED}---\n{MIXED}") == f"{ORDERED}---\n{ORDERED}"


def test_white_space_at_the_end_goes_away():
    assert formatted("a.yaml", ORDERED.replace("FixedVar\n", "FixedVar   \n") + "\n\n") == ORDERED


def test_keys_that_nobody_knows_stand_behind_those_that_somebody_knows():
    text = "nonsense: 1\nkind: SourceMapping\napiVersion: dergate/mapping.v1\n"
    assert (
        formatted("a.yaml", text)
        == "apiVersion: dergate/mapping.v1\nkind: SourceMapping\nnonsense: 1\n"
    )


@pytest.mark.parametrize("text", ["b: 1\na: 2\n", "- b\n- a\n", "kind: Nonsense\na: 1\n"])
def test_what_is_no_rule_keeps_its_order(text):
    assert formatted("a.yaml", text) == text.replace("- ", "  - ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("a: [", "a.yaml:1:5", id="open"),
        pytest.param("a: 1\na: 2\n", "a.yaml:2:1", id="a key twice"),
        pytest.param("a: \x01", "a.yaml", id="no text"),
    ],
)
def test_what_is_no_yaml_is_named_with_its_place(text, place):
    with pytest.raises(MappingError) as error:
        formatted("a.yaml", text)
    assert str(error.value).startswith(place)


@pytest.mark.parametrize("path", SHIPPED)
def test_every_shipped_file_is_in_the_one_form(path):
    """`dergate map fmt` puts it there."""
    assert formatted(path, SHIPPED[path]) == SHIPPED[path]


@pytest.mark.parametrize(
    "path", ["ieee2030_5/csip-aus.yaml", "openadr/curves.yaml", "ocpp/2.0.1.yaml"]
)
def test_a_file_out_of_order_means_the_same_and_keeps_its_comments(path):
    text = SHIPPED[path]
    moved = r"\2apiVersion: dergate/mapping.v1  # the language\n"
    mixed = re.sub(r"^(apiVersion: .*\n)(kind: .*\n)", moved, text, flags=re.MULTILINE)
    assert mixed != text
    written = formatted(path, mixed)
    assert list(read(path, written)) == list(read(path, text))
    assert written.count("#") == mixed.count("#")
    assert formatted(path, written) == written
