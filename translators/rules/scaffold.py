"""First drafts of rules: they load, and their tests fail until somebody has filled them in."""

from __future__ import annotations

import re

from translators.errors import MappingError

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_SOURCES = {
    "ieee2030_5": (
        'revisions: ["2018", "2023"], parent: DERControlBase, elements: [opModName]',
        "IEEE 2030.5-2018 DERControlBase.opModName",
        'from: value, range: [-10000, 10000], unit: "pct100[setMaxVar]"',
        ("value: 4400", "value: 10001"),
    ),
    "openadr": (
        'revisions: ["3.0", "3.1"], parent: event, elements: [PAYLOAD_TYPE]',
        "OpenADR 3.1 Definition, PAYLOAD_TYPE",
        'from: ".", decimal: true, range: [-100, 100], unit: "pct[setMaxVar]"',
        ('".": 44', '".": 100.1'),
    ),
    "iec61850": (
        "revisions: [iec-7-420-ed2], parent: DVAR, elements: [DataObject]",
        "IEC 61850-7-420 DVAR.DataObject",
        'from: DataObject, decimal: true, range: [-100, 100], unit: "pct[setMaxVar]"',
        ("DataObject: 44", "DataObject: 100.1"),
    ),
}
"""By protocol: what is read, its clause, how, and a value within and beyond."""

_SOURCE = """\
# Say in one sentence what the element asks for. The language: mappings/README.md.
apiVersion: dergate/mapping.v1
kind: SourceMapping
metadata:
  id: {protocol}.{name}
  version: 0.1.0
  cites: ["{cite}"]  # the clause that demands it
source: {{protocol: {protocol}, {elements}}}  # what the rule reads
canonical: FixedVar  # what that is: a class of mappings/canonical.md
quantity:
  setpoint: {{{reading}}}
tests:  # an example that goes through, and one for each refusal
  - {{name: an_example, source: {{{within}}}, expect: {{setpoint: write here what it becomes}}}}
  - {{name: a_refusal, source: {{{beyond}}}, refused: not_applicable}}  # which refusal is it?
"""

_TARGET_21 = """\
# Say in one sentence what the station is told. The language: mappings/README.md.
apiVersion: dergate/mapping.v1
kind: TargetMapping
metadata:
  id: ocpp21.{name}
  version: 0.1.0
  cites: ["OCPP 2.1 FixedVarType"]  # the clause that demands it
target: {{versions: ["2.1"], message: SetDERControl, operator: der_control}}
canonical: [FixedVar]  # what it carries: take the class out of the rule that has it now
variants:
  - {{controlType: FixedVar, slot: fixedVar}}
emit:
  setpoint:
    from: setpoint
    units: {{"pct[setMaxVar]": PctMaxVar, "pct[statVarAvail]": PctVarAvail}}
    rebase: [setMaxW, setMaxChargeRateW, setMaxVA]
    clip: [-100.0, 100.0]
    round: {{places: 4, mode: half_even}}
  unit: {{unit_of: setpoint}}
tests:  # a control for a station, and the members that it gets
  - name: an_example
    control: {{class: FixedVar, setpoint: "-44 pct[setMaxVar]"}}
    expect: {{setpoint: write here what it becomes, unit: PctMaxVar}}
"""

_TARGET_201 = """\
# Say in one sentence what the station is told. The language: mappings/README.md.
apiVersion: dergate/mapping.v1
kind: TargetMapping
metadata:
  id: ocpp201.{name}
  version: 0.1.0
  cites: ["OCPP 2.0.1 ChargingSchedulePeriodType.limit"]  # the clause that demands it
target: {{versions: ["2.0.1"], message: SetChargingProfile, operator: import_limit}}
canonical: [PowerLimit]  # what it carries: take the class out of the rule that has it now
variants:
  - {{match: {{"on": import}}}}
emit:
  limit: {{from: value, unit: W, rebase: [setMaxVA], round: {{places: 1, mode: down}}}}
tests:  # a control for a station, and the members that it gets
  - name: an_example
    control: {{class: PowerLimit, "on": import, value: "7000 W"}}
    expect: {{limit: write here what it becomes}}
"""
_TARGETS = {"2.1": _TARGET_21, "2.0.1": _TARGET_201}


def source_rule(name: str, protocol: str) -> str:
    """Return the draft of a rule that reads an element; `MappingError` for a name that is no id."""
    elements, cite, reading, (within, beyond) = _SOURCES[protocol]
    return _SOURCE.format(
        name=_checked(name),
        protocol=protocol,
        elements=elements,
        cite=cite,
        reading=reading,
        within=within,
        beyond=beyond,
    )


def target_rule(name: str, version: str) -> str:
    """Return the draft of a rule that writes to stations; `MappingError` for a name that is no id."""
    return _TARGETS[version].format(name=_checked(name))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        problem = "is no name of a rule: small letters, digits and underscores"
        raise MappingError(problem, where="NAME", value=name)
    return name
