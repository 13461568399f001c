"""The charging profiles of a station: what is held, ordered, composed, reported."""

import pytest

from gateway.simulators.station_options import V2X_MODES
from gateway.simulators.station_profile_rules import Situation
from gateway.simulators.station_profiles import Profiles
from gateway.simulators.station_schedules import Around, Conductors, Order
from gateway.simulators.station_schema import check_request, check_response
from support.station_messages import EPOCH, at, set_profile

SITUATION = Situation(modes=frozenset(V2X_MODES), transaction_id="tx-1")
MAX, TX, TX_DEFAULT = "ChargingStationMaxProfile", "TxProfile", "TxDefaultProfile"


def holding(*requests, now=EPOCH, conductors=None):
    profiles = Profiles(conductors)
    for number, request in enumerate(requests, start=1):
        request["chargingProfile"]["id"] = number
        answer = profiles.set(request, SITUATION, now)
        check_response("2.1", "SetChargingProfile", answer)
        assert answer == {"status": "Accepted"}
    return profiles


def limits(profiles, seconds=0.0, **around):
    order = profiles.order(EPOCH + seconds, Around(**around))
    return order.low_w, order.high_w


FREE = (float("-inf"), float("inf"))


def setpoint(value, **more):
    return {"operationMode": "CentralSetpoint", "setpoint": value, **more}


# Orders


def test_without_a_profile_everything_is_free():
    assert Profiles().order(EPOCH) == Order()


def test_a_limit_bounds_charging_alone():
    assert limits(holding(set_profile(MAX, period={"limit": 4000}))) == (-4000, float("inf"))


def test_the_smallest_limit_over_the_purposes_counts():
    profiles = holding(
        set_profile(MAX, period={"limit": 4000}), set_profile(TX, period={"limit": 3000})
    )
    assert limits(profiles)[0] == -3000


def test_the_higher_stack_level_wins_inside_a_purpose():
    profiles = holding(
        set_profile(TX, level=5, period={"limit": 5000}),
        set_profile(TX, level=2, period={"limit": 2000}),
    )
    assert limits(profiles)[0] == -5000


def test_a_lower_level_takes_over_when_the_higher_one_is_over():
    profiles = holding(
        set_profile(TX, level=5, period={"limit": 5000}, schedule={"duration": 60}),
        set_profile(TX, level=2, period={"limit": 2000}),
    )
    assert limits(profiles, 59.9)[0] == -5000
    assert limits(profiles, 60)[0] == -2000


def test_a_transaction_profile_stands_in_for_the_default():
    profiles = holding(
        set_profile(TX_DEFAULT, period={"limit": 1000}), set_profile(TX, period={"limit": 6000})
    )
    assert limits(profiles)[0] == -6000
    profiles.end_transaction()
    assert limits(profiles)[0] == -1000


def test_a_setpoint_changes_its_sign_in_the_generator_frame():
    order = holding(set_profile(period=setpoint(-5000, setpointReactive=-2000))).order(EPOCH)
    assert (order.mode, order.p_w, order.q_var) == ("CentralSetpoint", 5000, 2000)


def test_a_discharge_limit_bounds_export():
    period = {"operationMode": "ExternalSetpoint", "limit": 3000, "dischargeLimit": -2000}
    assert limits(holding(set_profile(period=period))) == (-3000, 2000)


@pytest.mark.parametrize(
    ("period", "order"),
    [
        ({"operationMode": "Idle"}, Order("Idle", 0.0, 0.0)),
        ({"operationMode": "ChargingOnly", "limit": 9}, Order("ChargingOnly", low_w=-9, high_w=0)),
        ({"operationMode": "ExternalSetpoint"}, Order("ExternalSetpoint")),
        (
            {"operationMode": "CentralFrequency", "setpoint": 700},
            Order("CentralFrequency", -700.0),
        ),
    ],
)
def test_each_mode_orders_its_own(period, order):
    assert holding(set_profile(period=period)).order(EPOCH) == order


