"""Setpoints, cease to energize and charge states: the load frame, one negation, and what a station cannot."""

import pytest

from support.translation import (
    F,
    a_station,
    an_evse,
    charge_only,
    kinds,
    limit,
    only,
    payloads,
    period,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    ChargeStateTarget,
    Connect,
    Energize,
    ReactiveSetpoint,
)

ONE = situation(running())
OPEN, CEASE = Connect(connected=False), Energize(energized=False)


def active(value):
    return ActiveSetpoint(q(value))


def reactive(value):
    return ReactiveSetpoint(q(value))


def sent(*controls, **options):
    return period(only(translated(*controls, **{"situation": ONE, **options})))


@pytest.mark.parametrize(
    ("value", "setpoint"),
    [
        ("5000 W", -5000),
        ("-5000 W", 5000),
        ("0 W", 0),
        ("-50 pct[setMaxW|setMaxChargeRateW]", 11000),
        ("50 pct[setMaxW|setMaxChargeRateW]", -10000),
        ("-50 pct[setMaxW]", 10000),
        ("0.00005 W", 0),
        ("0.00015 W", -0.0002),
        ("17000 W", -16000),
        ("-23000 W", 22000),
    ],
)
def test_what_exports_here_is_negative_in_a_profile(value, setpoint):
    assert sent(active(value)) == {"operationMode": "CentralSetpoint", "setpoint": setpoint}


def test_a_setpoint_belongs_to_its_transaction():
    payload = only(translated(active("5000 W"), situation=ONE))
    profile = payload["chargingProfile"]
    assert payload["evseId"] == 1
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", "tx-1")
    assert profile["chargingSchedule"][0]["chargingRateUnit"] == "W"


@pytest.mark.parametrize(
    ("value", "setpoint"),
    [("2000 var", -2000), ("-2000 var", 2000), ("12000 var", -10000), ("-12000 var", 8000),
     ("10 pct[setMaxVar]", -1000), ("-10 pct[setMaxVar]", 800)],
)  # fmt: skip
def test_what_injects_var_here_is_negative_in_a_profile(value, setpoint):
    found = sent(active("5000 W"), reactive(value))
    assert found == {
        "operationMode": "CentralSetpoint",
        "setpoint": -5000,
        "setpointReactive": setpoint,
    }


@pytest.mark.parametrize(
    ("ratings", "setpoint"),
    [
        ({"max_var_neg": 0}, 0),
        ({"max_var_neg": None}, 10000),
        ({"max_var": None, "max_var_neg": None}, 20000),
    ],
)
def test_an_absorbing_side_of_nothing_is_nothing(ratings, setpoint):
    station = a_station(an_evse(**ratings))
    assert (
        sent(active("0 W"), reactive("-20000 var"), station=station)["setpointReactive"] == setpoint
    )


def test_a_reactive_setpoint_stands_beside_the_one_that_runs():
    found = sent(reactive("2000 var"), situation=situation(running(5000)))
    assert found == {
        "operationMode": "CentralSetpoint",
        "setpoint": -5000,
        "setpointReactive": -2000,
    }
    alone = translated(reactive("2000 var"), situation=ONE)
    assert refused(alone) == [("not_applicable", "ReactiveSetpoint")]


@pytest.mark.parametrize("state", [situation(), situation(running(), running(name="b"))])
def test_a_setpoint_needs_one_running_transaction(state):
    translation = translated(active("1 W"), reactive("1 var"), situation=state)
    assert refused(translation) == [
        ("not_applicable", "ActiveSetpoint"),
        ("not_applicable", "ReactiveSetpoint"),
    ]
    assert kinds(translation) == ["unsupported", "unsupported"]


@pytest.mark.parametrize(
    ("ratings", "policy", "setpoint", "lost"),
    [
        ({}, {}, -10000, ["ambiguous"]),
        ({}, {"fixed_w_positive_base": "setMaxW"}, -10000, ["ambiguous"]),
        ({}, {"fixed_w_positive_base": "setMaxDischargeRateW"}, -8000, ["ambiguous"]),
        ({"max_discharge_rate_w": 20000}, {}, -10000, []),
        ({"max_discharge_rate_w": None}, {}, -10000, ["ambiguous"]),
    ],
)
def test_a_positive_per_cent_has_two_readings_and_policy_picks_one(ratings, policy, setpoint, lost):
    state = situation(running(), **policy)
    translation = translated(
        active("50 pct[setMaxW|setMaxChargeRateW]"),
        station=a_station(an_evse(**ratings)),
        situation=state,
    )
    assert period(only(translation))["setpoint"] == setpoint
    assert kinds(translation) == lost


