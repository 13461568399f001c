"""`dergate map`: what each command prints, and how it ends."""

import json
import re
import shutil

import pytest

from gateway.settings.mappings import mappings_folder
from support.vector_builders import (
    CURVE,
    GOLDEN,
    STATIONS,
    an_openadr_event,
    control_xml,
    vector_text,
)

BUSY = '<opModVoltVar href="/c/1"/>'


def test_vectors_pass_and_say_so(dergate, folder):
    assert dergate("vectors", folder) == (
        0,
        "V1  passes  a power factor\n1 of 1 vectors pass\n",
        "",
    )


def test_each_difference_is_printed_as_path_expected_and_got(dergate, folder):
    (folder / "V2.json").write_text(vector_text(id="V2", expect__loss_kinds=["round"]))
    status, out, _ = dergate("vectors", folder)
    assert status == 1
    assert out.splitlines()[1:] == [
        "V2  differs  a power factor",
        "  path      loss_kinds",
        '  expected  ["round"]',
        "  got       []",
        "1 of 2 vectors pass",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{", "is no JSON", id="truncated"),
        pytest.param("[" * 50_000, "is no JSON", id="deep"),
        pytest.param(vector_text(station="Z"), "is none of S", id="unknown station"),
        pytest.param(vector_text(sation="S"), "sation: is no key", id="misspelt"),
        pytest.param(vector_text(source__documents__control="<a"), "well-formed", id="no XML"),
        pytest.param("\ud800".encode("utf-8", "surrogatepass"), "is no UTF-8", id="no UTF-8"),
        pytest.param(b"x" * ((4 << 20) + 1), "is larger", id="too large"),
    ],
)
def test_a_malformed_vector_is_a_named_problem_and_its_neighbours_are_played(
    dergate, folder, text, problem
):
    (folder / "V0.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    status, out, _ = dergate("vectors", folder)
    assert status == 1
    assert out.startswith("V0  cannot be played: ")
    assert problem in out.splitlines()[0]
    assert "V1  passes" in out


def test_every_vector_of_the_repository_passes(dergate):
    status, out, _ = dergate("vectors", GOLDEN / "vectors")
    assert (status, out.splitlines()[-1]) == (0, "30 of 30 vectors pass")


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        pytest.param(shutil.rmtree, "DG-1070 is no folder", id="no folder"),
        pytest.param(
            lambda folder: (folder / "V1.json").unlink(), "DG-1071 holds no vector", id="empty"
        ),
        pytest.param(
            lambda folder: (folder / "stations.yaml").unlink(), "DG-1077 No such", id="no stations"
        ),
        pytest.param(
            lambda folder: (folder / "stations.yaml").write_text("S: 5"), "DG-1076 S: ", id="bad"
        ),
    ],
)
def test_a_folder_that_cannot_be_used_ends_with_2(dergate, folder, break_it, problem):
    break_it(folder)
    status, out, err = dergate("vectors", folder)
    assert (status, out) == (2, "")
    assert problem in err


def test_explain_takes_a_vector(dergate, folder):
    status, out, _ = dergate("explain", folder / "V1.json")
    assert status == 0
    assert "  fixedPFInject/displacement = 0.95\n" in out
    assert "source  DERControlBase/opModFixedPFInjectW/displacement = 95\n" in out


def test_explain_takes_a_vector_for_another_station(dergate, folder):
    other = folder / "other.yaml"
    other.write_text(STATIONS.replace("S:", "T:").replace("FixedPFInject, ", ""))
    path = folder / "V1.json"
    status, out, _ = dergate("explain", path, "--station", "T", "--stations", other)
    assert status == 1
    assert "the station lacks the DER control" in out


def test_explain_takes_bare_xml(dergate, folder):
    (folder / "c.xml").write_text("\ufeff\n" + control_xml(BUSY))
    (folder / "curve.xml").write_text(CURVE)
    status, out, _ = dergate(
        *("explain", folder / "c.xml", "--station", "S", "--revision", "2023", "--primacy", 7),
        *("--link", f"/c/1={folder / 'curve.xml'}", "--format", "json"),
    )
    told = json.loads(out)
    assert status == 0
    assert told["document"]["revision"] == "2023"
    assert told["messages"][0]["payload"]["curve"]["priority"] == 7


def test_explain_takes_a_list_of_controls(dergate, folder):
    many = f"<DERControlList>{control_xml()}{control_xml(BUSY)}</DERControlList>"
    (folder / "l.xml").write_text(many)
    status, out, _ = dergate("explain", folder / "l.xml", "--station", "S", "--format", "json")
    assert status == 1
    assert [bool(item["refused"]) for item in json.loads(out)] == [False, True]