def test_local_frequency_adds_its_curve_to_the_baseline():
    curve = [{"frequency": 49.8, "power": -5000}, {"frequency": 50.2, "power": 5000}]
    period = {"operationMode": "LocalFrequency", "v2xBaseline": 1000, "v2xFreqWattCurve": curve}
    profiles = holding(set_profile(period=period))
    assert profiles.order(EPOCH, Around(frequency_hz=50.1)).p_w == pytest.approx(-3500)
    assert profiles.order(EPOCH, Around(frequency_hz=49)).p_w == pytest.approx(4000)


def test_amps_are_watts_by_phases_and_voltage():
    conductors = Conductors(phases=3, v_nom=230)
    three = holding(set_profile(MAX, unit="A", period={"limit": 10}), conductors=conductors)
    assert limits(three)[0] == -6900
    one = set_profile(MAX, unit="A", period={"limit": 10, "numberPhases": 1})
    assert limits(holding(one, conductors=conductors))[0] == -2300


def test_phases_add_up():
    watts = {"limit": 1000, "limit_L2": 2000, "limit_L3": 3000}
    assert limits(holding(set_profile(period=watts)))[0] == -6000
    amps = {"limit": 6, "limit_L2": 12, "limit_L3": 12}
    assert limits(holding(set_profile(unit="A", period=amps)))[0] == pytest.approx(-30 * 230)


# Time


def test_periods_follow_each_other_from_the_start_of_the_schedule():
    periods = [(0, {"limit": 1000}), (60, {"limit": 2000})]
    profiles = holding(set_profile(periods=periods, start=EPOCH + 10, schedule={"duration": 90}))
    found = [limits(profiles, seconds)[0] for seconds in (0, 10, 69, 70, 99, 100)]
    assert found == [FREE[0], -1000, -1000, -2000, -2000, FREE[0]]


def test_a_profile_counts_while_it_is_valid():
    validity = {"validFrom": at(EPOCH + 10), "validTo": at(EPOCH + 20)}
    profiles = holding(set_profile(profile=validity))
    assert [limits(profiles, s)[0] for s in (9, 10, 19, 20)] == [FREE[0], -7000, -7000, FREE[0]]


def test_a_daily_profile_returns_every_day():
    profiles = holding(
        set_profile(
            kind="Recurring",
            profile={"recurrencyKind": "Daily"},
            schedule={"duration": 3600},
            start=EPOCH,
        )
    )
    day = 86_400
    found = [limits(profiles, s)[0] for s in (-1, 0, 3600, day - 1, day, 5 * day + 10)]
    assert found == [FREE[0], -7000, FREE[0], FREE[0], -7000, -7000]


def test_a_relative_profile_starts_with_the_transaction():
    profiles = holding(set_profile(kind="Relative", schedule={"duration": 60}))
    assert limits(profiles, 100, transaction_started=EPOCH + 50)[0] == -7000
    assert limits(profiles, 200, transaction_started=EPOCH + 50)[0] == FREE[0]


def test_a_profile_gives_up_when_the_station_is_offline_too_long():  # K01.FR.101
    profiles = holding(set_profile(profile={"maxOfflineDuration": 60}))
    assert limits(profiles, 60, offline_since=EPOCH)[0] == -7000
    assert limits(profiles, 61, offline_since=EPOCH)[0] == FREE[0]
    assert limits(profiles, 61)[0] == -7000


def test_charging_stops_at_the_state_of_charge():
    profiles = holding(set_profile(schedule={"limitAtSoC": {"soc": 80, "limit": 0}}))
    assert limits(profiles, soc_pct=79)[0] == -7000
    assert limits(profiles, soc_pct=80)[0] == 0


