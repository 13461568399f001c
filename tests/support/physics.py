"""The same command twice in the terms of IEEE 1547: as its source says it, and as a station is told it.

A case names the settings that its document means, worked out by hand from the clauses and not by the code
under test. `told` reads them from the OCPP message alone, by the text of the OCPP schema. A model of an
inverter runs both; where they move differently, the translation changed the meaning.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from support.translation import a_dercontrol, a_dercurve, book, el, fields, in_program, situation
from translators.canonical.capability import Current, Dialect, Evse, Ratings, StationProfile
from translators.chain import Case, travel
from translators.ieee2030_5.inbound import Served
from translators.rules.trace import LossKind

NOMINAL_HZ = 60
MODES = frozenset(
    {
        "FixedPFInject",
        "FixedVar",
        "VoltVar",
        "VoltWatt",
        "WattVar",
        "FreqDroop",
        "LimitMaxDischarge",
    }
)
EVEN = Ratings(
    max_w=Fraction(22000),
    max_charge_rate_w=Fraction(22000),
    max_discharge_rate_w=Fraction(20000),
    max_va=Fraction(25000),
    max_var=Fraction(11000),
    max_var_neg=Fraction(11000),
    v_nom=Fraction(240),
)
UNEVEN = replace(EVEN, max_var_neg=Fraction(7500))
HREF = "/dc/1"
TOLERANCE = 0.001
"""Largest share of the rating that an exact translation may differ by."""


@dataclass(frozen=True)
class Physics:
    """One function: its document, the settings that it means, and over what it is swept."""

    name: str
    base: object
    means: dict
    curve: object = None
    revision: str = "2018"
    ratings: Ratings = EVEN
    dialect: Dialect = field(default_factory=Dialect)
    over: str = "voltage"

    def station(self):
        """Return the station of the case."""
        evse = Evse(1, Current.DC, 1, self.ratings, MODES)
        return StationProfile("S", "2.1", Fraction(NOMINAL_HZ), (evse,), dialect=self.dialect)

    def nameplate(self):
        """Return the station's nameplate as the model takes it."""
        r = self.ratings
        return {
            "NP_VA_MAX": float(r.max_va),
            "NP_APPARENT_POWER_CHARGE_MAX": float(r.max_va),
            "NP_P_MAX": float(r.max_w),
            "NP_P_MAX_CHARGE": float(r.max_charge_rate_w),
            "NP_Q_MAX_INJ": float(r.max_var),
            "NP_Q_MAX_ABS": float(r.max_var_neg),
            "NP_AC_V_NOM": float(r.v_nom),
            "NP_P_MAX_OVER_PF": 0.9 * float(r.max_w),
            "NP_OVER_PF": 0.9,
            "NP_P_MAX_UNDER_PF": 0.9 * float(r.max_w),
            "NP_UNDER_PF": 0.9,
            "NP_PHASE": "SINGLE",
        }

    def translated(self):
        """Return what the document comes to at the station, with its trace."""
        links = {} if self.curve is None else {HREF: self.curve}
        served = Served(a_dercontrol(self.base), links, in_program(self.revision))
        return travel(book(), Case(served, self.station(), situation()))


def _points(volts=(1.0,), hertz=(60.0,), watts=(10_000.0,)):
    return [{"v_pu": v, "hz": f, "w": w} for v in volts for f in hertz for w in watts]


SWEEPS = {
    "voltage": _points(volts=[0.886 + 0.0025 * n for n in range(86)], watts=(5_000.0, 15_000.0)),
    "frequency": _points(hertz=[58.6 + 0.025 * n for n in range(100)]),
    "power": _points(watts=[-16_000.0 + 500.0 * n for n in range(77)]),
    "generation": _points(watts=[500.0 * n for n in range(1, 40)]),
}
"""Where the model runs, by what varies: inside its continuous operation, + generates."""


def _linked(mode):
    return el(mode, href=HREF)


def _volt_var(*quarter, vref=1.0):
    """Return 1547 settings of a volt-var curve with the usual voltages and these Q (p.u. of VA)."""
    names = ("QV_CURVE_Q1", "QV_CURVE_Q2", "QV_CURVE_Q3", "QV_CURVE_Q4")
    return {
        "QV_MODE_ENABLE": True,
        "QV_VREF": vref,
        **dict(
            zip(("QV_CURVE_V1", "QV_CURVE_V2", "QV_CURVE_V3", "QV_CURVE_V4"), USUAL_V, strict=True)
        ),
        **dict(zip(names, quarter, strict=True)),
    }


USUAL_V = (0.92, 0.98, 1.02, 1.08)
USUAL = "92 {0}, 98 0, 102 0, 108 -{1}"

