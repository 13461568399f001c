"""The simulated station beside OpenDER: the same settings, the same grid, the same watts and vars."""

import pytest

from gateway.simulators.station_car import Car
from gateway.simulators.station_controls import Control
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_options import Nameplate
from gateway.simulators.station_schedules import Order
from support.physics import CASES, EVEN, SWEEPS

STATIC = 0.005
"""Half a per cent of the rating: the bound of every static point."""
HZ = 60.0
BY_NAME = {case.name: case for case in CASES}
MEMBERS = ("curve", "fixedPFInject", "fixedVar", "freqDroop", "limitMaxDischarge")
NAMEPLATE = CASES[0].nameplate()


def plate_of(ratings, kind):
    """Return a nameplate of the tests as the simulated station has it.

    OpenDER knows no rated discharge; where no control refers to it the rated power stands in.
    """
    limited = kind == "LimitMaxDischarge"
    most = ratings.max_discharge_rate_w if limited else ratings.max_w
    return Nameplate(
        max_w=float(ratings.max_w),
        max_charge_w=float(ratings.max_charge_rate_w),
        max_discharge_w=float(most),
        max_va=float(ratings.max_va),
        max_var=float(ratings.max_var),
        max_var_neg=float(ratings.max_var_neg),
        v_nom=float(ratings.v_nom),
    )


class Bench:
    """An inverter of the station under one control, or none."""

    def __init__(self, kind, body, ratings, **options):
        self.inverter = Inverter(plate_of(ratings, kind), HZ, **options)
        self.active = {kind: Control(kind, kind, True, {"priority": 1, **body}, 1)}

    def step(self, point, step_s):
        """Go on by one step; return watts and vars."""
        order = Order("CentralSetpoint", p_w=point["w"])
        self.inverter.step(step_s, order, self.active, Car(), (point["v_pu"], point["hz"]))
        return {"w": self.inverter.p_w, "var": self.inverter.q_var}


def apart(ours, theirs, ratings):
    """Return the largest differences as shares of the rated W and VA."""
    pairs = list(zip(ours, theirs, strict=True))
    watts = max(abs(a["w"] - b["w"]) for a, b in pairs)
    var = max(abs(a["var"] - b["var"]) for a, b in pairs)
    return watts / float(ratings.max_w), var / float(ratings.max_va)


def body_of(payload):
    """Return what a SetDERControl carries for its type."""
    return next(payload[name] for name in MEMBERS if name in payload)


def curve(*points, unit="PctMaxVar", **more):
    return {"curveData": [{"x": x, "y": y} for x, y in points], "yUnit": unit, **more}


@pytest.fixture(scope="module")
def model(service):
    """Return the powers of OpenDER: at rest at each point, or step by step."""

    async def powers(settings, sweep, step_s=None, nameplate=NAMEPLATE):
        question = {"nameplate": nameplate, "settings": settings, "sweep": sweep}
        if step_s is None:
            return await service("opender", "sweep.py").ask(**question)
        return await service("opender", "response.py").ask(**question, step_s=step_s)

    return powers


@pytest.mark.parametrize("name", BY_NAME)
async def test_a_translated_message_moves_the_station_as_the_document_moves_opender(model, name):
    case, sweep = BY_NAME[name], SWEEPS[BY_NAME[name].over]
    (message,) = case.translated().value.orders.messages
    bench = Bench(message.payload["controlType"], body_of(message.payload), case.ratings)
    ours = [bench.step(point, 1e5) for point in sweep]
    theirs = await model(case.means, sweep, nameplate=case.nameplate())
    assert max(apart(ours, theirs, case.ratings)) < STATIC


V_VAR = curve((92, 44), (98, 0), (102, 0), (108, -44))
V_VAR_1547 = {
    "QV_MODE_ENABLE": True,
    **{f"QV_CURVE_V{n}": v for n, v in enumerate((0.92, 0.98, 1.02, 1.08), 1)},
    **{f"QV_CURVE_Q{n}": q * 0.44 * 11 / 25 for n, q in enumerate((1, 0, 0, -1), 1)},
}


@pytest.mark.parametrize("percent", [95, 97, 100, 103, 105])
async def test_a_reference_voltage_shifts_the_curve(model, percent):
    body = V_VAR | {"reactivePowerParams": {"vRef": percent}}
    bench = Bench("VoltVar", body, EVEN, additive_v_ref=True)
    ours = [bench.step(point, 1e5) for point in SWEEPS["voltage"]]
    theirs = await model(V_VAR_1547 | {"QV_VREF": percent / 100}, SWEEPS["voltage"])
    assert max(apart(ours, theirs, EVEN)) < STATIC


async def test_a_multiplied_reference_voltage_is_another_curve(model):
    body = V_VAR | {"reactivePowerParams": {"vRef": 95}}
    bench = Bench("VoltVar", body, EVEN)
    ours = [bench.step(point, 1e5) for point in SWEEPS["voltage"]]
    theirs = await model(V_VAR_1547 | {"QV_VREF": 0.95}, SWEEPS["voltage"])
    assert 0.005 < max(apart(ours, theirs, EVEN)) < 0.03


STEP_S = 0.25
REST = {"v_pu": 1.0, "hz": HZ, "w": 15_000.0}


def jump(**moved):
    """Return rest, then a step that lasts half a minute."""
    return [REST] * 8 + [REST | moved] * 120


