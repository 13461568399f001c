"""Controls over the wire move what the meter tells, in real time."""

import time

import pytest

from gateway.simulators.grid import Grid
from gateway.simulators.station import Personality
from support.station_messages import EPOCH, set_control, set_profile


def values_of(payload):
    return {
        value["measurand"]: value["value"] for value in payload["meterValue"][0]["sampledValue"]
    }


async def measured(csms, wanted, moment=None):
    """Wait until the meter tells something; return the values. A clock by hand is moved on."""
    known = len(csms.payloads("MeterValues"))
    if moment is not None:
        moment[0] += 1

    def found():
        return [v for v in map(values_of, csms.payloads("MeterValues")[known:]) if wanted(v)]

    await csms.until(found)
    return found()[0]


async def test_a_volt_var_curve_is_followed_while_the_voltage_moves(csms, station_at):
    grid = Grid()
    async with station_at(csms, grid=grid):
        await csms.ask("SetDERControl", set_control("VoltVar", default=True))
        for voltage_pu, percent in ((0.95, 50), (1.0, 0), (1.05, -50), (1.08, -100)):
            grid.set_voltage(voltage_pu)
            volts = round(voltage_pu * 230, 3)
            seen = await measured(csms, lambda v, volts=volts: v["Voltage"] == volts)
            var = seen["Power.Reactive.Export"] - seen["Power.Reactive.Import"]
            assert var == pytest.approx(percent / 100 * 11_000, abs=1)


async def test_a_scheduled_control_starts_and_ends_by_itself(csms, station_at):
    moment = [EPOCH]
    async with station_at(csms, clock=lambda: moment[0]):
        limit = set_control(
            "LimitMaxDischarge", pctMaxDischargePower=10, start=EPOCH + 10, duration=60
        )
        assert (await csms.ask("SetDERControl", limit)) == {"status": "Accepted"}
        moment[0] += 10
        await csms.until(lambda: csms.payloads("NotifyDERStartStop"))
        await measured(csms, lambda v: v["Power.Active.Export"] == 2000, moment)
        moment[0] += 60
        await csms.until(lambda: len(csms.payloads("NotifyDERStartStop")) == 2)
        started, ended = csms.payloads("NotifyDERStartStop")
        assert (started["started"], ended["started"]) == (True, False)
        await measured(csms, lambda v: v["Power.Active.Export"] == 10_000, moment)


async def test_controls_are_read_back_in_parts(csms, station_at):
    async with station_at(csms, report_part=1):
        for kind in ("VoltVar", "FixedVar", "FreqDroop"):
            await csms.ask("SetDERControl", set_control(kind, kind, default=True))
        assert (await csms.ask("GetDERControl", {"requestId": 5}))["status"] == "Accepted"
        await csms.until(lambda: len(csms.payloads("ReportDERControl")) == 3)
        parts = csms.payloads("ReportDERControl")
        assert [part.get("tbc", False) for part in parts] == [True, True, False]
        assert [sorted(part.keys() - {"requestId", "tbc"}) for part in parts] == [
            ["curve"],
            ["fixedVar"],
            ["freqDroop"],
        ]


async def test_a_setpoint_of_a_profile_is_followed_and_composed(csms, station_at):
    async with station_at(csms) as station:
        period = {"operationMode": "CentralSetpoint", "setpoint": 4000}
        profile = set_profile(
            transaction=station.transaction_id, period=period, start=time.time() - 1
        )
        assert (await csms.ask("SetChargingProfile", profile)) == {"status": "Accepted"}
        await measured(csms, lambda v: v["Power.Active.Import"] == 4000)
        answer = await csms.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60})
        assert answer["schedule"]["chargingSchedulePeriod"][0]["setpoint"] == 4000
        await csms.ask("GetChargingProfiles", {"requestId": 2, "chargingProfile": {}})
        await csms.until(lambda: csms.payloads("ReportChargingProfiles"))


async def test_a_trip_is_alarmed(csms, station_at):
    grid = Grid()
    async with station_at(csms, grid=grid):
        curve = [{"x": 110, "y": 0.05}]
        trip = set_control("HVMustTrip", default=True, curveData=curve)
        await csms.ask("SetDERControl", trip)
        grid.set_voltage(1.2)
        await csms.until(lambda: csms.payloads("NotifyDERAlarm"))
        await measured(csms, lambda v: v["Power.Active.Export"] == 0)
        assert csms.payloads("NotifyDERAlarm")[0]["gridEventFault"] == "OverVoltage"


async def test_a_station_that_does_not_follow_shows_it_on_the_meter(csms, station_at):
    faults = Personality(ignores=frozenset({"LimitMaxDischarge"}))
    async with station_at(csms, faults):
        limit = set_control("LimitMaxDischarge", default=True, pctMaxDischargePower=0)
        assert (await csms.ask("SetDERControl", limit)) == {"status": "Accepted"}
        seen = await measured(csms, lambda v: v["Power.Active.Export"] > 0)
        assert seen["Power.Active.Export"] == 10_000
