"""Builders of vectors and stations as texts, with good defaults."""

import copy
import json
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"
MRID = "00000000000000000000000A0000CAFE"
START = 1793867400
CURVE = (
    '<DERCurve xmlns="urn:ieee:std:2030.5:ns"><CurveData><xvalue>92</xvalue><yvalue>44</yvalue>'
    "</CurveData><CurveData><xvalue>108</xvalue><yvalue>-44</yvalue></CurveData>"
    "<curveType>11</curveType><xMultiplier>0</xMultiplier><yMultiplier>0</yMultiplier>"
    "<yRefType>2</yRefType></DERCurve>"
)
FIXED_PF = (
    "<opModFixedPFInjectW><displacement>95</displacement><excitation>true</excitation>"
    "<multiplier>-2</multiplier></opModFixedPFInjectW>"
)
STATIONS = """
S:
  ocpp_versions: ["2.1", "2.0.1"]
  nominal_frequency_hz: 50
  evses:
    - id: 1
      current: DC
      phases: 3
      ratings: {MaxW: 10000, MaxChargeRateW: 11000, MaxDischargeRateW: 10000, MaxVar: 5000, VNom: 230}
      der_modes: [FixedPFInject, VoltVar, LimitMaxDischarge]
      v2x_operation_modes: [Idle, CentralSetpoint]
      charging_rate_units: [W, A]
"""
MESSAGE = {
    "ocpp": "2.1",
    "action": "SetDERControl",
    "payload": {
        "isDefault": False,
        "controlId": "@ID",
        "controlType": "FixedPFInject",
        "fixedPFInject": {
            "priority": 3,
            "displacement": 0.95,
            "excitation": True,
            "startTime": "2026-11-05T08:30:00Z",
            "duration": 60,
        },
    },
}


def control_xml(base=FIXED_PF):
    return (
        f'<DERControl xmlns="urn:ieee:std:2030.5:ns"><mRID>{MRID}</mRID>'
        f"<creationTime>1</creationTime><interval><duration>60</duration><start>{START}</start>"
        f"</interval><DERControlBase>{base}</DERControlBase></DERControl>"
    )


def a_vector(**changes):
    """A vector that passes, as a JSON value; `a__b` changes a member inside."""
    vector = {
        "id": "V1",
        "title": "a power factor",
        "station": "S",
        "source": {
            "protocol": "ieee2030_5",
            "revision": "2018",
            "program_primacy": 3,
            "documents": {"control": control_xml()},
        },
        "context": {},
        "expect": {"messages": [copy.deepcopy(MESSAGE)], "loss_kinds": []},
    }
    for path, value in changes.items():
        *names, last = path.split("__")
        place = vector
        for name in names:
            place = place[name]
        place[last] = value
    return vector


def vector_text(**changes):
    return json.dumps(a_vector(**changes))


def an_openadr_event():
    return {
        "id": "ev-1",
        "objectType": "EVENT",
        "programID": "p1",
        "intervalPeriod": {"start": "2026-12-01T18:00:00Z", "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [0.2]}]}],
    }