OTHER = ["-50 pct[setMaxW|setMaxChargeRateW]", "0 pct[setMaxW|setMaxChargeRateW]", "5 W"]


@pytest.mark.parametrize("value", [*OTHER, "5 pct[statWAvail]"])
def test_other_values_have_one_reading(value):
    assert "ambiguous" not in kinds(translated(active(value), situation=ONE))


def test_a_cut_declares_how_much():
    translation = translated(active("17000 W"), situation=ONE)
    (loss,) = translation.losses
    assert (loss.kind.value, F(loss.residual)) == ("clip", 1000)


@pytest.mark.parametrize(
    ("evse", "value", "setpoint"),
    [(1, "9000 W", -5000), (1, "-9000 W", 6000), (2, "9000 W", -9000), (3, "99000 W", -99000)],
)
def test_a_setpoint_is_within_the_ratings_of_its_own_evse(evse, value, setpoint):
    small = an_evse(1, max_w=5000, max_charge_rate_w=6000)
    v2x_everywhere = a_station(small, an_evse(2))
    translation = translated(
        active(value), station=v2x_everywhere, situation=situation(running(evse=evse))
    )
    if evse == 3:
        assert refused(translation) == [("not_supported", "ActiveSetpoint")]
    else:
        assert period(only(translation))["setpoint"] == setpoint


def test_settings_bound_a_setpoint_below_the_rating():
    held = {"setMaxW": 4000, "setMaxChargeRateW": 3000}
    for value, setpoint in (("9000 W", -4000), ("-9000 W", 3000)):
        assert (
            sent(active(value), situation=situation(running(), settings=held))["setpoint"]
            == setpoint
        )


@pytest.mark.parametrize(
    ("dialect", "more"),
    [
        ({}, {}),
        ({"central_setpoint_limits": "include"}, {"limit": 22000, "dischargeLimit": -16000}),
    ],
)
def test_limits_stand_beside_a_setpoint_only_where_a_dialect_wants_them(dialect, more):
    translation = translated(active("1 W"), station=a_station(**dialect), situation=ONE)
    expected = {"operationMode": "CentralSetpoint", "setpoint": -1, **more}
    assert period(only(translation)) == expected  # Q03.FR.02
    assert kinds(translation) == []


def test_limits_that_nobody_knows_stand_beside_nothing():
    ratings = {"max_w": None, "max_charge_rate_w": None, "max_discharge_rate_w": None}
    station = a_station(an_evse(**ratings), central_setpoint_limits="include")
    assert sent(active("1 W"), station=station) == {
        "operationMode": "CentralSetpoint",
        "setpoint": -1,
    }


@pytest.mark.parametrize(
    ("station", "expected", "unit", "lost"),
    [
        (charge_only("2.1"), {"limit": 10, "numberPhases": 3}, "A", ["approximate", "approximate"]),
        (charge_only("2.1", units=("W",)), {"limit": 6900}, "W", ["approximate"]),
        (charge_only("2.0.1", units=("W",)), {"limit": 6900}, "W", ["approximate"]),
        (a_station(version="2.0.1"), {"limit": 6900}, "W", ["approximate"]),
        (a_station(an_evse(v2x=("Idle",))), {"limit": 6900}, "W", ["approximate"]),
    ],
)
def test_without_v2x_a_charging_setpoint_is_a_limit_of_its_transaction(
    station, expected, unit, lost
):
    translation = translated(active("-6900 W"), station=station, situation=ONE)
    payload = only(translation)
    assert period(payload) == expected
    assert payload["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    assert payload["chargingProfile"]["chargingSchedule"][0]["chargingRateUnit"] == unit
    assert kinds(translation) == lost


@pytest.mark.parametrize("controls", [[active("1 W")], [active("-1 W"), reactive("1 var")]])
def test_without_v2x_nothing_discharges_and_nothing_moves_var(controls):
    translation = translated(*controls, station=charge_only(), situation=ONE)
    assert {outcome for outcome, _ in refused(translation)} == {"not_supported"}
    assert translation.value.messages == ()


@pytest.mark.parametrize(
    "controls", [[OPEN], [CEASE], [OPEN, CEASE], [Connect(connected=True), CEASE]]
)
def test_to_cease_is_a_limit_of_zero_and_idle_for_what_runs(controls):
    translation = translated(*controls, situation=ONE)
    whole, own = sorted(payloads(translation), key=lambda p: p["evseId"])
    assert whole["evseId"] == 0
    assert whole["chargingProfile"]["chargingProfilePurpose"] == "ChargingStationMaxProfile"
    assert period(whole) == {"limit": 0}
    assert own["chargingProfile"]["transactionId"] == "tx-1"
    assert period(own) == {"operationMode": "Idle"}
    assert kinds(translation) == ["approximate"]


@pytest.mark.parametrize(
    "controls", [[Connect(connected=True)], [Energize(energized=True), Connect(connected=True)]]
)
def test_a_permission_is_followed_without_a_word(controls):
    translation = translated(*controls, situation=ONE)
    assert translation.value.messages == ()
    assert len(translation.value.vacuous) == len(controls)


@pytest.mark.parametrize(
    ("v2x", "evse", "expected"),
    [
        (("Idle", "CentralSetpoint"), 1, {"operationMode": "Idle"}),
        (("CentralSetpoint",), 1, {"operationMode": "CentralSetpoint", "setpoint": 0}),
        (("ChargingOnly",), 1, None),
        (("Idle",), 9, None),
    ],
)
def test_what_runs_is_stopped_in_the_mode_that_its_evse_knows(v2x, evse, expected):
    station = a_station(an_evse(v2x=v2x))
    translation = translated(CEASE, station=station, situation=situation(running(5000, evse)))
    own = [p for p in payloads(translation) if p["evseId"]]
    assert [period(p) for p in own] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("station", "unit"),
    [
        (a_station(), "W"),
        (charge_only(), "A"),
        (charge_only("2.0.1"), "A"),
        (a_station(version="2.0.1"), "W"),
    ],
)
def test_zero_is_said_in_the_unit_that_the_station_knows(station, unit):
    translation = translated(CEASE, station=station, situation=situation())
    schedule = only(translation)["chargingProfile"]["chargingSchedule"][0]
    assert schedule["chargingRateUnit"] == unit
    assert period(only(translation))["limit"] == 0


