"""A clean pair of rules for lint, and what it finds in a changed one."""

from textwrap import dedent

from support.rulefiles import edited
from translators.ocpp.dialect import CODECS
from translators.rules.book import link
from translators.rules.coverage.claims import Subject
from translators.rules.lint.findings import Known
from translators.rules.lint.running import lint

SOURCE = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: SourceMapping
    metadata: {id: ieee2030_5.fixed_var, version: 1.0.0, cites: ["IEEE 2030.5-2018 FixedVar"]}
    source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModFixedVar]}
    canonical: FixedVar
    quantity:
      setpoint:
        from: value
        range: [-10000, 10000]
        unit: {switch: refType, cases: {1: "pct100[setMaxW]", 2: "pct100[setMaxVar]"}}
    tests:
      - {name: absorb, source: {refType: 2, value: -4400}, expect: {setpoint: "-44 pct[setMaxVar]"}}
    """)
TARGET = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: TargetMapping
    metadata: {id: ocpp21.fixed_var, version: 1.0.0, cites: ["OCPP 2.1 FixedVarType"]}
    target: {versions: ["2.1"], message: SetDERControl, operator: der_control}
    canonical: [FixedVar]
    variants:
      - {controlType: FixedVar, slot: fixedVar}
    emit:
      setpoint:
        from: setpoint
        units: {"pct[setMaxVar]": PctMaxVar}
        rebase: [setMaxW]
        clip: [-100.0, 100.0]
        round: {places: 4, mode: half_even}
      unit: {unit_of: setpoint}
    tests:
      - name: absorb
        control: {class: FixedVar, setpoint: "-44 pct[setMaxVar]"}
        expect: {setpoint: -44, unit: PctMaxVar}
    """)
LIMIT_SOURCE = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: SourceMapping
    metadata: {id: ieee2030_5.limit, version: 1.0.0, cites: ["IEEE 2030.5-2018 opModMaxLimW"]}
    source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModMaxLimW]}
    canonical: PowerLimit
    fields:
      "on": {const: generation}
    quantity:
      value: {from: ".", range: [0, 10000], unit: "pct100[setMaxW]"}
    tests:
      - {name: half, source: {".": 5000}, expect: {value: "50 pct[setMaxW]"}}
    """)
LIMIT_TARGET = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: TargetMapping
    metadata: {id: ocpp21.limit, version: 1.0.0, cites: ["OCPP 2.1 LimitMaxDischargeType"]}
    target: {versions: ["2.1"], message: SetDERControl, operator: export_limit}
    canonical: [PowerLimit]
    variants:
      - {match: {"on": export}, controlType: LimitMaxDischarge, slot: limitMaxDischarge}
      - {match: {"on": generation}, controlType: LimitMaxDischarge, slot: limitMaxDischarge}
    emit:
      pctMaxDischargePower: {from: value, unit: "pct[setMaxW]", clip: [0.0, 100.0], \
    round: {places: 4, mode: down}}
    tests:
      - name: half
        control: {class: PowerLimit, "on": generation, value: "50 pct[setMaxW]"}
        expect: {pctMaxDischargePower: 50}
    """)
CURVE_SOURCE = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: SourceMapping
    metadata: {id: ieee2030_5.volt_watt, version: 1.0.0, cites: ["IEEE 2030.5-2018 DERCurve"]}
    source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModVoltWatt]}
    canonical: VoltWatt
    resolve: {follow: href, expect: {curveType: 12}}
    points:
      each: CurveData
      x: {from: xvalue, scale10: xMultiplier, unit: "pct[V_ref]"}
      y: {from: yvalue, scale10: yMultiplier, unit: "pct[setMaxW]"}
    fields:
      response_time: {from: openLoopTms, range: [0, 65535], unit: cs, optional: true}
      generation_only: {const: true}
    guards:
      - {id: n_points, expr: "size(points) >= 1 && size(points) <= 10"}
    tests:
      - name: two
        source: {curveType: 12, xMultiplier: 0, yMultiplier: 0, CurveData: [{xvalue: 106, yvalue: 100}]}
        expect: {points: [["106", "100"]]}
    """)
CURVE_TARGET = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: TargetMapping
    metadata: {id: ocpp21.volt_watt, version: 1.0.0, cites: ["R04.FR.50"]}
    target: {versions: ["2.1"], message: SetDERControl, operator: der_control}
    canonical: [VoltWatt]
    variants:
      - {controlType: VoltWatt, slot: curve}
    points:
      x: {unit: "pct[V_ref]"}
      y: {units: {"pct[setMaxW]": PctMaxW}}
    emit:
      yUnit: {unit_of: y}
      responseTime: {from: response_time, unit: s, omit_if_absent: true}
    losses:
      - {kind: semantic, reason: "the source bounds generation only", when: generation_only}
    tests:
      - name: two
        control: {class: VoltWatt, points: [["106", "100"]], x_unit: "pct[V_ref]", y_unit: "pct[setMaxW]"}
        expect: {yUnit: PctMaxW, curveData: [{x: 106, y: 100}]}
    """)
