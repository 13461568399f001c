"""Cars with ratings of their own, and what a station tells of them."""

from itertools import pairwise

import pytest

from gateway.simulators.station_car import Car
from gateway.simulators.station_options import Nameplate
from gateway.simulators.station_ratings import plate_with
from support.station_bench import Bench, actions, of
from support.station_messages import EPOCH, set_control

PLATE = Nameplate()
V2G = {"most_charge_w": 11_000.0, "most_discharge_w": 7000.0, "most_var": 3000.0}


def value_of(bench, component, name):
    item = {"component": {"name": component, "evse": {"id": 1}}, "variable": {"name": name}}
    [result] = bench.ask("GetVariables", {"getVariableData": [item]})["getVariableResult"]
    return result["attributeValue"]


def test_a_small_car_lowers_the_ratings_and_a_big_one_does_not():
    small = plate_with(PLATE, Car(**V2G), "DC")
    assert (small.max_charge_w, small.max_discharge_w) == (11_000, 7000)
    assert (small.max_var, small.max_var_neg) == (3000, 3000)
    assert small.max_w == 22_000  # the inverter is the station's
    big = plate_with(PLATE, Car(most_charge_w=1e6, most_discharge_w=1e6, most_var=1e6), "DC")
    assert big == PLATE


def test_on_ac_the_inverter_is_that_of_the_car():
    assert plate_with(PLATE, Car(**V2G), "AC").max_w == 7000


def test_no_car_no_limit():
    assert plate_with(PLATE, Car(present=False, **V2G), "AC") == PLATE


def test_ratings_change_when_a_car_comes_and_when_it_goes():
    bench = Bench(plugged_in=False)
    assert value_of(bench, "DCDERCtrlr", "MaxDischargeRateW") == "20000"
    bench.core.plug(bench.now, present=True, **V2G)
    assert value_of(bench, "DCDERCtrlr", "MaxDischargeRateW") == "7000"
    assert value_of(bench, "DCDERCtrlr", "MaxVar") == "3000"
    bench.core.plug(bench.now, present=False)
    assert value_of(bench, "DCDERCtrlr", "MaxDischargeRateW") == "20000"


def test_a_per_cent_is_of_what_the_car_can():
    bench = Bench(discharge_w=20_000.0)
    half = set_control("LimitMaxDischarge", default=True, pctMaxDischargePower=50)
    bench.ask("SetDERControl", half)
    bench.go(1)
    assert bench.p_w == 10_000
    bench.core.plug(bench.now, present=True, **V2G)
    bench.go(1)
    assert bench.p_w == 3500


def test_a_car_that_says_what_it_wants_is_told_of():
    bench = Bench(plugged_in=False, current="AC", der_modes=("VoltVar",))
    bench.core.plug(
        bench.now, present=True, transfer="AC_BPT_DER", modes=("FixedVar", "VoltWatt"), **V2G
    )
    calls = bench.take()
    assert actions(calls) == ["TransactionEvent", "NotifyEVChargingNeeds", "StatusNotification"]
    [needs] = of(calls, "NotifyEVChargingNeeds")
    assert needs["evseId"] == 1
    wants = needs["chargingNeeds"]
    assert wants["requestedEnergyTransfer"] == "AC_BPT_DER"
    assert wants["v2xChargingParameters"]["maxDischargePower"] == 7000
    assert wants["derChargingParameters"]["evSupportedDERControl"] == ["FixedVar", "VoltWatt"]
    assert wants["derChargingParameters"]["maxDischargeReactivePower"] == 3000


def test_a_car_without_der_has_no_der_parameters():
    bench = Bench(plugged_in=False)
    bench.core.plug(bench.now, present=True, transfer="DC_BPT", **V2G)
    [needs] = of(bench.take(), "NotifyEVChargingNeeds")
    assert "derChargingParameters" not in needs["chargingNeeds"]