def test_an_older_station_knows_no_idle():
    translation = translated(CEASE, station=a_station(version="2.0.1"), situation=ONE)
    assert [p["evseId"] for p in payloads(translation)] == [0]


def test_to_cease_goes_before_all_that_the_same_command_asks_besides():
    asked = (
        active("5000 W"),
        limit("import", "7000 W"),
        limit("export", "5000 W"),
        ChargeStateTarget(F("0.5")),
    )
    translation = translated(*asked, CEASE, situation=ONE)
    assert sorted(p["evseId"] for p in payloads(translation)) == [0, 1]
    assert period(payloads(translation)[0]) == {"limit": 0}
    assert set(translation.value.vacuous) == {
        "ActiveSetpoint",
        "PowerLimit.import.device",
        "PowerLimit.export.device",
        "ChargeStateTarget",
    }
    assert kinds(translation) == ["approximate", "drop", "drop"]


@pytest.mark.parametrize(
    ("soc", "wire"), [("0.8", 80), ("1", 100), ("0", 0), ("2/3", 66), ("0.999", 99)]
)
def test_a_charge_state_is_a_ceiling_at_the_rated_power(soc, wire):
    translation = translated(ChargeStateTarget(F(soc)), situation=ONE)
    payload = only(translation)
    schedule = payload["chargingProfile"]["chargingSchedule"][0]
    assert period(payload) == {"limit": 22000}
    assert schedule["limitAtSoC"] == {"soc": wire, "limit": 0}
    assert "approximate" in kinds(translation)


@pytest.mark.parametrize(
    ("station", "state", "outcome"),
    [
        (a_station(), situation(), "not_applicable"),
        (a_station(an_evse(max_charge_rate_w=None)), ONE, "not_applicable"),
        (a_station(), situation(running(evse=9)), "not_applicable"),
        (a_station(version="2.0.1"), ONE, "not_supported"),
    ],
)
def test_a_charge_state_that_cannot_be_met_is_refused(station, state, outcome):
    translation = translated(ChargeStateTarget(F(1)), station=station, situation=state)
    assert refused(translation) == [(outcome, "ChargeStateTarget")]


def test_the_stack_level_is_the_one_that_the_situation_gives():
    state = type(ONE)(ONE.transactions, stack_level=5)
    assert only(translated(active("1 W"), situation=state))["chargingProfile"]["stackLevel"] == 5


@pytest.mark.parametrize(
    ("phases", "expected"), [((3, 3), {"limit": 0, "numberPhases": 3}), ((3, 1), {"limit": 0})]
)
def test_zero_amps_name_the_phases_that_all_evses_share(phases, expected):
    evses = [an_evse(n, units=("A",), phases=p) for n, p in enumerate(phases, 1)]
    translation = translated(CEASE, station=a_station(*evses), situation=situation())
    assert period(only(translation)) == expected
