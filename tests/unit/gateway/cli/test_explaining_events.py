"""`dergate map explain` of OpenADR events: of both editions, alone or with their program."""

import json

import pytest

from support.openadr import a_payload, an_event, an_interval

MAPPED = [{"type": "GROUP", "values": ["a"]}]
CURVE = an_event(an_interval(a_payload("CURVE", {"x": 0.92, "y": 0.44}, {"x": 1.08, "y": -0.44})))
BOUND = {
    "curve": "volt_var",
    "x": "pu_of_VNom",
    "y": "pu_of_setMaxVar",
    "y_sign": "inject_positive",
}


@pytest.fixture
def told(dergate, folder):
    """Explain an event, perhaps with its program; return the exit status and the first two lines."""

    def explained(event, program=None, *options):
        (folder / "e.json").write_text(json.dumps(event))
        if program is not None:
            (folder / "p.json").write_text(json.dumps(program))
            options = (*options, "--program", folder / "p.json")
        status, out, _ = dergate("explain", folder / "e.json", "--station", "S", *options)
        return status, out

    return explained


@pytest.mark.parametrize(
    ("event", "program", "edition"),
    [
        (an_event(targets=["a"]), None, "3.1 as targets are texts"),
        (an_event(targets=MAPPED), None, "3.0 as targets have a type and values"),
        (an_event(), {"country": "NL"}, "3.0 as the program has country"),
        (an_event(), {"attributes": []}, "3.1 as the program has attributes"),
        (an_event(), None, "3.1 as nothing shows another"),
    ],
)
def test_the_edition_is_what_event_or_program_show_and_the_title_says_by_what(
    told, event, program, edition
):
    own = None if program is None else {"id": "flex", **program}
    status, out = told(event, own)
    assert status == 0
    assert out.splitlines()[0].startswith(f"event file/e1/2027-03-09T09:00:00Z (openadr {edition},")


def test_an_interval_without_a_duration_is_judged_by_the_edition(told):
    endless = an_event(intervalPeriod={"start": "2027-03-09T14:30:00Z"})
    assert told({**endless, "targets": MAPPED})[0] == 0
    status, out = told({**endless, "targets": ["a"]})
    assert status == 1
    assert "is missing, and the event has no duration that ends the interval" in out


def test_a_named_edition_counts_whatever_is_shown(told):
    _, out = told(an_event(targets=["a"]), None, "--revision", "3.0")
    assert "(openadr 3.0, primacy 4)" in out


def test_an_event_that_shows_two_editions_is_told_so(told):
    status, out = told(an_event(targets=MAPPED, duration="PT1H"))
    assert status == 1
    assert "and targets have a type and values, which is 3.0: name the edition by --revision" in out
    assert told(an_event(targets=MAPPED, duration="PT1H"), None, "--revision", "3.1")[0] == 0


@pytest.mark.parametrize("edition", ["3.0", "3.1"])
@pytest.mark.parametrize("listed", [False, True], ids=["one program", "a list"])
def test_a_program_gives_its_units_and_bindings_in_both_editions(told, edition, listed):
    limited = an_interval(*CURVE["intervals"][0]["payloads"], a_payload("IMPORT_CAPACITY_LIMIT", 5))
    event = an_event(limited, payloadDescriptors=None)
    described = [{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW"}]
    program = {"id": "flex", "payloadDescriptors": described, "bindings": [BOUND]}
    programs = [{"id": "other"}, program] if listed else program
    status, out = told(event, programs, "--revision", edition)
    assert status == 0
    assert "curve/curveData[0]/y = 44\n    source  intervals[0]/payloads[0]/values[0]/y" in out
    assert "intervals[0]/payloads[1] = 5" in out
    status, out = told(event, None, "--revision", edition)
    assert status == 1
    assert "needs a binding (program 'flex')" in out
    assert "descriptor/units: is missing" in out


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ({"id": "other"}, "the event is of program 'flex', and that is none of p.json"),
        ([{"id": "other"}, 7], "the event is of program 'flex', and that is none of p.json"),
        ({"programName": "flex"}, "id: field required"),
        (7, "is no object"),
    ],
)
def test_a_program_that_is_not_the_events_is_told_so(told, program, problem):
    status, out = told(CURVE, program)
    assert status == 1
    assert problem in out


def test_the_edition_stands_in_json_and_on_the_page(dergate, folder):
    (folder / "e.json").write_text(json.dumps([an_event(targets=["a"]), an_event(targets=MAPPED)]))
    explain = ("explain", folder / "e.json", "--station", "S", "--format")
    _, out, _ = dergate(*explain, "json")
    documents = [item["document"] for item in json.loads(out)]
    assert [(it["revision"], it["edition"]) for it in documents] == [
        ("3.1", "targets are texts"),
        ("3.0", "targets have a type and values"),
    ]
    _, page, _ = dergate(*explain, "html")
    assert "openadr 3.0 as targets have a type and values" in page


def test_what_breaks_a_contract_is_told_by_the_name_of_its_clause(told):
    status, out = told(an_event(), None, "--contract", "gac_2_2")
    assert status == 1
    assert (
        "event  invalid: priority: stands there: an event has no priority (rule gac_2_2.priority)"
    ) in out
    assert told(an_event(targets=["x"]), None, "--contract", "doe")[0] == 0
    assert "no mapping rule has the contract" in told(an_event(), None, "--contract", "acme")[1]