def test_a_dangling_link_is_explained(dergate, folder):
    (folder / "c.xml").write_text(control_xml(BUSY))
    status, out, _ = dergate("explain", folder / "c.xml", "--station", "S")
    assert status == 1
    assert "the link '/c/1' leads to no document" in out
    assert out.endswith("response to the utility  253\n")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        pytest.param(
            "e.json",
            json.dumps({"programID": "p", "intervals": []}),
            "id: field required",
            id="an event without its id",
        ),
        pytest.param("e.json", '{"objectType": "PROGRAM"}', "no OpenADR event", id="program"),
        pytest.param("e.json", "[]", "is no vector", id="a list"),
        pytest.param("e.json", "{", "is no JSON", id="truncated JSON"),
        pytest.param("e.txt", "hello", "is no JSON", id="text"),
        pytest.param("e.xml", "<DERControl>", "is not well-formed XML", id="truncated XML"),
        pytest.param("e.xml", "<!DOCTYPE a []><a/>", "document type", id="document type"),
        pytest.param("e.xml", "<html><body/></html>", "is HTML", id="HTML"),
        pytest.param("e.xml", "<DERProgram/>", "holds neither DERControl", id="a program"),
        pytest.param("e.json", vector_text(source=5), "source", id="vector without a source"),
        pytest.param("e.json", vector_text(source__revision="1"), "revision '1'", id="revision"),
    ],
)
def test_what_cannot_be_mapped_is_explained_and_ends_with_1(dergate, folder, name, text, problem):
    (folder / name).write_text(text)
    for form in ("text", "json"):
        status, out, err = dergate("explain", folder / name, "--station", "S", "--format", form)
        assert (status, err) == (1, "")
    assert json.loads(out)["refused"]


def test_a_vector_of_an_unknown_station_is_explained(dergate, folder):
    (folder / "V1.json").write_text(vector_text(station="Z"))
    status, out, _ = dergate("explain", folder / "V1.json")
    assert status == 1
    assert "station: is none of S" in out


def curve_of(program):
    """An event whose meaning is in the contract of its program."""
    points = [{"x": 0.92, "y": 0.44}, {"x": 1.08, "y": -0.44}]
    intervals = [{"id": 0, "payloads": [{"type": "CURVE", "values": points}]}]
    period = {"start": "2026-12-01T18:00:00Z", "duration": "PT1H"}
    event = {"id": "7", "objectType": "EVENT", "programID": program, "intervals": intervals}
    return json.dumps({**event, "intervalPeriod": period})


def test_explain_takes_a_bare_event_and_the_contract_of_its_program(dergate, folder):
    (folder / "e.json").write_text(curve_of("p1"))
    bare = ("explain", folder / "e.json", "--station", "S")
    status, out, _ = dergate(*bare)
    assert status == 1
    assert "needs a binding (program 'p1')" in out
    contract = {"curve": "volt_var", "x": "pu_of_VNom", "y": "pu_of_setMaxVar"}
    program = {"id": "p1", "bindings": [{**contract, "y_sign": "inject_positive"}]}
    (folder / "p.json").write_text(json.dumps(program))
    status, out, _ = dergate(*bare, "--program", folder / "p.json", "--revision", "3.0")
    assert status == 0
    assert out.startswith("event file/7 (openadr 3.0, primacy 2147483646) for station S")
    assert (
        "curve/curveData[0]/y = 44\n    source  intervals[0]/payloads[0]/values[0]/y = 0.44" in out
    )


def test_explain_takes_a_list_of_events(dergate, folder):
    (folder / "l.json").write_text(f"[{json.dumps(an_openadr_event())}, {curve_of('p')}]")
    status, out, _ = dergate("explain", folder / "l.json", "--station", "S", "--format", "json")
    assert status == 1
    assert [bool(item["refused"]) for item in json.loads(out)] == [False, True]


def operated(**changes):
    """What a client operates: no more than half of the rating goes out."""
    return {"node": "DWMX1", "values": {"WMaxSptPct.ctlVal": 50}} | changes


def test_explain_takes_what_was_operated_at_a_node(dergate, folder):
    (folder / "o.json").write_text(json.dumps(operated()))
    status, out, _ = dergate("explain", folder / "o.json", "--station", "S", "--primacy", 4)
    assert status == 0
    assert "(iec61850 iec-7-420-ed2, primacy 4) for station S" in out
    assert "limitMaxDischarge/pctMaxDischargePower = 50\n    source  DWMX1/WMaxSptPct = 50\n" in out


