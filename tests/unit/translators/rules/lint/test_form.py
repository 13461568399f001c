"""Ids, clauses and tests beside rules: each fault is named with its place."""

import pytest

from support.lintbench import SOURCE, TARGET, found, lines, the_one


def test_a_clean_pair_of_rules_has_no_finding():
    assert found() == ()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        pytest.param(
            "id: ieee2030_5.fixed_var",
            "id: fixed_var",
            "source.yaml:3: error: fixed_var@1.0.0: the id is not of ieee2030_5; "
            "begin it with ieee2030_5. or csip_aus.",
            id="a source",
        ),
        pytest.param(
            "id: ocpp21.fixed_var",
            "id: ocpp201.fixed_var",
            "target.yaml:3: error: ocpp201.fixed_var@1.0.0: the id is not of 2.1; "
            "begin it with ocpp21. or ocpp.",
            id="a target",
        ),
    ],
)
def test_an_id_begins_with_what_the_rule_reads_or_fills(old, new, line):
    assert the_one(found(SOURCE, TARGET, (old, new))) == line


@pytest.mark.parametrize(
    "cite",
    ["FixedVar", "IEEE 2030.5-2018", "see the standard", "R4.FR.1", "OCPP 3 X", "IEC 61851 X"],
)
def test_a_clause_that_names_no_document_is_an_error(cite):
    line = the_one(found(SOURCE, TARGET, ("IEEE 2030.5-2018 FixedVar", cite)))
    assert line.startswith(
        f"source.yaml:3: error: ieee2030_5.fixed_var@1.0.0: {cite!r} cites no clause; name the document"
    )


@pytest.mark.parametrize(
    "cite",
    [
        "R04.FR.13",
        "Q08",
        "K01 Table 95",
        "OCPP 2.0.1 K01",
        "CSIP 5.2.5.3",
        "CSIP-AUS 1.2 opModImpLimW",
        "OpenADR 3 User Guide 8.1",
        "OpenADR 3.1.0 Definition, OPERATING_STATE",
        "IEC 61850-7-420:2019A DWMX.WMaxSpt (A)",
        "CEI 0-16 Annex T",
        "CEI TR 57-126",
        "ISO 15118-20 DER_BPT",
        "MESA-DER: names of functions",
        "dergate: prices move no power",
    ],
)
def test_a_clause_of_a_known_document_is_none(cite):
    assert found(SOURCE, TARGET, ("IEEE 2030.5-2018 FixedVar", cite)) == ()


def test_a_clause_that_stands_twice_is_a_warning():
    twice = '["R04.FR.13", "R04.FR.13"]'
    line = the_one(found(SOURCE, TARGET, ('["OCPP 2.1 FixedVarType"]', twice)))
    assert line == "target.yaml:3: warning: ocpp21.fixed_var@1.0.0: 'R04.FR.13' stands twice"


def test_a_target_without_a_test_is_an_error():
    bare = TARGET[: TARGET.index("tests:")]
    assert the_one(found(SOURCE, bare)) == (
        "target.yaml:1: error: ocpp21.fixed_var@1.0.0: has no test; add one under tests:"
    )


_TEST = '  - {name: absorb, source: {refType: 2, value: -4400}, expect: {setpoint: "-44 pct[setMaxVar]"}}\n'


def test_two_tests_of_one_name_are_an_error():
    assert lines(found(SOURCE, TARGET, (_TEST, _TEST * 2))) == [
        "source.yaml:13: error: ieee2030_5.fixed_var@1.0.0: two tests are called 'absorb'"
    ]


def test_a_test_that_expects_nothing_is_an_error():
    idle = _TEST + "  - {name: idle, source: {refType: 2, value: 1}}\n"
    assert the_one(found(SOURCE, TARGET, (_TEST, idle))) == (
        "source.yaml:13: error: ieee2030_5.fixed_var@1.0.0: test 'idle' expects nothing; "
        "say expect:, losses: or refused:"
    )


def test_a_test_of_a_revision_that_the_rule_is_not_for_is_an_error():
    other = _TEST.replace("absorb,", 'absorb, revision: "2023",')
    assert "test 'absorb' is of revision 2023" in the_one(found(SOURCE, TARGET, (_TEST, other)))


def test_refusals_alone_do_not_show_what_a_rule_makes():
    refused = "  - {name: huge, source: {refType: 2, value: 99999}, refused: invalid}\n"
    assert the_one(found(SOURCE, TARGET, (_TEST, refused))) == (
        "source.yaml:11: error: ieee2030_5.fixed_var@1.0.0: no test shows what the rule makes"
    )