CASES = (
    Physics(
        "power factor, absorbing",
        fields("opModFixedPFInjectW", displacement=950, excitation="true", multiplier=-3),
        {"CONST_PF_MODE_ENABLE": True, "CONST_PF": 0.95, "CONST_PF_EXCITATION": "ABS"},
        over="generation",
    ),
    Physics(
        "power factor, injecting",
        fields("opModFixedPFInjectW", displacement=92, excitation="false", multiplier=-2),
        {"CONST_PF_MODE_ENABLE": True, "CONST_PF": 0.92, "CONST_PF_EXCITATION": "INJ"},
        over="generation",
    ),
    Physics(
        "constant var, % of setMaxVar",
        fields("opModFixedVar", refType=2, value=3000),
        {"CONST_Q_MODE_ENABLE": True, "CONST_Q": 0.3 * 11 / 25},
        over="power",
    ),
    Physics(
        "constant var, % of setMaxW",
        fields("opModFixedVar", refType=1, value=-2000),
        {"CONST_Q_MODE_ENABLE": True, "CONST_Q": -0.2 * 22 / 25},
        over="power",
    ),
    Physics(
        "constant var, % of setMaxVA (2023)",
        fields("opModFixedVar", refType=8, value=2200),
        {"CONST_Q_MODE_ENABLE": True, "CONST_Q": 0.22},
        revision="2023",
        over="power",
    ),
    Physics(
        "constant var, negative side smaller",
        fields("opModFixedVar", refType=2, value=-5000),
        {"CONST_Q_MODE_ENABLE": True, "CONST_Q": -0.5 * 7.5 / 25},
        ratings=UNEVEN,
        over="power",
    ),
    Physics(
        "volt-var, % of setMaxVar",
        _linked("opModVoltVar"),
        _volt_var(0.44 * 11 / 25, 0, 0, -0.44 * 11 / 25),
        a_dercurve(11, USUAL.format(44, 44)),
    ),
    Physics(
        "volt-var, % of setMaxW",
        _linked("opModVoltVar"),
        _volt_var(0.3 * 22 / 25, 0, 0, -0.25 * 22 / 25),
        a_dercurve(11, USUAL.format(30, 25), yRefType=1),
    ),
    Physics(
        "volt-var, % of setMaxVA (2023)",
        _linked("opModVoltVar"),
        _volt_var(0.44, 0, 0, -0.3),
        a_dercurve(11, USUAL.format(44, 30), yRefType=8),
        revision="2023",
    ),
    Physics(
        "volt-var, negative side smaller",
        _linked("opModVoltVar"),
        _volt_var(0.6 * 11 / 25, 0, 0, -0.6 * 7.5 / 25),
        a_dercurve(11, USUAL.format(60, 60)),
        ratings=UNEVEN,
    ),
    Physics(
        "volt-var beyond the rating, cut",
        _linked("opModVoltVar"),
        _volt_var(0.6 * 22 / 25, 0, 0, -0.58 * 22 / 25),
        a_dercurve(11, USUAL.format(60, 58), yRefType=1),
    ),
    Physics(
        "volt-var, vRef 97 % baked additively",
        _linked("opModVoltVar"),
        _volt_var(0.44 * 11 / 25, 0, 0, -0.44 * 11 / 25, vref=0.97),
        a_dercurve(11, USUAL.format(44, 44), vRef=9700),
        dialect=Dialect(vref="bake_additive"),
    ),
    Physics(
        "volt-watt, % of setMaxW",
        _linked("opModVoltWatt"),
        {
            "PV_MODE_ENABLE": True,
            "PV_CURVE_V1": 1.04,
            "PV_CURVE_P1": 1.0,
            "PV_CURVE_V2": 1.09,
            "PV_CURVE_P2": 0.2,
        },
        a_dercurve(12, "104 100, 109 20", yRefType=1),
    ),
    Physics(
        "watt-var, both directions (2023)",
        _linked("opModWattVar"),
        {
            "QP_MODE_ENABLE": True,
            "QP_CURVE_P1_GEN": 0.2,
            "QP_CURVE_P2_GEN": 0.5,
            "QP_CURVE_P3_GEN": 1.0,
            "QP_CURVE_Q3_GEN": -0.4 * 11 / 25,
            "QP_CURVE_P1_LOAD": -0.2,
            "QP_CURVE_P2_LOAD": -0.5,
            "QP_CURVE_P3_LOAD": -1.0,
            "QP_CURVE_Q3_LOAD": 0.4 * 11 / 25,
        },
        a_dercurve(14, "-100 40, -50 0, -20 0, 20 0, 50 0, 100 -40"),
        revision="2023",
        over="power",
    ),
    Physics(
        "frequency droop",
        fields("opModFreqDroop", dBOF=36, dBUF=100, kOF=50, kUF=40, openLoopTms=500),
        {
            "PF_MODE_ENABLE": True,
            "PF_DBOF": 0.036,
            "PF_DBUF": 0.1,
            "PF_KOF": 0.05,
            "PF_KUF": 0.04,
            "PF_OLRT": 5,
        },
        over="frequency",
    ),
    Physics(
        "export limit, % of setMaxW",
        el("opModMaxLimW", "5000"),
        {"AP_LIMIT_ENABLE": True, "AP_LIMIT": 0.5},
        over="generation",
    ),
)


