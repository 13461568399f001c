"""First drafts of rules: they load, and their tests fail until somebody has filled them in."""

from __future__ import annotations

import re

from translators.errors import MappingError

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_SOURCES = {
    "ieee2030_5": (
        'revisions: ["2018", "2023"], parent: DERControlBase, elements: [opModName]',
        "IEEE 2030.5-2018 DERControlBase.opModName",
    ),
    "openadr": (
        'revisions: ["3.0", "3.1"], parent: event, elements: [PAYLOAD_TYPE]',
        "OpenADR 3.1 Definition, PAYLOAD_TYPE",
    ),
    "iec61850": (
        "revisions: [iec-7-420-ed2], parent: DVAR, elements: [DataObject]",
        "IEC 61850-7-420 DVAR.DataObject",
    ),
}

_SOURCE = """\
# Say in one sentence what the element asks for. The language: mappings/README.md.
apiVersion: dergate/mapping.v1
kind: SourceMapping
metadata:
  id: {protocol}.{name}
  version: 0.1.0
  cites: ["{cite}"]  # the clause that demands it
source: {{protocol: {protocol}, {elements}}}  # what the rule reads
canonical: FixedVar  # what that is: a class of translators/canonical/controls.py
quantity:
  setpoint: {{from: value, range: [-10000, 10000], unit: "pct100[setMaxVar]"}}
tests:  # an example that goes through, and one for each refusal
  - {{name: an_example, source: {{value: 4400}}, expect: {{setpoint: write here what it becomes}}}}
  - {{name: a_refusal, source: {{value: 10001}}, refused: not_applicable}}  # which refusal is it?
"""

_TARGET = """\
# Say in one sentence what the station is told. The language: mappings/README.md.
apiVersion: dergate/mapping.v1
kind: TargetMapping
metadata:
  id: {prefix}.{name}
  version: 0.1.0
  cites: ["OCPP {version} FixedVarType"]  # the clause that demands it
target: {{versions: ["{version}"], message: SetDERControl, operator: der_control}}
canonical: [FixedVar]  # what it carries: take the class out of the rule that has it now
variants:
  - {{controlType: FixedVar, slot: fixedVar}}
emit:
  setpoint: {{from: setpoint, units: {{"pct[setMaxVar]": PctMaxVar}}, rebase: [setMaxW, setMaxVA], \
clip: [-100.0, 100.0], round: {{places: 4, mode: half_even}}}}
  unit: {{unit_of: setpoint}}
tests:  # a control for a station, and the members that it gets
  - name: an_example
    control: {{class: FixedVar, setpoint: "-44 pct[setMaxVar]"}}
    expect: {{setpoint: write here what it becomes, unit: PctMaxVar}}
"""


def source_rule(name: str, protocol: str) -> str:
    """Return the draft of a rule that reads an element; `MappingError` for a name that is no id."""
    elements, cite = _SOURCES[protocol]
    return _SOURCE.format(name=_checked(name), protocol=protocol, elements=elements, cite=cite)


def target_rule(name: str, version: str) -> str:
    """Return the draft of a rule that writes to stations; `MappingError` for a name that is no id."""
    prefix = f"ocpp{version.replace('.', '')}"
    return _TARGET.format(name=_checked(name), prefix=prefix, version=version)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        problem = "is no name of a rule: small letters, digits and underscores"
        raise MappingError(problem, where="NAME", value=name)
    return name
