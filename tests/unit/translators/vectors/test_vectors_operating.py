"""Vectors of IEC 61850: what a client operates, as JSON."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from support.translation import book
from support.vector_builders import GOLDEN, a_vector
from translators.errors import DocumentError
from translators.vectors import bare, case_of, play, read_json, read_stations, vector_of
from translators.vectors.operating import operated

STATIONS = read_stations((GOLDEN / "own" / "stations.yaml").read_text(encoding="utf-8"))
STATION = STATIONS["A"].profile
NL = {"profile": "nl-rti"}


def document(**changes):
    told = {"node": "DWMX1", "values": {"WMaxSptPct.ctlVal": Decimal("50.5")}, **changes}
    return operated(told, "iec-7-420-ed2", STATION, primacy=3, utility="vector")


def test_a_document_has_its_values_and_its_surroundings():
    made = document(
        at="2026-11-05T08:30:00Z",
        operTm="2026-11-05T10:00:00+01:00",
        duration=900,
        settings={"VArSetRef.setVal": 1},
        beside={"DLFW": {"HzStr.setMag": 59}},
        site={"side": "load"},
    )
    context = made.context
    assert made.values == {"WMaxSptPct.ctlVal": Decimal("50.5")}
    assert context.server_time == datetime(2026, 11, 5, 8, 30, tzinfo=UTC)
    assert context.oper_time == datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert (context.station, context.profile, context.primacy) == ("A", "iec-7-420-ed2", 3)
    assert (context.duration_s, context.nominal_frequency_hz) == (900, STATION.nominal_frequency_hz)
    assert (context.settings, context.site) == ({"VArSetRef.setVal": 1}, {"side": "load"})
    assert context.beside == {"DLFW": {"HzStr.setMag": 59}}


def test_what_is_left_out_has_a_default():
    context = document().context
    assert context.server_time == datetime(1970, 1, 1, tzinfo=UTC)
    assert (context.oper_time, context.duration_s) == (None, None)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"at": "soon"}, "at: should be an instant"),
        ({"at": "2026-11-05T08:30:00"}, "at: should say its offset from UTC"),
        ({"node": "nothing"}, "is no logical node"),
        ({"values": []}, "values"),
        ({"value": {}}, "value: is no key of this form"),
        ({"duration": "900"}, "duration"),
    ],
)
def test_what_is_no_document_is_named(changes, problem):
    with pytest.raises(DocumentError, match=problem):
        document(**changes)


def test_a_vector_says_where_its_document_is_none():
    vector = read_json((GOLDEN / "own" / "IV01.json").read_text(encoding="utf-8"))
    vector["source"]["documents"]["operate"]["node"] = "nothing"
    with pytest.raises(DocumentError, match="is no logical node") as error:
        case_of(vector_of(vector), STATIONS)
    assert error.value.where == "source.documents.operate"


def test_a_file_names_its_profile_or_means_the_edition_of_the_standard():
    told = {"node": "DWMX1", "values": {}}
    made = [bare(told | named, STATION, primacy=0, utility="file") for named in ({}, NL)]
    assert [one.revision for one in made] == ["iec-7-420-ed2", "nl-rti"]
    with pytest.raises(DocumentError, match="is no profile") as error:
        bare(told | {"profile": "nl"}, STATION, primacy=0, utility="file")
    assert (error.value.where, error.value.value) == ("profile", "nl")


def refused_limit(cause):
    own = GOLDEN / "own"
    vector = read_json((own / "IV40.json").read_text(encoding="utf-8"))
    vector["expect"]["add_cause"] = cause
    return [str(line) for line in play(book(), vector_of(vector), STATIONS)]


def test_a_vector_may_say_which_cause_the_client_is_told():
    assert refused_limit(1) == []
    assert refused_limit(26) == ["add_cause: expected 26, got 1"]


def test_a_cause_where_the_station_decides_is_none_yet():
    own = GOLDEN / "own"
    vector = read_json((own / "IV01.json").read_text(encoding="utf-8"))
    vector["expect"]["add_cause"] = 25
    lines = [str(line) for line in play(book(), vector_of(vector), STATIONS)]
    assert lines == ["add_cause: expected 25, got none"]


def test_a_cause_is_for_this_protocol_alone():
    with pytest.raises(DocumentError, match="an add_cause answers iec61850 alone"):
        vector_of(a_vector(expect__add_cause=1))