def test_what_was_operated_names_its_profile(dergate, folder):
    (folder / "l.json").write_text(
        json.dumps([operated(profile="mesa-names"), operated(values={})])
    )
    status, out, _ = dergate("explain", folder / "l.json", "--station", "S", "--format", "json")
    first, second = json.loads(out)
    assert status == 1
    assert (first["document"]["revision"], first["refused"]) == ("mesa-names", [])
    assert second["refused"][0]["problem"] == "asks for nothing"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param(operated(profile="x"), "is no profile: there are iec-7-420", id="profile"),
        pytest.param(operated(node="D"), "is no logical node", id="node"),
        pytest.param(operated(value={}), "value: is no key of this form", id="key"),
        pytest.param(operated(at="noon"), "at: should be an instant", id="instant"),
    ],
)
def test_values_that_are_none_are_explained(dergate, folder, document, problem):
    (folder / "o.json").write_text(json.dumps(document))
    status, out, _ = dergate("explain", folder / "o.json", "--station", "S")
    assert status == 1
    assert problem in out


@pytest.mark.parametrize(
    ("program", "status", "problem"),
    [
        pytest.param(None, 2, "DG-1077", id="no file"),
        pytest.param('{"objectType": "PROGRAM"}', 1, "id: field required", id="no program"),
        pytest.param('{"id": "p", "bindings": 5}', 1, "is no list of objects", id="no list"),
        pytest.param(
            '{"id": "p", "bindings": [{"curv": "volt_var"}]}', 1, "did you mean 'curve'?", id="typo"
        ),
    ],
)
def test_a_program_that_cannot_be_used_is_named(dergate, folder, program, status, problem):
    (folder / "e.json").write_text(curve_of("p"))
    if program is not None:
        (folder / "p.json").write_text(program)
    ended, out, err = dergate(
        *("explain", folder / "e.json", "--station", "S", "--program", folder / "p.json")
    )
    assert ended == status
    assert problem in out + err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param([], "DG-1072 a bare document names no station", id="no station"),
        pytest.param(["--station", "Z"], "DG-1075 no station 'Z': there are S", id="unknown"),
        pytest.param(["--station", "S", "--link", "x"], "DG-1073 is no HREF=FILE", id="link"),
        pytest.param(["--station", "S", "--link", "/c=none"], "DG-1077 No such file", id="no file"),
        pytest.param(["--station", "S", "--link", "/c=BAD"], "DG-1074 ", id="link to no XML"),
    ],
)
def test_what_is_missing_for_bare_xml_ends_with_2(dergate, folder, options, problem):
    (folder / "c.xml").write_text(control_xml())
    (folder / "bad.xml").write_text("{}")
    options = [item.replace("BAD", str(folder / "bad.xml")) for item in options]
    status, out, err = dergate("explain", folder / "c.xml", *options)
    assert (status, out) == (2, "")
    assert problem in err


def test_lint_counts_the_rules_and_names_the_book(dergate):
    status, out, _ = dergate("lint")
    assert status == 0
    assert re.search(
        r"^\d+ rules in \d+ files, [0-9a-f]{64}; errors 0, warnings \d+$", out, re.MULTILINE
    )


def test_lint_names_each_fault(dergate, tmp_path):
    (tmp_path / "a.yaml").write_text("kind: SourceMapping\nnonsense: 1\n")
    (tmp_path / "b.yaml").write_text("[")
    status, out, _ = dergate("lint", "--mappings", tmp_path)
    assert status == 1
    assert "a.yaml:2:1: nonsense" in out
    assert "b.yaml:2:1: did not find" in out
    assert "0 rules in 2 files" in out.splitlines()[-1]


def test_a_broken_rule_ends_other_commands_with_2(dergate, folder, tmp_path_factory):
    rules = tmp_path_factory.mktemp("rules")
    (rules / "a.yaml").write_text("[")
    status, _, err = dergate("vectors", folder, "--mappings", rules)
    assert status == 2
    assert "a.yaml:2:1:" in err


def test_the_tests_beside_the_rules_pass(dergate):
    status, out, _ = dergate("test")
    assert status == 0
    assert out.endswith("tests pass\n")


def test_a_test_beside_a_rule_that_fails_is_named(dergate, tmp_path):
    shutil.copytree(mappings_folder(), tmp_path / "rules")
    path = tmp_path / "rules" / "ieee2030_5" / "csip.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('displacement: "0.95", ', 'displacement: "0.96", '))
    status, out, _ = dergate("test", "--mappings", tmp_path / "rules")
    assert status == 1
    assert out.startswith(
        "ieee2030_5/csip.yaml:17: ieee2030_5.fixed_pf_inject@1.0.0 under_excited: "
        "displacement: expected 0.96, got 0.95\n"
    )


def test_mappings_that_are_no_folder_end_with_2(dergate, tmp_path):
    assert dergate("test", "--mappings", tmp_path / "none")[0] == 2
