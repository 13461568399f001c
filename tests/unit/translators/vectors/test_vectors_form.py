"""Vector files and stations.yaml as texts: what is read, and how each fault is named."""

import json
from fractions import Fraction

import pytest

from support.vector_builders import GOLDEN, STATIONS, a_vector, vector_text
from translators.canonical.capability import Current
from translators.errors import DocumentError
from translators.vectors import read_json, read_stations, read_vector, vector_of


def test_numbers_of_a_vector_are_exact():
    vector = read_vector(vector_text(context__der_settings={"setMinPFOverExcited": 0.85}))
    assert vector.context.der_settings == {"setMinPFOverExcited": Fraction(17, 20)}


def test_a_vector_speaks_ocpp_2_1_unless_it_says_otherwise():
    assert read_vector(vector_text()).ocpp_version == "2.1"
    assert read_vector(vector_text(ocpp_version="2.0.1")).ocpp_version == "2.0.1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "is no JSON", id="nothing"),
        pytest.param("{", "line 1 column 2: is no JSON", id="truncated"),
        pytest.param("[1]", "not an object", id="a list"),
        pytest.param('{"id": NaN}', "NaN is no number", id="not a number"),
        pytest.param('{"id": "a", "id": "b"}', "'id' stands twice", id="a key twice"),
        pytest.param("[" * 100_000, "is no JSON", id="endlessly deep"),
        pytest.param("1" * 5000, "is no JSON", id="a number of 5000 digits"),
        pytest.param(" " * ((1 << 20) + 1), "more than 1048576", id="too long"),
    ],
)
def test_what_is_no_vector_is_refused_by_name(text, problem):
    with pytest.raises(DocumentError, match=problem):
        read_vector(text)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"ocpp_verson": "2.1"}, "ocpp_verson: is no key of this form", id="misspelt"),
        pytest.param({"ocpp_version": "1.6"}, "ocpp_version: ", id="OCPP 1.6"),
        pytest.param({"id": ""}, "id: ", id="no name"),
        pytest.param({"source__revision": "2013"}, "'2013' is none of 2018, 2023", id="revision"),
        pytest.param({"source__protocol": "dlms"}, "source.protocol", id="protocol"),
        pytest.param({"source__documents": {}}, "documents lack 'control'", id="no document"),
        pytest.param({"source__documents__control": 5}, "XML texts", id="document no text"),
        pytest.param({"source__program_primacy": None}, "program_primacy is missing", id="primacy"),
        pytest.param({"source__program_primacy": 256}, "less than or equal to 255", id="too big"),
        pytest.param({"expect__loss_kinds": ["lost"]}, "expect.loss_kinds.0", id="loss kind"),
        pytest.param(
            {"context__der_settings": {"setMaxW": "5"}}, "should be a number", id="digit string"
        ),
        pytest.param({"context__der_settings": {"setMaxW": True}}, "a number", id="boolean"),
        pytest.param({"context__dialect": {"vref": "x"}}, "context.dialect.vref", id="dialect"),
        pytest.param({"context__policy": {"x": "y"}}, "context.policy.x: is no key", id="policy"),
        pytest.param(
            {"context__transactions": [{"transactionId": "t"}]}, "evseId", id="transaction"
        ),
    ],
)
def test_a_malformed_vector_names_the_key(changes, problem):
    with pytest.raises(DocumentError) as caught:
        vector_of(a_vector(**changes))
    assert problem in str(caught.value)


def test_every_fault_of_a_vector_is_named_at_once():
    with pytest.raises(DocumentError) as caught:
        vector_of({"id": "x"})
    assert all(f"{name}: field required" in str(caught.value) for name in ("station", "source"))


def test_an_openadr_vector_has_an_event():
    source = {"protocol": "openadr", "revision": "3.1", "documents": {"event": {"id": "e"}}}
    assert vector_of(a_vector(source=source)).source.documents["event"] == {"id": "e"}
    with pytest.raises(DocumentError, match="documents lack 'event'"):
        vector_of(a_vector(source=source | {"documents": {}}))


def test_fractions_stay_decimal_in_json():
    assert str(read_json('{"a": 0.1}')["a"]) == "0.1"


def test_stations_come_with_ratings_modes_and_units():
    station = read_stations(STATIONS)["S"]
    (evse,) = station.profile.evses
    assert (evse.current, evse.phases) == (Current.DC, 3)
    assert evse.ratings.max_charge_rate_w == 11000
    assert "VoltVar" in evse.der_modes
    assert evse.charging_rate_units == ("W", "A")
    assert station.profile.nominal_frequency_hz == 50


def test_a_station_is_only_spoken_to_in_its_versions():
    station = read_stations(STATIONS)["S"]
    assert station.over("2.0.1").ocpp_version == "2.0.1"
    with pytest.raises(DocumentError, match=r"station S speaks 2\.1, 2\.0\.1"):
        station.over("1.6")


def test_a_station_may_have_a_dialect_of_its_own():
    text = STATIONS.replace(
        "nominal_frequency_hz: 50", "nominal_frequency_hz: 50\n  dialect: {droop: percent}"
    )
    assert read_stations(text)["S"].profile.dialect.droop == "percent"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "names no station", id="nothing"),
        pytest.param("- a", "names no station", id="a list"),
        pytest.param("A: {", "line 1 column", id="no YAML"),
        pytest.param("A: 1\nA: 2", "is no YAML", id="a station twice"),
        pytest.param("A: 5", "A: the whole: ", id="no mapping"),
        pytest.param("\x00", "is no YAML", id="a null"),
        pytest.param(STATIONS.replace("MaxVar:", "MaxVars:"), "MaxVars: not among", id="rating"),
        pytest.param(STATIONS.replace("phases: 3", "phases: 4"), "evses.0.phases", id="phases"),
        pytest.param(STATIONS.replace("10000", ".nan"), "finite number", id="not a number"),
        pytest.param(" " * ((1 << 20) + 1), "more than 1048576", id="too long"),
    ],
)
def test_stations_that_cannot_be_are_refused_by_name(text, problem):
    with pytest.raises(DocumentError) as caught:
        read_stations(text)
    assert problem in str(caught.value)


def test_every_vector_here_is_read():
    texts = [path.read_text(encoding="utf-8") for path in GOLDEN.glob("*/*.json")]
    assert {read_vector(text).id for text in texts} == {json.loads(text)["id"] for text in texts}