def test_an_old_station_tells_no_such_needs():
    bench = Bench("2.0.1", plugged_in=False)
    bench.core.plug(bench.now, present=True, transfer="AC_BPT_DER", **V2G)
    assert of(bench.take(), "NotifyEVChargingNeeds") == []


@pytest.mark.parametrize(("kind", "before", "there"), [("FixedVar", "NotSupported", "Accepted")])
def test_what_the_car_can_is_supported_while_it_is_there(kind, before, there):
    bench = Bench(plugged_in=False, current="AC", der_modes=())
    request = set_control(kind, default=True)
    assert bench.ask("SetDERControl", request)["status"] == before
    bench.core.plug(bench.now, present=True, modes=(kind,), **V2G)
    assert bench.ask("SetDERControl", request)["status"] == there
    bench.core.plug(bench.now, present=False)
    assert bench.ask("SetDERControl", request)["status"] == before


def test_the_next_car_is_not_the_last_one():
    bench = Bench()
    bench.core.plug(bench.now, present=True, soc_pct=91.0, **V2G)
    bench.core.plug(bench.now, present=False)
    bench.core.plug(bench.now, present=True)
    assert bench.core.car == Car(discharge_w=6000.0)


# Cars that come and go


def presence(bench, minutes):
    """Return for each minute whether a car stands there."""
    found = []
    for _ in range(minutes):
        bench.go(60, step=60)
        found.append(bench.core.car.present)
    return found


def test_cars_come_and_go_in_their_rhythm():
    bench = Bench(session_s=600.0, pause_s=300.0, step_s=60.0, plugged_in=False)
    seen = presence(bench, 150)
    assert sum(seen) == pytest.approx(100, abs=2)
    changes = sum(a is not b for a, b in pairwise(seen))
    assert changes == pytest.approx(20, abs=1)
    kinds = [event["eventType"] for event in of(bench.told, "TransactionEvent")]
    assert kinds == ["Started", "Ended"] * (len(kinds) // 2) + ["Started"] * (len(kinds) % 2)


def test_the_cars_of_the_options_take_turns():
    cars = (Car(most_discharge_w=7000.0, transfer="DC_BPT"), Car(demand_w=3000.0))
    bench = Bench(session_s=600.0, pause_s=300.0, step_s=60.0, plugged_in=False, cars=cars)
    presence(bench, 60)
    wishes = [needs["chargingNeeds"] for needs in of(bench.told, "NotifyEVChargingNeeds")]
    assert len(wishes) == 2
    assert {wish["v2xChargingParameters"]["maxDischargePower"] for wish in wishes} == {7000}


def test_evses_and_stations_have_their_own_time():
    arrivals = set()
    for name in ("a", "b"):
        bench = Bench(session_s=600.0, pause_s=600.0, evses=2, id=name)
        for place in bench.core.evses:
            free = [not place.visitor(EPOCH + second).present for second in range(1200)]
            assert sum(free) == pytest.approx(600, abs=1)
            arrivals.add(next(s for s in range(1200) if free[s - 1] and not free[s]))
    assert len(arrivals) == 4


def test_nobody_moves_by_himself_unless_asked():
    assert presence(Bench(step_s=60.0), 60) == [True] * 60


@pytest.mark.parametrize("evses", [1, 2])
def test_a_variable_that_a_script_changed_stays_so_whatever_car_comes(evses):
    bench = Bench(evses=evses, der_modes=("VoltVar", "FixedVar"))
    core = bench.core
    core.vary("DCDERCtrlr", "MaxW", "9000", 1)
    core.vary("DCDERCtrlr", "ModesSupported", "VoltVar", 1)
    core.plug(EPOCH + 1, present=False)
    core.plug(EPOCH + 2, present=True, modes=("WattVar",))
    assert core.device.value("DCDERCtrlr", "MaxW", 1) == "9000"
    assert core.controls.supported == {"VoltVar", "WattVar"}
    core.plug(EPOCH + 3, present=False)
    assert core.controls.supported == {"VoltVar"}