def test_a_dynamic_profile_is_updated_and_its_duration_is_a_watchdog():
    dynamic = set_profile(kind="Dynamic", period=setpoint(1000), schedule={"duration": 60})
    profiles = holding(dynamic)
    update = {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": -3000}}
    assert profiles.update(update, EPOCH + 50) == {"status": "Accepted"}
    assert profiles.order(EPOCH + 109).p_w == 3000
    assert profiles.order(EPOCH + 110).p_w is None


def test_only_a_dynamic_profile_is_updated():
    profiles = holding(set_profile())
    for number in (1, 9):
        update = {"chargingProfileId": number, "scheduleUpdate": {"limit": 1}}
        assert profiles.update(update, EPOCH)["status"] == "Rejected"


# Composite schedule


def composite(profiles, duration=600, now=EPOCH, rating_w=22_000, **request):
    request = {"evseId": 1, "duration": duration, **request}
    answer = profiles.composite(request, now, [Around()], rating_w)
    check_response("2.1", "GetCompositeSchedule", answer)
    return answer


def periods(answer):
    return answer["schedule"]["chargingSchedulePeriod"]


def test_a_composite_without_profiles_is_the_rating():
    answer = composite(Profiles())
    assert periods(answer) == [{"startPeriod": 0, "limit": 22_000}]
    assert answer["schedule"]["scheduleStart"] == "2027-01-15T08:00:00.000Z"


def test_a_composite_shows_each_change_of_the_smallest_limit():
    profiles = holding(
        set_profile(MAX, periods=[(0, {"limit": 9000}), (100, {"limit": 4000})]),
        set_profile(TX, start=EPOCH + 50, schedule={"duration": 250}, period={"limit": 6000}),
    )
    assert periods(composite(profiles)) == [
        {"startPeriod": 0, "limit": 9000},
        {"startPeriod": 50, "limit": 6000},
        {"startPeriod": 100, "limit": 4000},
    ]


def test_a_composite_ends_with_its_duration():
    profiles = holding(set_profile(MAX, periods=[(0, {"limit": 1}), (600, {"limit": 2})]))
    assert len(periods(composite(profiles, duration=600))) == 1
    assert len(periods(composite(profiles, duration=601))) == 2


def test_a_setpoint_is_capped_by_the_limits_of_others():  # V2X.03, V2X.04
    profiles = holding(
        set_profile(MAX, period={"limit": 4000}),
        set_profile(TX, period=setpoint(7000, setpointReactive=500)),
    )
    [period] = periods(composite(profiles))
    assert period == {
        "startPeriod": 0,
        "limit": 4000,
        "operationMode": "CentralSetpoint",
        "setpoint": 4000,
        "setpointReactive": 500,
    }


def test_a_composite_speaks_the_unit_that_was_asked_for():
    profiles = holding(set_profile(MAX, period={"limit": 6900}))
    assert periods(composite(profiles, chargingRateUnit="A"))[0]["limit"] == 10


def test_an_idle_composite_has_no_setpoint():
    [period] = periods(composite(holding(set_profile(period={"operationMode": "Idle"}))))
    assert period == {"startPeriod": 0, "limit": 22_000, "operationMode": "Idle"}


def test_the_next_day_of_a_recurring_profile_shows_in_the_composite():
    profiles = holding(
        set_profile(
            TX_DEFAULT,
            kind="Recurring",
            start=EPOCH - 3600,
            periods=[(0, {"limit": 5000}), (7200, {"limit": 9000})],
            profile={"recurrencyKind": "Daily"},
        )
    )
    found = periods(composite(profiles, duration=86_400))
    assert [(period["startPeriod"], period["limit"]) for period in found] == [
        (0, 5000),
        (3600, 9000),
        (82_800, 5000),
    ]


def test_validity_shows_in_the_composite():
    profiles = holding(set_profile(MAX, profile={"validTo": at(EPOCH + 30)}))
    assert [p["startPeriod"] for p in periods(composite(profiles))] == [0, 30]


def test_an_unknown_evse_has_no_composite():
    answer = composite(Profiles(), evseId=5)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "UnknownEvse")


# Held, reported, cleared


def a_full_station():
    return holding(
        set_profile(MAX, level=1),
        set_profile(TX_DEFAULT, level=2),
        set_profile(TX, level=3),
    )


def ids(profiles):
    return [item.id for item in profiles.held]


