"""Target rules and the fallback table: what composes a message stands in a cell."""

from textwrap import dedent

from support.lintbench import KNOWN, SOURCE, TARGET
from support.rulefiles import edited
from translators.ocpp.dialect import CODECS
from translators.rules.book import sift
from translators.rules.lint.running import lint

REFUSED = "{refused: not_supported, reason: nobody can}"
FALLBACK = dedent(f"""\
    apiVersion: dergate/mapping.v1
    kind: Fallback
    metadata: {{id: ocpp.fallback, version: 1.0.0, cites: ["OCPP 2.1 DERControlEnumType"]}}
    rows:
      - control: FixedVar
        der: {{carried: exact, by: ocpp21.fixed_var}}
        v2x: {REFUSED}
        charge_only: {REFUSED}
        ocpp201: {REFUSED}
    """)
SECOND = edited(
    TARGET,
    ("id: ocpp21.fixed_var", "id: ocpp21.second"),
    ("operator: der_control", "operator: setpoint"),
)


def said(*texts, table=FALLBACK):
    files = {f"{number}.yaml": text for number, text in enumerate((SOURCE, *texts))}
    # beside a file that is broken, nobody asks whether the table is whole
    book = sift(files | {"t.yaml": table, "x.yaml": "a: [\n"}, CODECS).book
    found = lint(book, files | {"t.yaml": table}, KNOWN)
    return [str(item) for item in found if "fallback" in item.problem]


def test_a_rule_that_a_cell_names_is_carried_out():
    assert said(TARGET) == []


def test_a_rule_that_no_cell_names_is_an_error():
    (finding,) = said(TARGET, SECOND)
    assert finding == (
        "2.yaml:4: error: ocpp21.second@1.0.0: no cell of the fallback table names it; "
        "name it under by: in the row of FixedVar"
    )


def test_a_rule_that_sends_nothing_needs_no_cell():
    silent = edited(SECOND, ("operator: setpoint", "operator: refuse"))
    assert said(TARGET, silent) == []


def test_without_a_table_nothing_is_asked():
    assert said(TARGET, SECOND, table="") == []
