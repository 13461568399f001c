"""Small mapping files as text: a good one, and what a test changes in it."""

import re
from textwrap import dedent

from translators.ocpp.dialect import CODECS
from translators.rules.book import link
from translators.rules.reader import read

SOURCE = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: SourceMapping
    metadata: {id: t.source, version: 1.0.0, cites: ["clause 1"]}
    source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModFixedVar]}
    canonical: FixedVar
    quantity:
      setpoint: {from: value, unit: "pct100[setMaxVar]"}
    tests:
      - {name: one, source: {value: 1}}
    """)
TARGET = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: TargetMapping
    metadata: {id: t.target, version: 1.0.0, cites: ["clause 2"]}
    target: {versions: ["2.1"], message: SetDERControl, operator: der_control}
    canonical: [FixedVar]
    variants:
      - {controlType: FixedVar, slot: fixedVar}
    emit:
      setpoint: {from: setpoint, unit: "pct[setMaxVar]"}
    """)


def edited(text, *changes):
    """Return the text with each `(old, new)` replaced; a test that replaces nothing is wrong."""
    for old, new in changes:
        assert old in text, f"{old!r} is not there to be replaced"
        text = text.replace(old, new)
    return text


def both(source=SOURCE, target=TARGET):
    return {"a/source.yaml": source, "b/target.yaml": target}


def linked(source=SOURCE, target=TARGET, **more):
    return link({**both(source, target), **more}, CODECS)


def models(text, path="m.yaml"):
    return list(read(path, text))


def line_of(text, needle):
    """Return the line (from 1) of the first occurrence."""
    return text[: re.search(re.escape(needle), text).start()].count("\n") + 1
