"""Aliases of a profile: each leads to a data object that a rule reads or a profile names."""

from textwrap import dedent

import pytest

from support.lintbench import KNOWN
from support.rulefiles import edited
from translators.ocpp.dialect import CODECS
from translators.rules.book import link
from translators.rules.lint.running import lint

RULES = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: SourceMapping
    metadata: {id: iec61850.pct, version: 1.0.0, cites: ["IEC 61850-7-420 DWMX"]}
    source: {protocol: iec61850, revisions: [ed2], parent: DWMX, elements: [WMaxSptPct]}
    canonical: FixedVar
    quantity:
      setpoint:
        from: WMaxSptPct|DLFW/HzStr
        decimal: true
        unit: {switch: VArSetRef, cases: {"1": "pct[setMaxVar]", "2": "pct[setMaxW]"}}
    ignored:
      - {field: SptReas, reason: a text for people}
    tests:
      - {name: one, source: {WMaxSptPct: 1, VArSetRef: 1}, expect: {setpoint: "1 pct[setMaxVar]"}}
    ---
    apiVersion: dergate/mapping.v1
    kind: Profile
    metadata: {id: iec61850.profile_ed2, version: 1.0.0, cites: ["IEC 61850-7-420 edition 2"]}
    profile: ed2
    aliases:
      DWMX: {LimPct: WMaxSptPct}
    settings:
      DVAR: {OfSettings: "2"}
    mode: {object: Mod, "on": "1", "off": "5"}
    times: {duration: RvrtTms}
    lists:
      DVVR: {points: {letters: AB, members: [WSet]}}
    beside:
      - {object: Beh, reason: the node's own report}
    refused:
      - {node: DVAR, objects: [ReqVAr], reason: a report of what is requested}
    """)


def said(name):
    files = {"a.yaml": edited(RULES, ("LimPct: WMaxSptPct", f"LimPct: {name}"))}
    found = lint(link(files, CODECS), files, KNOWN)
    return [str(finding) for finding in found if "is called" in finding.problem]


@pytest.mark.parametrize(
    "name",
    [
        "WMaxSptPct", "HzStr", "VArSetRef", "SptReas", "OfSettings", "Mod", "RvrtTms", "WSet", "Beh",
        "ReqVAr",
    ],
)  # fmt: skip
def test_an_alias_of_what_is_read_or_named_is_right(name):
    assert said(name) == []


def test_an_alias_of_nothing_is_an_error_with_what_it_may_mean():
    (finding,) = said("WMaxSptPc")
    assert finding == (
        "a.yaml:21: error: iec61850.profile_ed2@1.0.0: LimPct is called WMaxSptPc, which no rule reads; "
        "did you mean 'WMaxSptPct'?"
    )


def test_a_word_of_a_reason_or_a_test_is_no_name():
    assert len(said("people")) == 1


def test_a_profile_without_mode_and_times_names_less():
    bare = edited(
        RULES, ('mode: {object: Mod, "on": "1", "off": "5"}\ntimes: {duration: RvrtTms}\n', ""),
        ("LimPct: WMaxSptPct", "LimPct: Mod"),
    )  # fmt: skip
    found = lint(link({"a.yaml": bare}, CODECS), {"a.yaml": bare}, KNOWN)
    assert any("Mod, which no rule reads" in finding.problem for finding in found)
