"""Explanations: every emitted number leads back to a field of the document, a clause and its losses."""

import json
from fractions import Fraction

import pytest

from support.explained import explained
from support.vector_builders import GOLDEN
from translators.explain import as_text, mapped, unmapped


def number(told, target, message=0):
    return next(n for n in told["messages"][message]["numbers"] if n["target"] == target)


def test_a_number_shows_source_raw_value_rule_clause_base_and_loss():
    told = number(explained("GV06a"), "fixedVar/setpoint")
    assert told["sources"] == [{"field": "DERControlBase/opModFixedVar/value", "raw": "-2000"}]
    assert [step["operation"] for step in told["steps"]] == [
        "take",
        "unit pct100[setMaxW] -> pct[setMaxW]",
        "emit",
        "rebase pct[setMaxW] -> pct[setMaxVar]",
        "round 4 half_even",
    ]
    assert told["steps"][3]["base"] == "setMaxW = 10000, setMaxVarNeg = 2750"
    assert "IEEE 2030.5-2018 DERControlBase.opModFixedVar" in told["steps"][0]["cites"]
    assert [loss["kind"] for loss in told["losses"]] == ["rebase", "round"]


def test_a_vertex_shows_the_vertex_of_the_source_that_it_was():
    told = explained("GV09")
    assert number(told, "curve/curveData[2]/y")["sources"] == [
        {"field": "DERControlBase/opModVoltVar/CurveData[1]/yvalue", "raw": "0"},
        {"field": "DERControlBase/opModVoltVar/yMultiplier", "raw": "-2"},
    ]


def test_a_vertex_that_was_put_in_shows_the_two_beside_it():
    sources = number(explained("GV09"), "curve/curveData[1]/x")["sources"]
    assert [source["raw"] for source in sources] == ["9200", "9800", "-2"]


def test_a_multiplier_is_a_source_and_stands_beside_the_operation():
    told = number(explained("GV09"), "curve/curveData[2]/x")
    (scaled, *_) = told["steps"]
    assert scaled["operation"] == "scale10 -2"
    assert scaled["base"] == "DERControlBase/opModVoltVar/xMultiplier = -2"
    assert told["sources"][1:] == [
        {"field": "DERControlBase/opModVoltVar/xMultiplier", "raw": "-2"}
    ]


def test_a_vertex_that_was_cut_shows_both_values():
    steps = number(explained("GV09"), "curve/curveData[0]/y")["steps"]
    assert (steps[-1]["operation"], steps[-1]["before"], steps[-1]["after"]) == (
        "clip",
        "120",
        "100",
    )


def test_a_clipped_setpoint_shows_what_ran_and_what_limits_it():
    period = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[0]/setpoint"
    told = number(explained("GV14"), period)
    assert told["sources"] == [
        {"field": "DERControlBase/opModMaxLimW", "raw": "6000"},
        {"field": "transaction tx-1/running setpoint", "raw": "20000"},
    ]


def test_active_and_reactive_setpoints_keep_their_own_sources():
    told = explained("GV18")
    period = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[0]"
    fields = {
        name: number(told, f"{period}/{name}")["sources"][0]["field"]
        for name in ("setpoint", "setpointReactive")
    }
    assert fields == {
        "setpoint": "DERControlBase/opModTargetW/value",
        "setpointReactive": "DERControlBase/opModTargetVar/value",
    }


def test_priority_and_times_come_from_program_and_interval():
    told = explained("GV01")
    names = ("priority", "startTime", "duration")
    assert [number(told, f"fixedPFInject/{name}")["sources"][0] for name in names] == [
        {"field": "DERProgram/primacy", "raw": "10"},
        {"field": "DERControl/interval/start", "raw": "1796148000"},
        {"field": "DERControl/interval/duration", "raw": "3600"},
    ]


