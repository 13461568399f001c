"""An explanation as text: one fact a line, nothing where there is nothing to say."""

import pytest

from support.told import a_loss, a_message, a_number, a_refusal, a_step, told
from translators.explain import as_text, unmapped
from translators.explain.text import loss_line, refused_line, title

HEAD = "DERControl 0A (ieee2030_5 2018, primacy 3) for station S over OCPP 2.1"


def lines(*messages, **changes):
    return as_text(told(*messages, **changes)).splitlines()


def test_the_head_names_document_station_and_rules():
    assert lines() == [HEAD, "rules  00ff"]


def test_a_document_without_a_name_is_called_by_its_kind():
    document = {"kind": "event", "mRID": "", "protocol": "openadr", "revision": "3.1", "primacy": 0}
    assert title(told(document=document)).startswith("event (openadr 3.1, primacy 0)")


def test_a_document_of_no_command_has_neither_station_nor_rules():
    assert as_text(unmapped("event", "openadr", "intervals", "is missing", "schema")) == (
        "event (openadr)\n\nrefused\n  event  not_mapped: intervals: is missing (rule schema)\n"
    )


def test_a_number_is_told_with_source_rules_operations_and_losses():
    number = a_number(losses=[a_loss()])
    assert lines(a_message(number))[2:] == [
        "",
        "SetDERControl (OCPP 2.1) for FixedVar",
        "  fixedVar/setpoint = 5",
        "    source  P/value = 5",
        "    rule    t.source@1.0.0  [clause 1]",
        f"            {'take':<44}  5 -> 5",
        "    rule    t.target@1.0.0  [c 2]",
        f"            {'emit':<44}  5 -> 5",
        "    loss    round: 4 decimals",
    ]


def test_steps_of_one_rule_share_its_line_and_a_base_stands_behind():
    steps = [a_step(), a_step("rebase a -> b", after="10", base="setMaxW = 2, setMaxVar = 1")]
    told_lines = lines(a_message(a_number(steps=steps)))
    assert [line for line in told_lines if "rule  " in line] == [
        "    rule    t.source@1.0.0  [clause 1]"
    ]
    assert told_lines[-1].endswith("  5 -> 10  (setMaxW = 2, setMaxVar = 1)")


def test_a_rule_that_comes_again_after_another_is_named_again():
    steps = [a_step(), a_step(rule="b@1.0.0"), a_step()]
    named = [line for line in lines(a_message(a_number(steps=steps))) if "rule  " in line]
    assert [line.split()[1] for line in named] == ["t.source@1.0.0", "b@1.0.0", "t.source@1.0.0"]


def test_several_sources_are_several_lines():
    sources = [{"field": "a", "raw": "1"}, {"field": "b/c[1]", "raw": "x y"}]
    told_lines = lines(a_message(a_number(sources=sources)))
    assert [line for line in told_lines if line.startswith("    source")] == [
        "    source  a = 1",
        "    source  b/c[1] = x y",
    ]


def test_a_number_without_steps_is_the_gateways_own():
    number = a_number(sources=[], canonical=[], steps=[])
    assert lines(a_message(number))[-1] == "    source  the gateway's own"


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (-72.7273, "-72.7273"), (0, "0"), (True, "True"), ("2026-12-01", "2026-12-01")],
)
def test_every_kind_of_value_is_told(value, text):
    assert f"  fixedVar/setpoint = {text}" in lines(a_message(a_number(value=value)))


def test_messages_are_parted_by_a_blank_line_and_name_all_that_they_serve():
    told_lines = lines(a_message(functions=["A", "B.c"]), a_message(action="SetChargingProfile"))
    assert told_lines[2:] == [
        "",
        "SetDERControl (OCPP 2.1) for A, B.c",
        "",
        "SetChargingProfile (OCPP 2.1) for FixedVar",
    ]


@pytest.mark.parametrize(
    ("changes", "rest"),
    [
        ({"followed": ["A", "B"]}, ["followed without a message", "  A", "  B"]),
        ({"losses": [a_loss()]}, ["losses", f"  {loss_line(a_loss())}"]),
        ({"refused": [a_refusal()]}, ["refused", f"  {refused_line(a_refusal())}"]),
        ({"response_status": 252}, ["response to the utility  252"]),
        ({"response_status": 0}, ["response to the utility  0"]),
    ],
)
def test_what_stands_below_has_a_heading_of_its_own(changes, rest):
    assert lines(**changes)[2:] == ["", *rest]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "round       fixedVar/setpoint: 4 decimals, rest 1/3 (rule t.target@1.0.0)"),
        ({"residual": ""}, "round       fixedVar/setpoint: 4 decimals (rule t.target@1.0.0)"),
        (
            {"kind": "unsupported", "residual": ""},
            "unsupported fixedVar/setpoint: 4 decimals (rule t.target@1.0.0)",
        ),
    ],
)
def test_a_loss_says_kind_place_detail_rest_and_rule(changes, line):
    assert loss_line(a_loss(**changes)) == line


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "FixedVar  invalid: P/value: is 'x', no number (rule t.source@1.0.0)"),
        ({"rule": ""}, "FixedVar  invalid: P/value: is 'x', no number"),
        ({"where": ""}, "FixedVar  invalid: is 'x', no number (rule t.source@1.0.0)"),
        ({"where": "", "rule": ""}, "FixedVar  invalid: is 'x', no number"),
    ],
)
def test_a_refusal_says_function_outcome_place_problem_and_rule(changes, line):
    assert refused_line(a_refusal(**changes)) == line
