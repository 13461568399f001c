"""Bounds of active power: which message, how round, and never more than was asked for."""

import pytest

from support.translation import (
    ALL_MODES,
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
from translators.canonical.controls import ActiveSetpoint, ReactiveSetpoint

NO_LIMIT = ALL_MODES - {"LimitMaxDischarge"}


def discharge_limit(translation):
    (payload,) = payloads(translation, "SetDERControl")
    assert payload["controlType"] == "LimitMaxDischarge"
    return payload["limitMaxDischarge"]["pctMaxDischargePower"]


def profiles(translation):
    return payloads(translation, "SetChargingProfile")


@pytest.mark.parametrize(
    ("on", "value", "sent", "lost"),
    [
        ("export", "8000 W", 50, ["semantic"]),
        ("generation", "8000 W", 50, ["semantic"]),
        ("generation", "60 pct[setMaxW]", 75, ["rebase", "semantic"]),
        ("generation", "100 pct[setMaxW]", 100, ["clip", "rebase", "semantic"]),
        ("export", "16001 W", 100, ["clip", "semantic"]),
        ("export", "0 W", 0, ["semantic"]),
        ("export", "1/3 W", 0.002, ["round", "semantic"]),
        ("export", "1000/3 W", 2.0833, ["round", "semantic"]),
    ],
)
def test_a_bound_of_discharge_is_a_percentage_of_rated_discharge_rounded_down(
    on, value, sent, lost
):
    translation = translated(limit(on, value))
    assert discharge_limit(translation) == sent
    assert kinds(translation) == lost


def test_a_limit_of_the_connection_point_says_that_it_is_applied_at_the_station():
    for on in ("export", "import"):
        assert "scope" in kinds(translated(limit(on, "5000 W", "connection_point")))
        assert "scope" not in kinds(translated(limit(on, "5000 W")))


def test_an_export_cap_is_never_a_profile_of_the_station():
    for value in ("0 W", "5000 W", "100 pct[setMaxW]"):
        assert profiles(translated(limit("export", value))) == []


@pytest.mark.parametrize(
    ("controls", "sent"),
    [
        (["5000 W", "60 pct[setMaxW]"], 31.25),
        (["60 pct[setMaxW]", "5000 W"], 31.25),
        (["13000 W", "60 pct[setMaxW]"], 75),
    ],
)
def test_of_several_bounds_the_most_restrictive_counts(controls, sent):
    both = [limit(on, value) for on, value in zip(("export", "generation"), controls, strict=True)]
    translation = translated(*both)
    assert discharge_limit(translation) == sent
    (message,) = translation.value.messages
    assert set(message.functions) == {"PowerLimit.export.device", "PowerLimit.generation.device"}


def test_what_the_weaker_bound_loses_is_declared_too():
    both = (limit("export", "9000 W", "connection_point"), limit("generation", "5000 W"))
    assert kinds(translated(*both)) == ["scope", "semantic"]
    both = (limit("import", "9000 W", "connection_point"), limit("load", "5000 W"))
    assert kinds(translated(*both)) == ["scope"]


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_a_station_that_cannot_discharge_follows_without_a_word(version):
    translation = translated(limit("export", "0 W"), station=charge_only(version))
    assert (translation.value.messages, translation.losses) == ((), ())
    assert translation.value.vacuous == ("PowerLimit.export.device",)


@pytest.mark.parametrize(
    ("ratings", "modes", "v2x", "follows"),
    [
        ({"max_discharge_rate_w": None}, (), (), True),
        ({"max_discharge_rate_w": 0}, (), (), True),
        ({"max_discharge_rate_w": 1}, (), (), False),
        ({"max_discharge_rate_w": None}, ("LimitMaxDischarge",), (), False),
        ({"max_discharge_rate_w": None}, (), ("CentralSetpoint",), False),
    ],
)
def test_any_sign_of_discharge_makes_a_bound_of_it_a_matter_of_words(ratings, modes, v2x, follows):
    station = a_station(an_evse(modes=modes, v2x=v2x, **ratings))
    translation = translated(limit("export", "5000 W"), station=station)
    assert bool(translation.value.vacuous) is follows


def test_a_station_that_discharges_unbounded_is_told_to_the_utility():
    station = a_station(an_evse(modes=NO_LIMIT))
    translation = translated(limit("export", "5000 W"), station=station)
    assert refused(translation) == [("not_supported", "PowerLimit.export.device")]


@pytest.mark.parametrize(
    ("watts", "cap", "setpoint"),
    [(20000, "12000 W", -12000), (20000, "0 W", 0), (20000, "1/3 W", -0.3333), (12000, "12000 W", None),
     (-11000, "0 W", None), (None, "0 W", None)],
)  # fmt: skip
def test_our_running_setpoint_is_clipped_where_the_bound_would_break_it(watts, cap, setpoint):
    translation = translated(limit("export", cap), situation=situation(running(watts)))
    assert [period(p) for p in profiles(translation)] == (
        [] if setpoint is None else [{"operationMode": "CentralSetpoint", "setpoint": setpoint}]
    )
    assert len(payloads(translation, "SetDERControl")) == 1


def test_what_a_running_setpoint_lost_to_the_bound_is_declared_exactly():
    translation = translated(limit("export", "12000 W"), situation=situation(running(20000)))
    cuts = [loss for loss in translation.losses if loss.where.endswith("/setpoint")]
    assert [(loss.kind.value, loss.residual) for loss in cuts] == [("clip", "8000")]


def test_running_setpoints_share_the_bound_and_keep_its_total():
    station = a_station(an_evse(1), an_evse(2))
    state = situation(running(9000, 1, "a"), running(3000, 2, "b"), running(-500, 1, "c"))
    sent = profiles(translated(limit("export", "8000 W"), station=station, situation=state))
    assert [(p["evseId"], p["chargingProfile"]["transactionId"]) for p in sent] == [
        (1, "a"),
        (2, "b"),
    ]
    assert [period(p)["setpoint"] for p in sent] == [-6000, -2000]


@pytest.mark.parametrize(
    ("watts", "messages", "vacuous"),
    [(9000, 1, ("PowerLimit.export.device",)), (5000, 0, ("PowerLimit.export.device",))],
)
def test_where_only_our_setpoint_discharges_it_is_what_follows_the_bound(watts, messages, vacuous):
    station = a_station(an_evse(modes=NO_LIMIT))
    state = situation(running(watts))
    translation = translated(limit("export", "8000 W"), station=station, situation=state)
    assert len(translation.value.messages) == messages
    assert translation.value.vacuous == vacuous
    assert translation.refusals == ()


@pytest.mark.parametrize(
    ("beside", "sent"),
    [
        (ActiveSetpoint(q("9000 W")), {"setpoint": -8000}),
        (ActiveSetpoint(q("7000 W")), {"setpoint": -7000}),
        (ReactiveSetpoint(q("1000 var")), {"setpoint": -8000, "setpointReactive": -1000}),
    ],
)
def test_a_setpoint_of_the_same_command_is_clipped_in_place_of_what_runs(beside, sent):
    state = situation(running(20000))
    translation = translated(beside, limit("export", "8000 W"), situation=state)
    (profile,) = profiles(translation)
    assert period(profile) == {"operationMode": "CentralSetpoint", **sent}


def test_a_setpoint_that_finds_no_place_leaves_the_bound_to_what_runs():
    station = a_station(an_evse(1, modes=NO_LIMIT), an_evse(2, modes=NO_LIMIT))
    state = situation(running(9000, 1, "a"), running(9000, 2, "b"))
    translation = translated(
        ActiveSetpoint(q("9000 W")), limit("export", "8000 W"), station=station, situation=state
    )
    assert [period(p)["setpoint"] for p in profiles(translation)] == [-4000, -4000]
    assert refused(translation) == [("not_applicable", "ActiveSetpoint")]


def test_a_bound_in_per_cent_needs_the_rating():
    station = a_station(an_evse(max_w=None))
    translation = translated(limit("generation", "60 pct[setMaxW]"), station=station)
    assert refused(translation) == [("not_applicable", "PowerLimit.generation.device")]


@pytest.mark.parametrize(
    ("on", "value", "sent", "lost"),
    [
        ("import", "7000 W", 7000, []),
        ("load", "7000 W", 7000, []),
        ("load", "50 pct[setMaxChargeRateW]", 11000, []),
        ("import", "0 W", 0, []),
        ("import", "99999 W", 99999, []),
        ("import", "10000/3 W", 3333.3333, ["round"]),
    ],
)
def test_a_bound_of_charge_is_a_profile_of_the_whole_station(on, value, sent, lost):
    translation = translated(limit(on, value))
    payload = only(translation)
    profile = payload["chargingProfile"]
    assert payload["evseId"] == 0
    assert profile["chargingProfilePurpose"] == "ChargingStationMaxProfile"
    assert profile["chargingProfileKind"] == "Absolute"
    assert "transactionId" not in profile
    assert profile["chargingSchedule"][0]["chargingRateUnit"] == "W"
    assert period(payload) == {"limit": sent}
    assert kinds(translation) == lost


@pytest.mark.parametrize(
    ("version", "watts", "amps", "lost"),
    [
        ("2.1", "6900 W", 10, ["approximate"]),
        ("2.1", "7000 W", 10.1449, ["approximate", "round"]),
        ("2.0.1", "7000 W", 10.1, ["approximate", "round"]),
        ("2.0.1", "0 W", 0, ["approximate"]),
    ],
)
def test_where_a_station_knows_amps_alone_watts_are_amps_at_nominal_voltage_rounded_down(
    version, watts, amps, lost
):
    translation = translated(limit("import", watts), station=charge_only(version))
    assert period(only(translation)) == {"limit": amps, "numberPhases": 3}
    schedule = only(translation)["chargingProfile"]["chargingSchedule"][0]
    assert schedule["chargingRateUnit"] == "A"
    assert kinds(translation) == lost


def test_an_older_station_gets_one_decimal_rounded_down():
    translation = translated(
        limit("import", "7000.19 W"), station=charge_only("2.0.1", units=("W",))
    )
    assert period(only(translation)) == {"limit": 7000.1}
    assert F(translation.losses[0].residual) == F("0.09")


@pytest.mark.parametrize(
    "evses",
    [
        [an_evse(1, units=("A",), v_nom=None)],
        [an_evse(1, units=("A",), v_nom=0)],
        [an_evse(1, units=("A",)), an_evse(2, units=("A",), phases=1)],
        [an_evse(1, units=("A",)), an_evse(2, units=("W", "A"), v_nom=230)],
        [an_evse(1, units=("A",), phases=0)],
    ],
)
def test_amps_need_phases_and_a_voltage_that_all_evses_share(evses):
    translation = translated(limit("import", "7000 W"), station=a_station(*evses))
    assert refused(translation) == [("not_applicable", "PowerLimit.import.device")]
    assert translation.value.messages == ()


def test_a_bound_of_charge_holds_the_setpoint_of_the_same_command():
    translation = translated(
        ActiveSetpoint(q("-9000 W")), limit("import", "8000 W"), situation=situation(running())
    )
    station_wide, own = sorted(profiles(translation), key=lambda p: p["evseId"])
    assert period(station_wide) == {"limit": 8000}
    assert period(own) == {"operationMode": "CentralSetpoint", "setpoint": 8000}
    assert kinds(translation) == ["clip"]


def test_a_default_bound_starts_when_it_was_made_and_has_no_end():
    schedule = only(translated(limit("import", "7000 W"), default=True))["chargingProfile"][
        "chargingSchedule"
    ][0]
    assert schedule["startSchedule"] == "2026-12-01T11:00:00Z"
    assert "duration" not in schedule
    timed = only(translated(limit("import", "7000 W")))["chargingProfile"]["chargingSchedule"][0]
    assert (timed["startSchedule"], timed["duration"]) == ("2026-12-01T12:00:00Z", 3600)
