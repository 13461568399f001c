"""What a station refuses of a SetChargingProfile: one row for each way to be wrong."""

import pytest

from gateway.simulators.station_options import V2X_MODES
from gateway.simulators.station_profile_rules import Situation, refusal
from gateway.simulators.station_schema import check_request
from support.station_messages import set_profile

RUNNING = Situation(modes=frozenset(V2X_MODES), transaction_id="tx-1")
CURVE = [{"frequency": 49, "power": -5000}, {"frequency": 51, "power": 5000}]
MODES = {
    "ChargingOnly": {"limit": 7000},
    "CentralSetpoint": {"setpoint": -5000, "setpointReactive": 100},
    "CentralFrequency": {"setpoint": 100},
    "ExternalSetpoint": {"limit": 7000, "dischargeLimit": -7000},
    "LocalFrequency": {"v2xBaseline": 0, "v2xFreqWattCurve": CURVE},
    "Idle": {},
}


def moded(mode, **period):
    return {"operationMode": mode, **period}


def refused(situation=RUNNING, version="2.1", **profile):
    request = set_profile(**profile)
    check_request(version, "SetChargingProfile", request)
    found = refusal(request, situation)
    return None if found is None else found[0]


@pytest.mark.parametrize("purpose", ["TxProfile", "TxDefaultProfile", "ChargingStationMaxProfile"])
def test_a_sound_limit_is_taken(purpose):
    assert refused(purpose=purpose) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("purpose", ["TxProfile", "TxDefaultProfile"])
def test_every_mode_is_taken_in_a_transaction_profile(purpose, mode):
    assert refused(purpose=purpose, period=moded(mode, **MODES[mode])) is None


@pytest.mark.parametrize("mode", MODES)
def test_a_station_limit_knows_charging_only(mode):
    found = refused(purpose="ChargingStationMaxProfile", period=moded(mode, **MODES[mode]))
    assert found == (None if mode == "ChargingOnly" else "InvalidSchedule")


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ({"purpose": "ChargingStationExternalConstraints"}, "UnsupportedPurpose"),
        ({"purpose": "PriorityCharging", "period": moded("Idle")}, "InvalidSchedule"),
        ({"evse": 2}, "UnknownEvse"),
        ({"purpose": "ChargingStationMaxProfile", "evse": 1}, "InvalidProfile"),
        ({"purpose": "ChargingStationMaxProfile", "kind": "Relative"}, "InvalidProfile"),
        ({"profile_id": 0}, "InvalidProfileId"),
        ({"level": 101}, "InvalidStackLevel"),
        ({"evse": 0}, "InvalidValue"),
        ({"profile": {"transactionId": None}}, "MissingParam"),
        ({"transaction": "tx-9"}, "TxNotFound"),
        ({"kind": "Recurring"}, "MissingParam"),
        ({"unit": "W", "kind": "Absolute", "periods": [(5, {"limit": 1})]}, "InvalidSchedule"),
        ({"periods": [(0, {"limit": 1}), (0, {"limit": 2})]}, "InvalidSchedule"),
        ({"periods": [(0, {"limit": 1}), (9, {"limit": 2}), (8, {"limit": 2})]}, "InvalidSchedule"),
        ({"period": {"limit": -1}}, "InvalidSchedule"),
        ({"kind": "Dynamic", "periods": [(0, {"limit": 1}), (9, {"limit": 2})]}, "InvalidSchedule"),
        ({"kind": "Relative", "schedule": {"startSchedule": "2027-01-15T08:00:00Z"}}, "InvalidSchedule"),
        ({"period": {}}, "MissingParam"),
        ({"period": moded("ChargingOnly")}, "MissingParam"),
        ({"period": moded("ChargingOnly", limit=1, setpoint=0)}, "InvalidSchedule"),
        ({"period": moded("ChargingOnly", limit=1, dischargeLimit=0)}, "InvalidSchedule"),
        ({"period": moded("CentralSetpoint")}, "MissingParam"),
        ({"period": moded("CentralFrequency", setpoint=1, setpointReactive=1)}, "InvalidSchedule"),
        ({"period": moded("Idle", limit=1)}, "InvalidSchedule"),
        ({"period": moded("Idle", setpoint_L2=1)}, "InvalidSchedule"),
        ({"period": moded("LocalLoadBalancing")}, "UnsupportedParam"),
        ({"period": moded("LocalFrequency", v2xBaseline=0)}, "NoFreqWattCurve"),
        ({"period": moded("LocalFrequency", v2xFreqWattCurve=CURVE)}, "MissingParam"),
        ({"period": moded("LocalFrequency", v2xBaseline=0, v2xFreqWattCurve=CURVE[:1])}, "NoFreqWattCurve"),
        ({"unit": "A", "period": moded("LocalFrequency", **MODES["LocalFrequency"])}, "NoFreqWattCurve"),
        ({"period": moded("CentralSetpoint", setpoint=9, limit=8)}, "InvalidSchedule"),
        ({"period": moded("CentralSetpoint", setpoint=-9, dischargeLimit=-8)}, "InvalidSchedule"),
        ({"period": moded("CentralSetpoint", setpoint=-8, dischargeLimit=-8, limit=8)}, None),
    ],
)  # fmt: skip
def test_what_the_rules_refuse_is_named(profile, reason):
    assert refused(**profile) == reason


def test_an_absolute_schedule_needs_its_start():  # K01.FR.40
    request = set_profile()
    del request["chargingProfile"]["chargingSchedule"][0]["startSchedule"]
    assert refusal(request, RUNNING)[0] == "InvalidSchedule"


def test_a_transaction_profile_needs_a_transaction():
    assert refused(Situation(transaction_id=None)) == "TxNotFound"


def test_the_station_says_what_it_does_not_do():
    assert refused(Situation(rate_units=("A",), transaction_id="tx-1")) == "UnsupportedRateUnit"
    static = Situation(transaction_id="tx-1", supports_dynamic=False)
    assert refused(static, kind="Dynamic") == "UnsupportedKind"
    assert refused(Situation(transaction_id="tx-1", max_external_id=10)) == "InvalidProfileId"
    long = [(number, {"limit": 1}) for number in range(3)]
    assert refused(Situation(transaction_id="tx-1", max_periods=2), periods=long) == (
        "InvalidSchedule"
    )


def test_an_old_station_knows_no_modes():
    old = Situation(version="2.0.1", transaction_id="tx-1")
    assert refused(old, version="2.0.1") is None


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"profile_id": 2}, "DuplicateProfile"),
        ({"profile_id": 1}, None),
        ({"profile_id": 2, "level": 1}, None),
        ({"profile_id": 2, "purpose": "TxDefaultProfile"}, None),
        ({"profile_id": 2, "profile": {"validFrom": "2028-01-01T00:00:00Z"}}, None),
        ({"profile_id": 2, "profile": {"validTo": "2026-01-01T00:00:00Z"}}, None),
        ({"profile_id": 2, "profile": {"validFrom": "2027-06-01T00:00:00Z"}}, "DuplicateProfile"),
    ],
)
def test_a_second_profile_of_one_level_is_a_duplicate(other, reason):
    validity = {"validFrom": "2027-01-01T00:00:00Z", "validTo": "2028-01-01T00:00:00Z"}
    first = set_profile(profile=validity)
    held = Situation(
        modes=RUNNING.modes, transaction_id="tx-1", held=((1, first["chargingProfile"]),)
    )
    assert refused(held, **other) == reason
