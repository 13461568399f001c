"""The run over all checks: places, order, counts, and rules of every kind."""

from types import SimpleNamespace

import pytest

from support.lintbench import KNOWN, LIMIT_SOURCE, SOURCE, TARGET, found, lines
from support.rulefiles import edited
from translators.ocpp.dialect import CODECS
from translators.rules.book import link
from translators.rules.lint.findings import Finding, Known, Level, Places
from translators.rules.lint.running import counted, lint

REPORT = """\
apiVersion: dergate/mapping.v1
kind: ReportMapping
metadata: {id: ieee2030_5.end_device, version: 1.0.0, cites: ["IEEE 2030.5-2018 EndDevice"]}
report: {protocol: ieee2030_5, revisions: ["2018"], document: EndDevice}
facts: device
emit:
  lFDI: {from: device}
tests:
  - {name: an_evse, given: {device: AB}, expect: {lFDI: AB}}
"""


def linted(text, known=KNOWN):
    files = {"a.yaml": text}
    return lint(link(files, CODECS), files, known)


def test_findings_come_by_file_and_line():
    said = found(
        SOURCE, TARGET, ("IEEE 2030.5-2018 FixedVar", "FixedVar"), ("OCPP 2.1 FixedVarType", "X"),
        ('2: "pct100[setMaxVar]"}', '8: "pct100[setMaxVar]"}'), ("refType: 2,", "refType: 1,"),
    )  # fmt: skip
    assert [finding.place for finding in said] == [
        "source.yaml:3",
        "source.yaml:10",
        "target.yaml:3",
    ]


def test_a_rule_that_reports_upward_is_checked_too():
    assert linted(REPORT) == ()
    said = lines(
        linted(edited(REPORT, ("id: ieee2030_5.", "id: openadr."), ("IEEE 2030.5-2018 E", "E")))
    )
    assert [line.split(": ")[3] for line in said] == [
        "'EndDevice' cites no clause; name the document first",
        "the id is not of ieee2030_5; begin it with ieee2030_5. or csip_aus.",
    ]


PROFILE = """\
apiVersion: dergate/mapping.v1
kind: Profile
metadata: {id: iec61850.profile_ed2, version: 1.0.0, cites: ["7-420"]}
profile: iec-7-420-ed2
"""


def test_clauses_of_documents_that_are_no_rules_are_checked():
    (line,) = lines(linted(PROFILE))
    assert line.startswith("a.yaml:3: error: iec61850.profile_ed2@1.0.0: '7-420' cites no clause")


def test_a_report_in_a_revision_that_nothing_speaks_is_an_error():
    (line,) = lines(linted(edited(REPORT, ('["2018"]', '["2018", "2030"]'))))
    assert line == (
        "a.yaml:4: error: ieee2030_5.end_device@1.0.0: nothing speaks ieee2030_5 2030; one of 2018"
    )


def test_findings_are_counted_by_level():
    findings = [
        Finding(level, "a:1", "r", "p") for level in (Level.ERROR, Level.WARNING, Level.ERROR)
    ]
    assert counted(tuple(findings)) == {Level.ERROR: 2, Level.WARNING: 1}


def test_a_finding_without_a_suggestion_ends_with_its_problem():
    assert str(Finding(Level.ERROR, "a:1", "r@1", "is wrong")) == "a:1: error: r@1: is wrong"


@pytest.mark.parametrize("text", ["- a\n", "metadata: 5\n", "metadata: {version: 1}\n"])
def test_documents_without_an_id_and_broken_files_do_not_hide_the_places_of_others(text):
    places = Places({"bad.yaml": "[", "odd.yaml": text, "good.yaml": SOURCE})
    assert (
        places.of("ieee2030_5.fixed_var@1.0.0", ["quantity", "setpoint", "range"]) == "good.yaml:9"
    )
    assert places.of("ieee2030_5.fixed_var", ["nothing", "there"]) == "good.yaml:1"
    assert places.of("ieee2030_5.fixed_var", ["quantity", "nothing"]) == "good.yaml:6"


def test_a_book_without_rules_has_no_finding():
    assert lint(SimpleNamespace(rules=(), others=(), targets={}), {}, Known({}, {})) == ()


def test_of_rules_that_are_not_whole_nobody_asks_what_they_would_reach():
    files = {"a.yaml": LIMIT_SOURCE, "b.yaml": SOURCE, "c.yaml": TARGET}
    book = link(files, CODECS)
    assert any("no rule carries" in line for line in lines(lint(book, files, KNOWN)))
    assert not any("carries" in line for line in lines(lint(book, files, KNOWN, whole=False)))
