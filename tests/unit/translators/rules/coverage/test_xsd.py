"""Leaves of a type of an XML schema."""

import pytest

from translators.errors import MappingError
from translators.rules.coverage.xsd import XmlSchema

SCHEMA = XmlSchema(b"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="Int8"><xs:restriction base="xs:byte"/></xs:simpleType>
  <xs:complexType name="PerCent">
    <xs:simpleContent>
      <xs:extension base="Int8"><xs:attribute name="disabled"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="Power">
    <xs:sequence>
      <xs:element name="multiplier" type="Int8"/><xs:element name="value" type="xs:short"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Later"/>
  <xs:complexType name="Link"><xs:attribute name="href"/></xs:complexType>
  <xs:complexType name="CurveLink">
    <xs:complexContent><xs:extension base="Link"/></xs:complexContent>
  </xs:complexType>
  <xs:complexType name="Named">
    <xs:sequence><xs:element name="mRID" type="xs:string"/></xs:sequence>
  </xs:complexType>
  <xs:complexType name="Point"><xs:sequence><xs:element name="x" type="Int8"/></xs:sequence></xs:complexType>
  <xs:complexType name="Curve">
    <xs:complexContent><xs:extension base="Named"><xs:sequence>
      <xs:element name="Points" type="Point"/><xs:element name="Inner" type="Curve"/>
    </xs:sequence></xs:extension></xs:complexContent>
  </xs:complexType>
  <xs:complexType name="Base">
    <xs:sequence>
      <xs:element name="limit" type="Power"/><xs:element name="share" type="PerCent"/>
      <xs:element name="curve" type="CurveLink"/><xs:element name="Base_later" type="Later"/>
      <xs:element name="ramp" type="xs:unsignedShort"/>
    </xs:sequence>
  </xs:complexType>
</xs:schema>""")


def leaves(name, follow=None, apart=()):
    return SCHEMA.leaves(name, follow or {}, frozenset(apart))


def test_elements_with_text_and_attributes_are_leaves():
    assert leaves("Base") == {
        "limit/multiplier",
        "limit/value",
        "share",
        "share/@disabled",
        "curve/@href",
        "Base_later",
        "ramp",
    }


def test_text_of_a_type_that_is_not_named_has_the_attributes_beside_it():
    schema = XmlSchema(b"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="Text"><xs:simpleContent>
    <xs:extension base="xs:string"><xs:attribute name="lang"/></xs:extension>
  </xs:simpleContent></xs:complexType>
</xs:schema>""")
    assert schema.leaves("Text", {}, frozenset()) == {"@lang"}


def test_a_link_that_is_followed_has_the_leaves_of_what_is_behind_it():
    added = leaves("Base", {"CurveLink": "Curve"}) - leaves("Base")
    assert added == {"curve/mRID", "curve/Points/x"}


def test_a_type_that_is_told_elsewhere_is_left_out():
    assert leaves("Base", apart=["Power"]) == leaves("Base") - {"limit/multiplier", "limit/value"}


def test_a_type_inside_itself_is_left_out():
    assert leaves("Curve") == {"mRID", "Points/x"}


def test_a_type_that_is_not_there_is_an_error():
    with pytest.raises(MappingError, match=r"Basis.*is no type of the schema"):
        leaves("Basis")
