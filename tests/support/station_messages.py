"""OCPP requests with good defaults, for tests of the simulated station."""

from datetime import UTC, datetime

EPOCH = 1_800_000_000.0  # 2027-01-15T08:00:00Z

V_VAR = ((92, 100), (98, 0), (102, 0), (108, -100))


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def curve(*points, unit="PctMaxVar", **more):
    data = [{"x": x, "y": y} for x, y in points]
    return {"curveData": data, "yUnit": unit, **more}


BODIES = {
    "EnterService": (
        "enterService",
        {"highVoltage": 105, "lowVoltage": 91.7, "highFreq": 50.1, "lowFreq": 49.5, "delay": 10},
    ),
    "FreqDroop": (
        "freqDroop",
        {
            "overFreq": 50.036,
            "underFreq": 49.964,
            "overDroop": 0.05,
            "underDroop": 0.05,
            "responseTime": 5,
        },
    ),
    "FreqWatt": ("curve", curve((50.2, 100), (52, 0), unit="PctMaxW")),
    "FixedPFAbsorb": ("fixedPFAbsorb", {"displacement": 0.9, "excitation": False}),
    "FixedPFInject": ("fixedPFInject", {"displacement": 0.95, "excitation": True}),
    "FixedVar": ("fixedVar", {"setpoint": -44, "unit": "PctMaxVar"}),
    "Gradients": ("gradient", {"gradient": 10, "softGradient": 5}),
    "LimitMaxDischarge": ("limitMaxDischarge", {"pctMaxDischargePower": 60}),
    "VoltVar": ("curve", curve(*V_VAR)),
    "VoltWatt": ("curve", curve((106, 100), (110, 0), unit="PctMaxW")),
    "WattVar": ("curve", curve((20, 0), (50, 0), (100, -100))),
    "WattPF": ("curve", curve((20, 1), (50, 1), (100, 0.95), unit="Not_Applicable")),
}
TRIP_CURVE = ("curve", curve((110, 2), (120, 0.16), unit="Not_Applicable"))
DEFAULT_ONLY = ("EnterService", "Gradients")


def set_control(
    kind="VoltVar", control_id="a", *, default=None, priority=5, start=EPOCH, duration=3600, **body
):
    """Return a SetDERControl; scheduled unless the type exists as a default only."""
    is_default = kind in DEFAULT_ONLY if default is None else default
    member, members = BODIES.get(kind, TRIP_CURVE)
    content = {**members, "priority": priority}
    if not is_default:
        content |= {"startTime": at(start), "duration": duration}
    content = {key: value for key, value in (content | body).items() if value is not None}
    return {
        "isDefault": is_default,
        "controlId": control_id,
        "controlType": kind,
        member: content,
    }


def set_profile(purpose="TxProfile", profile_id=1, *, level=0, kind="Absolute", **more):
    """Return a SetChargingProfile; `period`, `periods`, `schedule` and `profile` refine it."""
    period = more.get("period", {"limit": 7000})
    periods = more.get("periods", [(0, period)])
    schedule = {
        "id": profile_id,
        "chargingRateUnit": more.get("unit", "W"),
        "chargingSchedulePeriod": [{"startPeriod": s, **p} for s, p in periods],
    }
    if kind in {"Absolute", "Recurring"}:
        schedule["startSchedule"] = at(more.get("start", EPOCH))
    schedule |= more.get("schedule", {})
    profile = {
        "id": profile_id,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    }
    if purpose == "TxProfile":
        profile["transactionId"] = more.get("transaction", "tx-1")
    profile |= more.get("profile", {})
    profile = {key: value for key, value in profile.items() if value is not None}
    evse = 0 if purpose == "ChargingStationMaxProfile" else 1
    return {"evseId": more.get("evse", evse), "chargingProfile": profile}