SETPOINT_SOURCE = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: SourceMapping
    metadata: {id: ieee2030_5.setpoint, version: 1.0.0, cites: ["IEEE 2030.5-2018 opModFixedW"]}
    source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModMaxLimW]}
    canonical: ActiveSetpoint
    quantity:
      value: {from: ".", range: [-32768, 32767], unit: W}
    tests:
      - {name: five, source: {".": 5}, expect: {value: 5 W}}
    """)
SETPOINT_TARGET = dedent("""\
    apiVersion: dergate/mapping.v1
    kind: TargetMapping
    metadata: {id: ocpp21.setpoint, version: 1.0.0, cites: ["Q03.FR.02"]}
    target: {versions: ["2.1"], message: SetChargingProfile, operator: setpoint}
    canonical: [ActiveSetpoint]
    emit:
      setpoint: {from: value, unit: W, negate: true, round: {places: 4, mode: half_even}}
      limit: {from: value, unit: W, round: {places: 4, mode: down}}
    tests:
      - {name: five, control: {class: ActiveSetpoint, value: 5 W}, expect: {setpoint: -5}}
    """)

_BASE = Subject("ieee2030_5", "2018", "DERControlBase", "source")
_SET = Subject("ocpp", "2.1", "SetDERControlRequest", "target")
_CURVE = ("@href", "curveType", "openLoopTms", "xMultiplier", "yMultiplier")
_POINT = ("CurveData/xvalue", "CurveData/yvalue")
KNOWN = Known(
    leaves={
        _BASE: frozenset(
            {"opModFixedVar/refType", "opModFixedVar/value", "opModMaxLimW"}
            | {f"opModVoltWatt/{leaf}" for leaf in (*_CURVE, *_POINT, "vRef")}
        ),
        _SET: frozenset(
            {
                "controlType",
                "fixedVar/setpoint",
                "fixedVar/unit",
                "limitMaxDischarge/pctMaxDischargePower",
            }
            | {f"controlType={name}" for name in ("FixedVar", "LimitMaxDischarge", "VoltWatt")}
            | {f"fixedVar/unit={name}" for name in ("PctMaxVar", "PctMaxW")}
            | {f"curve/{leaf}" for leaf in ("curveData/x", "curveData/y", "yUnit", "responseTime")}
            | {f"curve/yUnit={name}" for name in ("PctMaxVar", "PctMaxW")}
        ),
    },
    codes={("2018", "refType"): frozenset(range(8)), ("2018", "curveType"): frozenset(range(15))},
)


def found(source=SOURCE, target=TARGET, *changes, known=KNOWN):
    """Return what lint finds in two rules, each `(old, new)` replaced in the one that has it."""
    for old, new in changes:
        assert (old in source) != (old in target), f"{old!r} stands in both or in none"
        source = edited(source, (old, new)) if old in source else source
        target = edited(target, (old, new)) if old in target else target
    files = {"source.yaml": source, "target.yaml": target}
    return lint(link(files, CODECS), files, known)


def lines(findings):
    return [str(finding) for finding in findings]


def the_one(findings):
    """Return the only finding, as a line."""
    (finding,) = findings
    return str(finding)
