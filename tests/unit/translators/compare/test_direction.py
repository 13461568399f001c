"""Which way a change goes: safer, looser, or neither."""

from fractions import Fraction

import pytest

from translators.compare.direction import Direction, of_curve, of_number, of_presence

SAFER, LOOSER, OTHER = Direction.SAFER, Direction.LOOSER, Direction.OTHER
LIMIT = ("PowerLimit.export.device",)


@pytest.mark.parametrize(
    ("functions", "member", "before", "after", "way"),
    [
        pytest.param(LIMIT, "pctMaxDischargePower", 50, 40, SAFER, id="a smaller share"),
        pytest.param(LIMIT, "pctMaxDischargePower", 50, 50.5, LOOSER, id="a larger share"),
        pytest.param(LIMIT, "limit", 0, 1, LOOSER, id="from nothing to something"),
        pytest.param(LIMIT, "dischargeLimit", -5, -4, SAFER, id="less discharge"),
        pytest.param(LIMIT, "setpoint", -9, -10, LOOSER, id="a clipped setpoint exports more"),
        pytest.param(LIMIT, "setpoint", -9, 9, OTHER, id="the other way round"),
        pytest.param(LIMIT, "setpoint", 9, -9, OTHER, id="and back"),
        pytest.param(LIMIT, "numberPhases", 3, 1, OTHER, id="no bound"),
        pytest.param(LIMIT, "limit", None, 5, OTHER, id="was not there"),
        pytest.param(LIMIT, "limit", 5, True, OTHER, id="no number"),
        pytest.param((), "limit", 5, 4, OTHER, id="for nobody"),
        pytest.param(("Energize",), "limit", 0, 10, LOOSER, id="cease lets through"),
        pytest.param(("ReactiveLimit.injecting",), "setpointReactive", 4, 3, SAFER, id="var"),
        pytest.param(("ApparentLimit.injecting",), "limit", 4, 3, SAFER, id="VA"),
        pytest.param(("ActiveSetpoint",), "setpoint", 5, 4, OTHER, id="another setpoint"),
        pytest.param(("ActiveSetpoint",), "limit", 5, 4, SAFER, id="the limit of a setpoint"),
        pytest.param((*LIMIT, "ActiveSetpoint"), "limit", 5, 4, SAFER, id="both bound"),
        pytest.param((*LIMIT, "ActiveSetpoint"), "setpoint", 5, 4, OTHER, id="one follows"),
        pytest.param(("FixedVar",), "setpoint", 5, 4, OTHER, id="reactive power"),
        pytest.param(("ChargeStateTarget",), "limit", 5, 4, OTHER, id="charging to a target"),
        pytest.param(("Gradients",), "gradient", 2, 1, SAFER, id="slower"),
        pytest.param(("Gradients",), "gradient", 0, 1, OTHER, id="0 has two readings"),
        pytest.param(("EnterService",), "delay", 300, 400, SAFER, id="waits longer"),
        pytest.param(("EnterService",), "lowVoltage", 92, 91, LOOSER, id="enters lower"),
        pytest.param(("EnterService",), "highFreq", 60.1, 60.05, SAFER, id="enters narrower"),
        pytest.param(("EnterService",), "rampRate", 300, 400, OTHER, id="two readings"),
    ],
)
def test_a_number_goes(functions, member, before, after, way):
    assert of_number(functions, member, before, after) is way


@pytest.mark.parametrize(
    ("functions", "sent", "way"),
    [
        (LIMIT, True, SAFER),
        (LIMIT, False, LOOSER),
        (("Connect",), True, SAFER),
        (("FixedVar",), True, OTHER),
        ((*LIMIT, "ActiveSetpoint"), False, OTHER),
        ((), True, OTHER),
    ],
)
def test_a_message_is_sent_or_no_longer(functions, sent, way):
    assert of_presence(functions, sent=sent) is way


def points(*pairs):
    return [(Fraction(x), Fraction(y)) for x, y in pairs]


FULL = points((106, 100), (110, 0))


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        pytest.param(FULL, points((106, 90), (110, 0)), SAFER, id="lower"),
        pytest.param(FULL, points((105, 100), (109, 0)), SAFER, id="earlier"),
        pytest.param(FULL, points((107, 100), (110, 0)), LOOSER, id="later"),
        pytest.param(FULL, points((105, 100), (111, 0)), OTHER, id="crosses"),
        pytest.param(FULL, points((106, 100), (108, 50), (108, 40), (110, 0)), SAFER, id="a step"),
        pytest.param(FULL, points((106, 100), (110, -5)), OTHER, id="absorbs"),
        pytest.param(FULL, [], OTHER, id="gone"),
        pytest.param([], FULL, OTHER, id="came"),
        pytest.param(points((100, 50)), points((100, 60)), LOOSER, id="one point"),
    ],
)
def test_a_curve_of_allowed_power_goes(before, after, way):
    assert of_curve(("VoltWatt",), before, after) is way


def test_a_curve_that_is_no_limit_goes_neither_way():
    assert of_curve(("VoltVar",), FULL, points((106, 90), (110, 0))) is OTHER