RESPONSES = {
    "volt-var": (
        "VoltVar",
        V_VAR | {"responseTime": 5},
        V_VAR_1547 | {"QV_OLRT": 5},
        jump(v_pu=1.07),
    ),
    "volt-var, slow": (
        "VoltVar",
        V_VAR | {"responseTime": 20},
        V_VAR_1547 | {"QV_OLRT": 20},
        jump(v_pu=0.94),
    ),
    "volt-watt": (
        "VoltWatt",
        curve((104, 100), (109, 20), unit="PctMaxW", responseTime=10),
        {
            "PV_MODE_ENABLE": True,
            "PV_CURVE_V1": 1.04,
            "PV_CURVE_P1": 1.0,
            "PV_CURVE_V2": 1.09,
            "PV_CURVE_P2": 0.2,
            "PV_OLRT": 10,
        },
        jump(v_pu=1.085),
    ),
    "droop": (
        "FreqDroop",
        {
            "overFreq": 60.036,
            "underFreq": 59.964,
            "overDroop": 0.05,
            "underDroop": 0.05,
            "responseTime": 5,
        },
        {
            "PF_MODE_ENABLE": True,
            "PF_DBOF": 0.036,
            "PF_DBUF": 0.036,
            "PF_KOF": 0.05,
            "PF_KUF": 0.05,
            "PF_OLRT": 5,
        },
        jump(hz=60.8),
    ),
}


def beyond_one_sample(ours, theirs, name):
    """Return how far ours leaves what theirs spans from the sample before to the sample after."""
    worst = 0.0
    for number in range(1, len(ours) - 1):
        near = [item[name] for item in theirs[number - 1 : number + 2]]
        value = ours[number][name]
        worst = max(worst, min(near) - value, value - max(near))
    return worst


@pytest.mark.parametrize("name", RESPONSES)
async def test_an_open_loop_response_is_within_one_sample(model, name):
    kind, body, settings, sweep = RESPONSES[name]
    bench = Bench(kind, body, EVEN)
    ours = [bench.step(point, STEP_S) for point in sweep]
    theirs = await model(settings, sweep, STEP_S)
    moved = max(abs(theirs[-1][key] - theirs[7][key]) for key in ("w", "var"))
    assert moved > 1_000
    assert beyond_one_sample(ours, theirs, "w") < 0.001 * moved
    assert beyond_one_sample(ours, theirs, "var") < 0.001 * moved


async def test_a_response_of_another_time_is_seen(model):
    kind, body, settings, sweep = RESPONSES["volt-var"]
    bench = Bench(kind, body | {"responseTime": 7}, EVEN)
    ours = [bench.step(point, STEP_S) for point in sweep]
    theirs = await model(settings, sweep, STEP_S)
    moved = abs(theirs[-1]["var"] - theirs[7]["var"])
    assert beyond_one_sample(ours, theirs, "var") > 0.02 * moved


SERVICE = {
    "highVoltage": 105.0,
    "lowVoltage": 91.7,
    "highFreq": 60.1,
    "lowFreq": 59.5,
    "delay": 6,
    "randomDelay": 0,
    "rampRate": 10,
}
SERVICE_1547 = {
    "ES_PERMIT_SERVICE": True,
    "ES_V_HIGH": 1.05,
    "ES_V_LOW": 0.917,
    "ES_F_HIGH": 60.1,
    "ES_F_LOW": 59.5,
    "ES_DELAY": 6,
    "ES_RANDOMIZED_DELAY": 0,
    "ES_RAMP_RATE": 10,
}
TRIPS = {
    "low voltage": (
        "LVMustTrip",
        [(50, 2), (50, 5), (88, 5)],
        {"UV1_TRIP_V": 0.88, "UV1_TRIP_T": 5, "UV2_TRIP_V": 0.5, "UV2_TRIP_T": 2},
        {"v_pu": 0.8},
    ),
    "low frequency": (
        "LFMustTrip",
        [(56.5, 0.25), (56.5, 5), (58.5, 5)],
        {"UF1_TRIP_F": 58.5, "UF1_TRIP_T": 5, "UF2_TRIP_F": 56.5, "UF2_TRIP_T": 0.25},
        {"hz": 58.0},
    ),
    "high frequency": (
        "HFMustTrip",
        [(61.2, 5), (62, 5), (62, 0.25)],
        {"OF1_TRIP_F": 61.2, "OF1_TRIP_T": 5, "OF2_TRIP_F": 62, "OF2_TRIP_T": 0.25},
        {"hz": 61.5},
    ),
}


def away_and_back(kind, points, away):
    """Return the course of a station that leaves the grid and comes back, and what it was led through."""
    bench = Bench(kind, curve(*points, unit="Not_Applicable"), EVEN)
    service = Control("EnterService", "EnterService", True, {"priority": 1, **SERVICE}, 2)
    bench.active["EnterService"] = service
    sweep = [REST] * 8 + [REST | away] * 40 + [REST] * 120
    return [bench.step(point, STEP_S) for point in sweep], sweep


@pytest.mark.parametrize("name", TRIPS)
async def test_it_trips_and_enters_service_when_opender_does(model, name):
    kind, points, settings, away = TRIPS[name]
    ours, sweep = away_and_back(kind, points, away)
    theirs = await model(settings | SERVICE_1547, sweep, STEP_S)
    assert [theirs[20]["w"] > 0, theirs[40]["w"], theirs[-1]["w"]] == [True, 0.0, 15_000.0]
    assert beyond_one_sample(ours, theirs, "w") < 0.01 * EVEN.max_w


async def test_a_trip_of_another_time_is_seen(model):
    kind, points, settings, away = TRIPS["low voltage"]
    later = [(x, y + 1) for x, y in points]
    ours, sweep = away_and_back(kind, later, away)
    theirs = await model(settings | SERVICE_1547, sweep, STEP_S)
    assert beyond_one_sample(ours, theirs, "w") > 0.5 * EVEN.max_w