VECTORS = [path for path in sorted(GOLDEN.glob("*/*.json")) if '"openadr"' not in path.read_text()]
OWN = ("evseId", "/id", "/stackLevel", "/startPeriod")


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_chain_ends_in_the_number_that_is_sent(path):
    told = explained(path.stem, path.parent.name)
    for message in told["messages"]:
        for item in message["numbers"]:
            if item["steps"] and isinstance(item["value"], int | float):
                last = item["steps"][-1]["after"]
                assert last.lower() == str(item["value"]).lower() or float(
                    Fraction(last)
                ) == pytest.approx(item["value"], abs=1e-12), item["target"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_number_has_a_source_or_is_the_gateways_own(path):
    told = explained(path.stem, path.parent.name)
    bare = {
        item["target"]
        for message in told["messages"]
        for item in message["numbers"]
        if not item["sources"] and not item["target"].endswith(OWN)
    }
    zero = {target for target in bare if target.endswith(("/limit", "/numberPhases"))}
    assert bare == (
        zero if "nergize" in path.read_text() or "opModConnect" in path.read_text() else set()
    )


def test_a_refusal_is_explained_with_the_status_owed():
    told = explained("GV35")
    assert not mapped(told)
    assert told["messages"] == []
    assert told["response_status"] == 252
    assert told["refused"][0]["function"] == "FreqDroop"


def test_what_is_followed_without_a_message_is_named():
    assert explained("OV37", "own")["followed"] == ["PowerLimit.export.connection_point"]


def test_a_document_that_becomes_no_command_is_explained():
    told = unmapped("EVENT", "openadr", "", "no mapping for openadr yet")
    assert not mapped(told)
    assert as_text(told).splitlines() == [
        "EVENT (openadr)",
        "",
        "refused",
        "  EVENT  not_mapped: no mapping for openadr yet",
    ]


def test_the_text_names_source_rule_clause_operation_base_and_loss():
    text = as_text(explained("GV06a"))
    for part in (
        "for station B over OCPP 2.1",
        "  fixedVar/setpoint = -72.7273\n    source  DERControlBase/opModFixedVar/value = -2000\n",
        "rule    ieee2030_5.fixed_var@1.0.0  [IEEE 2030.5-2018 DERControlBase.opModFixedVar",
        "-20 -> -800/11  (setMaxW = 10000, setMaxVarNeg = 2750)",
        "    loss    rebase: setMaxW to setMaxVarNeg\n",
        "rest 3/110000 (rule ocpp21.fixed_var@1.0.0)",
    ):
        assert part in text


def test_the_text_of_a_refusal_ends_with_the_response():
    assert as_text(explained("GV35")).endswith("\nresponse to the utility  252\n")


def test_the_gateways_own_numbers_are_named_as_such():
    lines = as_text(explained("GV15")).splitlines()
    assert lines[lines.index("  evseId = 0") + 1] == "    source  the gateway's own"


def test_an_explanation_is_json():
    told = explained("GV18")
    assert json.loads(json.dumps(told)) == told


def test_an_explanation_holds_the_texts_and_the_canonical_command():
    told = explained("GV06a")
    assert told["texts"][0]["name"] == "control"
    assert told["texts"][0]["text"].startswith("<DERControl")
    assert told["commands"] == [
        {
            "mRID": told["document"]["mRID"],
            "primacy": 10,
            "interval": {"start": "2026-12-01T18:00:00+00:00", "duration": 3600},
            "controls": {"FixedVar": {"setpoint": "-20 pct[setMaxW]"}},
        }
    ]


def test_a_number_names_the_canonical_fields_on_its_way():
    told = number(explained("GV09"), "curve/curveData[1]/y")
    assert told["canonical"] == [
        {"function": "VoltVar", "field": "points[0].y"},
        {"function": "VoltVar", "field": "points[1].y"},
    ]
    assert number(explained("GV01"), "fixedPFInject/priority")["canonical"] == [
        {"function": "", "field": "primacy"}
    ]
