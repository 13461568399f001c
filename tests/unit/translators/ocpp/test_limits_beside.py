"""Limits that hold beside a command: the tightest counts, and the command's trace says so."""

from dataclasses import replace

import pytest

from support.translation import (
    F,
    a_station,
    an_evse,
    kinds,
    limit,
    payloads,
    period,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.controls import ActiveSetpoint, Connect, Energize, LimitOn, PowerLimit


def beside(*controls, transactions=()):
    return replace(situation(*transactions), beside=controls)


def bound(translation):
    (payload,) = payloads(translation)
    if "limitMaxDischarge" in payload:
        return payload["limitMaxDischarge"]["pctMaxDischargePower"] * 160
    return period(payload)["limit"]


@pytest.mark.parametrize(
    ("own", "other", "sent"),
    [
        (limit("import", "5000 W"), limit("load", "3000 W"), 3000),
        (limit("import", "3000 W"), limit("load", "5000 W"), 3000),
        (limit("load", "5000 W"), limit("import", "0 W"), 0),
        (limit("export", "8000 W"), limit("generation", "4000 W"), 4000),
        (limit("export", "4000 W"), limit("generation", "8000 W"), 4000),
        (limit("generation", "8000 W"), limit("generation", "4000 W", "connection_point"), 4000),
        (limit("import", "5000 W"), limit("export", "3000 W"), 5000),
        (limit("export", "8000 W"), limit("load", "3000 W"), 8000),
        (limit("import", "5000 W"), Energize(energized=False), 0),
        (limit("import", "5000 W"), Connect(connected=False), 0),
        (limit("import", "5000 W"), Connect(connected=True), 5000),
        (limit("export", "8000 W"), Energize(energized=False), 8000),
    ],
)
def test_the_tightest_of_what_holds_at_one_time_is_sent(own, other, sent):
    translation = translated(own, situation=beside(other))
    assert bound(translation) == sent
    (message,) = translation.value.messages
    assert message.functions == translated(own).value.messages[0].functions


def test_a_tighter_limit_beside_it_is_a_loss_with_what_it_takes():
    translation = translated(
        limit("import", "5000 W"), situation=beside(limit("load", "3000 W"), limit("load", "4 W"))
    )
    (loss,) = translation.losses
    assert (loss.kind, loss.control) == ("approximate", "PowerLimit.import.device")
    assert (loss.detail, loss.residual) == (
        "PowerLimit.load.device beside it is tighter: 4 W",
        "4996",
    )


def test_a_looser_limit_beside_it_leaves_no_trace():
    own = limit("import", "3000 W")
    assert translated(own, situation=beside(limit("load", "5000 W"))) == translated(own)


def test_a_limit_beside_it_that_has_no_watts_here_bounds_nothing():
    station = a_station(an_evse(max_charge_rate_w=None))
    other = PowerLimit(LimitOn.LOAD, q("10 pct[setMaxChargeRateW]"))
    translation = translated(limit("import", "5000 W"), station=station, situation=beside(other))
    assert (bound(translation), refused(translation)) == (5000, [])


@pytest.mark.parametrize(
    ("wanted", "others", "sent"),
    [
        ("9000 W", ["export", "generation"], -2000),
        ("1000 W", ["export"], -1000),
        ("-9000 W", ["import", "load"], 2000),
        ("-1000 W", ["load"], 1000),
        ("9000 W", ["import"], -9000),
    ],
)
def test_a_setpoint_stays_within_the_limits_beside_it(wanted, others, sent):
    caps = [limit(on, f"{2000 + 500 * n} W") for n, on in enumerate(others)]
    context = beside(*caps, transactions=(running(),))
    translation = translated(ActiveSetpoint(q(wanted)), situation=context)
    (payload,) = payloads(translation, "SetChargingProfile")
    assert period(payload)["setpoint"] == sent
    assert ("clip" in kinds(translation)) is (F(wanted.split()[0]) != -sent)


def test_the_setpoint_of_the_same_command_is_clipped_itself():
    own = ActiveSetpoint(q("9000 W"))
    context = beside(own, transactions=(running(9000),))
    assert (
        payloads(translated(limit("export", "4000 W"), situation=context), "SetChargingProfile")
        == []
    )