def test_the_same_id_replaces():
    profiles = holding(set_profile(period={"limit": 1000}))
    profiles.set(set_profile(period={"limit": 2000}), SITUATION, EPOCH)
    assert limits(profiles)[0] == -2000


def test_a_refusal_changes_nothing():
    profiles = holding(set_profile())
    answer = profiles.set(set_profile(profile_id=2), SITUATION, EPOCH)
    check_response("2.1", "SetChargingProfile", answer)
    assert answer["statusInfo"]["reasonCode"] == "DuplicateProfile"
    assert ids(profiles) == [1]


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        ({"chargingProfileId": 2}, [1, 3]),
        ({"chargingProfileCriteria": {"chargingProfilePurpose": MAX}}, [2, 3]),
        ({"chargingProfileCriteria": {"evseId": 1}}, [1]),
        ({"chargingProfileCriteria": {"evseId": 1, "stackLevel": 3}}, [1, 2]),
        ({}, []),
    ],
)
def test_a_clear_takes_what_fits(request_, left):
    profiles = a_full_station()
    assert profiles.clear(request_) == {"status": "Accepted"}
    assert ids(profiles) == left


def test_a_clear_of_nothing_is_unknown():
    profiles = a_full_station()
    assert profiles.clear({"chargingProfileId": 9}) == {"status": "Unknown"}


def get(profiles, part=8, **criterion):
    evse = {"evseId": criterion.pop("evse")} if "evse" in criterion else {}
    request = {"requestId": 4, "chargingProfile": criterion, **evse}
    check_request("2.1", "GetChargingProfiles", request)
    answer, reports = profiles.get(request, part)
    check_response("2.1", "GetChargingProfiles", answer)
    for report in reports:
        check_request("2.1", "ReportChargingProfiles", report)
    found = [profile["id"] for report in reports for profile in report["chargingProfile"]]
    return answer["status"], found, reports


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ({}, [1, 2, 3]),
        ({"evse": 0}, [1]),
        ({"chargingProfilePurpose": TX}, [3]),
        ({"stackLevel": 2}, [2]),
        ({"chargingProfileId": [1, 3]}, [1, 3]),
        ({"chargingLimitSource": ["CSO", "EMS"]}, [1, 2, 3]),
    ],
)
def test_a_get_reports_what_fits(criterion, found):
    assert get(a_full_station(), **criterion)[:2] == ("Accepted", found)


@pytest.mark.parametrize(
    "criterion", [{"chargingProfileId": [9]}, {"chargingLimitSource": ["EMS"]}]
)
def test_a_get_of_nothing_says_so(criterion):
    assert get(a_full_station(), **criterion) == ("NoProfiles", [], [])


def test_a_report_comes_in_parts_by_evse():
    _, _, reports = get(a_full_station(), part=1)
    assert [report["evseId"] for report in reports] == [0, 1, 1]
    assert [report.get("tbc", False) for report in reports] == [True, True, False]


# Pulls of dynamic schedules


def dynamic(**profile):
    period = {"operationMode": "CentralSetpoint", "setpoint": 1000}
    return holding(set_profile(kind="Dynamic", period=period, profile=profile))


def test_a_dynamic_schedule_is_pulled_in_its_interval_and_after_each_update_anew():
    profiles = dynamic(dynUpdateInterval=60)
    assert profiles.due_pulls(EPOCH + 59) == []
    assert profiles.due_pulls(EPOCH + 60) == [1]
    assert profiles.due_pulls(EPOCH + 61) == []  # asked, not answered yet
    profiles.update({"chargingProfileId": 1, "scheduleUpdate": {"setpoint": 2000}}, EPOCH + 90)
    assert profiles.due_pulls(EPOCH + 149) == []
    assert profiles.due_pulls(EPOCH + 150) == [1]


@pytest.mark.parametrize("profile", [{}, {"dynUpdateInterval": 0}])
def test_without_an_interval_nothing_is_pulled(profile):
    assert dynamic(**profile).due_pulls(EPOCH + 1e6) == []