def told(payload, ratings):
    """Return the settings that a SetDERControl means, by the text of its schema (generator's frame)."""
    return _READERS[payload["controlType"]](payload, ratings)


def _power_factor(payload, _ratings):
    body = payload["fixedPFInject"]
    side = "ABS" if body["excitation"] else "INJ"
    return {
        "CONST_PF_MODE_ENABLE": True,
        "CONST_PF": body["displacement"],
        "CONST_PF_EXCITATION": side,
    }


def _var(percent, ratings):
    """Return per cent of MaxVar, or of MaxVarNeg where negative, in p.u. of the rated VA."""
    rating = ratings.max_var_neg if percent < 0 else ratings.max_var
    return percent / 100 * float(rating) / float(ratings.max_va)


def _fixed_var(payload, ratings):
    body = payload["fixedVar"]
    assert body["unit"] == "PctMaxVar"
    return {"CONST_Q_MODE_ENABLE": True, "CONST_Q": _var(body["setpoint"], ratings)}


def _vertices(payload):
    """Return a curve without the flat ends that a held outer value makes redundant."""
    points = [(p["x"], p["y"]) for p in payload["curve"]["curveData"]]
    while len(points) > 2 and points[0][1] == points[1][1]:
        del points[0]
    while len(points) > 2 and points[-1][1] == points[-2][1]:
        del points[-1]
    return points


def _volt_var_told(payload, ratings):
    assert payload["curve"]["yUnit"] == "PctMaxVar"
    assert "reactivePowerParams" not in payload["curve"]
    settings = {"QV_MODE_ENABLE": True, "QV_VREF": 1.0}
    for number, (x, y) in enumerate(_vertices(payload), 1):
        settings |= {f"QV_CURVE_V{number}": x / 100, f"QV_CURVE_Q{number}": _var(y, ratings)}
    return settings


def _volt_watt_told(payload, _ratings):
    assert payload["curve"]["yUnit"] == "PctMaxW"
    settings = {"PV_MODE_ENABLE": True}
    for number, (x, y) in enumerate(_vertices(payload), 1):
        settings |= {f"PV_CURVE_V{number}": x / 100, f"PV_CURVE_P{number}": y / 100}
    return settings


def _watt_var_told(payload, ratings):
    assert payload["curve"]["yUnit"] == "PctMaxVar"
    points = [(p["x"], p["y"]) for p in payload["curve"]["curveData"]]
    sides = {"GEN": [p for p in points if p[0] > 0], "LOAD": [p for p in points if p[0] < 0][::-1]}
    settings = {"QP_MODE_ENABLE": True}
    for side, vertices in sides.items():
        for number, (x, y) in enumerate(vertices, 1):
            settings[f"QP_CURVE_P{number}_{side}"] = x / 100
            settings[f"QP_CURVE_Q{number}_{side}"] = _var(y, ratings)
    return settings


def _droop_told(payload, _ratings):
    body = payload["freqDroop"]
    return {
        "PF_MODE_ENABLE": True,
        "PF_DBOF": body["overFreq"] - NOMINAL_HZ,
        "PF_DBUF": NOMINAL_HZ - body["underFreq"],
        "PF_KOF": body["overDroop"],
        "PF_KUF": body["underDroop"],
        "PF_OLRT": body["responseTime"],
    }


def _limit_told(payload, ratings):
    percent = payload["limitMaxDischarge"]["pctMaxDischargePower"]
    watts = percent / 100 * float(ratings.max_discharge_rate_w)
    return {"AP_LIMIT_ENABLE": True, "AP_LIMIT": watts / float(ratings.max_w)}


_READERS = {
    "FixedPFInject": _power_factor,
    "FixedVar": _fixed_var,
    "VoltVar": _volt_var_told,
    "VoltWatt": _volt_watt_told,
    "WattVar": _watt_var_told,
    "FreqDroop": _droop_told,
    "LimitMaxDischarge": _limit_told,
}


def allowed(gone):
    """Return the largest share of the rating that source and station may differ by.

    What is cut to the rating is cut by the model as well, so a declared cut allows nothing more; a
    declared rounding allows its own rest, in per cent of the rating.
    """
    rounded = [loss for loss in gone.losses if loss.kind is LossKind.ROUND and loss.residual]
    return TOLERANCE + float(sum(abs(Fraction(loss.residual)) for loss in rounded)) / 100


def differences(source, station, ratings):
    """Return the largest differences of two sweeps, as shares of the rated W and VA."""
    pairs = list(zip(source, station, strict=True))
    watts = max(abs(a["w"] - b["w"]) for a, b in pairs)
    var = max(abs(a["var"] - b["var"]) for a, b in pairs)
    return watts / float(ratings.max_w), var / float(ratings.max_va)
