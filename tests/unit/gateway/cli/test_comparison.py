"""`dergate map diff`: rules, recorded documents, and how it ends."""

import json
import shutil

import pytest

from gateway.settings.mappings import mappings_folder
from support.vector_builders import CURVE, GOLDEN, STATIONS, a_vector, control_xml, vector_text

TWO_STATIONS = STATIONS + STATIONS.replace("S:", "T:")


@pytest.fixture
def dergate(dergate):
    return lambda *arguments: dergate("diff", *arguments)


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "stations.yaml").write_text(STATIONS)
    (folder / "V1.json").write_text(vector_text())
    return folder


def test_rules_that_are_the_same_end_with_0(dergate, corpus):
    arguments = ("shipped", mappings_folder(), "--corpus", corpus, "--detailed-exitcode")
    status, out, _ = dergate(*arguments)
    assert status == 0
    assert out.endswith(
        "0 rules differ\n0 of 1 documents differ: 0 safer, 0 looser, 0 other; 0 not compared\n"
    )


def test_a_changed_digit_shows_in_rule_and_document(dergate, corpus, coarse):
    status, out, _ = dergate("shipped", coarse, "--corpus", corpus)
    assert status == 0
    assert "emit.displacement.round.places: 4 -> 1" in out
    assert "V1.json 00000000000000000000000A0000CAFE for station S" in out
    assert "fixedPFInject/displacement: 0.95 -> 1  by +0.05  other" in out


def test_a_difference_ends_with_3_where_that_is_asked_for(dergate, corpus, coarse):
    assert dergate("shipped", coarse, "--detailed-exitcode")[0] == 3
    assert dergate("shipped", coarse, "--corpus", corpus, "--detailed-exitcode")[0] == 3


def test_without_a_corpus_only_rules_are_compared(dergate, coarse):
    status, out, _ = dergate("shipped", coarse)
    assert status == 0
    assert out.endswith("no documents were compared (--corpus DIR)\n")


def test_json_goes_to_a_file(dergate, corpus, coarse, tmp_path):
    out = tmp_path / "d.json"
    dergate("shipped", coarse, "--corpus", corpus, "--format", "json", "-o", out)
    told = json.loads(out.read_text())
    assert told["summary"]["changed"] == 1
    assert told["documents"][0]["numbers"][0]["after"] == 1


def test_a_bare_document_is_compared_for_each_station_once(dergate, corpus, coarse):
    (corpus / "stations.yaml").write_text(TWO_STATIONS)
    (corpus / "a.xml").write_text(control_xml())
    (corpus / "again.xml").write_text(control_xml())
    _, out, _ = dergate("shipped", coarse, "--corpus", corpus)
    assert "3 of 3 documents differ" in out
    assert "a.xml 00000000000000000000000A0000CAFE for station T" in out
    _, out, _ = dergate("shipped", coarse, "--corpus", corpus, "--station", "T")
    assert "2 of 2 documents differ" in out


def test_values_of_a_node_are_compared(dergate, corpus):
    values = {"node": "DWMX1", "values": {"WMaxSptPct.ctlVal": 50}}
    (corpus / "o.json").write_text(json.dumps(values))
    _, out, _ = dergate("shipped", "shipped", "--corpus", corpus)
    assert "0 of 2 documents differ" in out


def test_the_second_control_of_a_file_is_numbered(dergate, corpus, coarse):
    other = control_xml().replace("CAFE", "CAFF")
    (corpus / "l.xml").write_text(f"<DERControlList>{control_xml()}{other}</DERControlList>")
    _, out, _ = dergate("shipped", coarse, "--corpus", corpus)
    assert "l.xml #2 00000000000000000000000A0000CAFF for station S" in out


def test_links_lead_to_curves_of_the_corpus(dergate, corpus):
    (corpus / "V1.json").unlink()
    (corpus / "c.xml").write_text(control_xml('<opModVoltVar href="/c/1"/>'))
    (corpus / "curves.xml").write_text(
        f"<DERCurveList>{CURVE.replace('<DERCurve ', '<DERCurve href="/c/1" ')}</DERCurveList>"
    )
    _, out, _ = dergate("shipped", "shipped", "--corpus", corpus, "--format", "json")
    assert json.loads(out)["summary"] == {
        **dict.fromkeys(("rules", "changed", "unread", "safer", "looser", "other"), 0),
        "documents": 1,
    }


def test_a_vector_in_a_folder_below_has_its_own_stations(dergate, corpus, coarse):
    below = corpus / "below"
    below.mkdir()
    (below / "stations.yaml").write_text(STATIONS.replace("S:", "Z:"))
    (below / "V2.json").write_text(json.dumps(a_vector(station="Z")))
    _, out, _ = dergate("shipped", coarse, "--corpus", corpus)
    assert "2 of 2 documents differ" in out


def test_what_cannot_be_read_is_named_and_its_neighbours_are_compared(dergate, corpus, coarse):
    (corpus / "bad.xml").write_text("<DERControl>")
    (corpus / "bad.json").write_text("{")
    (corpus / "latin.json").write_bytes(b"\xff")
    (corpus / "large.xml").write_bytes(b"<" + b"x" * (4 << 20))
    (corpus / "devices.xml").write_text("<EndDeviceList/>")
    (corpus / "report.json").write_text("{}")
    (corpus / "V3.json").write_text(vector_text(station="Z"))
    _, out, _ = dergate("shipped", coarse, "--corpus", corpus)
    lines = [line.partition(": not compared: ") for line in out.splitlines() if "not comp" in line]
    assert [name for name, _, problem in lines if problem] == [
        "V3.json",
        "bad.json",
        "bad.xml",
        "large.xml",
        "latin.json",
    ]
    assert "1 of 1 documents differ" in out


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        pytest.param(shutil.rmtree, "DG-1070 is no folder", id="no folder"),
        pytest.param(lambda c: (c / "V1.json").unlink(), "DG-1081 holds no document", id="empty"),
        pytest.param(lambda c: (c / "V1.json").write_text("{"), "is no JSON", id="unreadable"),
        pytest.param(lambda c: (c / "stations.yaml").unlink(), "DG-1077", id="no stations"),
    ],
)
def test_a_corpus_that_cannot_be_used_ends_with_2(dergate, corpus, prepare, problem):
    prepare(corpus)
    status, out, err = dergate("shipped", "shipped", "--corpus", corpus)
    assert (status, out) == (2, "")
    assert problem in err


def test_rules_that_do_not_load_end_with_2_and_are_named(dergate, tmp_path):
    (tmp_path / "a.yaml").write_text("[")
    status, out, err = dergate(tmp_path, "shipped")
    assert (status, out) == (2, "")
    assert "a.yaml:" in err
    assert dergate("shipped", tmp_path / "none")[0] == 2


def test_the_recorded_vectors_are_a_corpus(dergate, coarse):
    _, out, _ = dergate("shipped", coarse, "--corpus", GOLDEN / "vectors", "--format", "json")
    told = json.loads(out)
    assert told["summary"]["documents"] >= 25
    assert told["summary"]["changed"] >= 1
