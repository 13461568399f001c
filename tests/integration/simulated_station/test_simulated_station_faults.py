"""Faults of a simulated station that a CSMS must live with: what is on the wire, and what was done."""

import json

import pytest

from gateway.simulators.station import Personality
from gateway.simulators.station_dialect import Dialect
from gateway.simulators.station_schema import check_response
from gateway.simulators.station_wire import CallError
from support.station_messages import EPOCH, set_control, set_profile

CLEAR = ("ClearDERControl", {"isDefault": True})
SET = ("SetDERControl", set_control(default=True))
CODES = (
    "FormatViolation",
    "FormationViolation",
    "GenericError",
    "InternalError",
    "MessageTypeNotSupported",
    "NotImplemented",
    "NotSupported",
    "OccurrenceConstraintViolation",
    "PropertyConstraintViolation",
    "ProtocolError",
    "RpcFrameworkError",
    "SecurityError",
    "TypeConstraintViolation",
)


@pytest.mark.parametrize("code", CODES)
async def test_it_answers_with_any_error_and_does_nothing(csms, station_at, code):
    async with station_at(csms, Personality(errors={"SetDERControl": code})) as station:
        frame = await csms.call(*SET)
        assert (frame[0], frame[2]) == (4, code)
        assert station.controls.held == ()
        assert (await csms.ask(*CLEAR))["status"] == "Accepted"


async def test_a_wrong_id_is_nobodys(csms, station_at):
    async with station_at(csms, Personality(wrong_id=frozenset({"SetDERControl"}))) as station:
        await csms.send([2, "mine", *SET])
        await csms.until(lambda: csms.replies)
        [frame] = csms.replies
        assert frame[1] != "mine"
        assert frame[2]["status"] == "Accepted"
        assert len(station.controls.held) == 1


async def test_it_can_answer_what_is_no_json(csms, station_at):
    async with station_at(csms, Personality(garbles=frozenset({"SetDERControl"}))):
        await csms.send([2, "m", *SET])
        await csms.until(lambda: csms.broken)
        with pytest.raises(json.JSONDecodeError):
            json.loads(csms.broken[0])
        assert (await csms.ask(*CLEAR))["status"] == "Accepted"


async def test_it_can_answer_anything(csms, station_at):
    odd = {"GetCompositeSchedule": {"status": "Perhaps"}}
    async with station_at(csms, Personality(answers=odd)):
        request = {"evseId": 1, "duration": 60}
        assert await csms.ask("GetCompositeSchedule", request) == {"status": "Perhaps"}


@pytest.mark.parametrize(
    ("action", "payload"),
    [SET, CLEAR, ("GetDERControl", {"requestId": 1})],
)
async def test_what_it_does_not_support_it_says(csms, station_at, action, payload):
    async with station_at(csms, Personality(unsupported=frozenset({"*"}))) as station:
        assert await csms.ask(action, payload) == {"status": "NotSupported"}
        assert station.controls.held == ()


async def test_where_no_status_says_so_an_error_does(csms, station_at):
    async with station_at(csms, Personality(unsupported=frozenset({"SetChargingProfile"}))):
        frame = await csms.call("SetChargingProfile", set_profile("TxDefaultProfile"))
        assert (frame[0], frame[2]) == (4, "NotSupported")


async def test_it_reboots_when_asked_something_and_keeps_it(csms, station_at):
    async with station_at(csms, Personality(reboots=frozenset({"SetDERControl"}))) as station:
        assert (await csms.ask(*SET))["status"] == "Accepted"
        await csms.until(lambda: len(csms.payloads("BootNotification")) == 2)
        assert csms.payloads("BootNotification")[1]["reason"] == "Watchdog"
        assert len(station.controls.held) == 1


async def test_it_reboots_and_forgets(csms, station_at):
    faults = Personality(reboots=frozenset({"SetDERControl"}), forgets_on_reboot=True)
    async with station_at(csms, faults) as station:
        await csms.ask(*SET)
        await csms.until(lambda: len(csms.payloads("BootNotification")) == 2)
        assert station.controls.held == ()


async def test_it_can_tell_everything_twice(csms, station_at):
    faults = Personality(twice=frozenset({"NotifyDERStartStop"}))
    async with station_at(csms, faults, clock=lambda: EPOCH):
        await csms.ask("SetDERControl", set_control(start=EPOCH))
        await csms.until(lambda: len(csms.payloads("NotifyDERStartStop")) == 2)
        first, second = csms.payloads("NotifyDERStartStop")
        assert first == second


async def test_its_notices_may_be_late(csms, station_at):
    moment = [EPOCH]
    faults = Personality(late_notices_s=30)
    async with station_at(csms, faults, clock=lambda: moment[0]) as station:
        await csms.ask("SetDERControl", set_control(start=EPOCH))
        await station.wait_for(lambda: "VoltVar" in station.controls.active, timeout_s=5)
        for _ in range(29):
            moment[0] += 1
            known = len(csms.payloads("MeterValues"))
            await csms.until(lambda known=known: len(csms.payloads("MeterValues")) > known)
        assert csms.payloads("NotifyDERStartStop") == []
        moment[0] += 1
        await csms.until(lambda: csms.payloads("NotifyDERStartStop"))
        assert csms.payloads("NotifyDERStartStop")[0]["timestamp"] == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize(("off_s", "runs"), [(0, False), (3600, True), (-3600, False)])
async def test_a_clock_that_is_off_starts_controls_early_and_stamps_wrongly(
    csms, station_at, off_s, runs
):
    faults = Personality(clock_off_s=off_s)
    async with station_at(csms, faults, clock=lambda: EPOCH) as station:
        await csms.ask("SetDERControl", set_control(start=EPOCH + 1800))
        known = len(csms.payloads("MeterValues"))
        await csms.ask("TriggerMessage", {"requestedMessage": "MeterValues"})
        await csms.until(lambda: len(csms.payloads("MeterValues")) > known)
        await station.wait_for(lambda: ("VoltVar" in station.controls.active) is runs, timeout_s=5)
        stamp = csms.payloads("MeterValues")[-1]["meterValue"][0]["timestamp"]
        assert stamp == f"2027-01-15T{8 + off_s // 3600:02}:00:00.000Z"


async def test_a_clock_that_is_set_back_does_not_stop_the_physics(csms, station_at):
    moment = [EPOCH]
    async with station_at(csms, clock=lambda: moment[0]) as station:
        station.personality = Personality(clock_off_s=-3600)
        await csms.ask("SetDERControl", set_control("FixedVar", default=True, setpoint=50))

        def follows():
            moment[0] += 1
            return station.inverter.q_var == 5500

        await station.wait_for(follows, timeout_s=5)
        known = len(csms.payloads("MeterValues"))
        moment[0] += 1
        await csms.until(lambda: len(csms.payloads("MeterValues")) > known)


async def test_fractional_start_periods_break_the_schema(csms, station_at):
    async with station_at(csms, Personality(fractional_periods=True)):
        answer = await csms.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60})
        assert answer["schedule"]["chargingSchedulePeriod"][0]["startPeriod"] == 0.5
        with pytest.raises(CallError):
            check_response("2.1", "GetCompositeSchedule", answer)


async def test_a_dialect_shows_on_the_meter(csms, station_at):
    faults = Personality(dialect=Dialect(excitation="inverted"))
    async with station_at(csms, faults):
        absorb = set_control("FixedPFInject", default=True, displacement=0.9, excitation=True)
        assert (await csms.ask("SetDERControl", absorb))["status"] == "Accepted"

        def injects():
            told = csms.payloads("MeterValues")[-1:]
            values = [v for payload in told for v in payload["meterValue"][0]["sampledValue"]]
            found = {value["measurand"]: value["value"] for value in values}
            return found.get("Power.Reactive.Export", 0) > 4000

        await csms.until(injects)


async def test_a_dynamic_schedule_is_pulled_and_followed(csms, station_at):
    moment = [EPOCH]
    csms.answers["PullDynamicScheduleUpdate"] = {
        "status": "Accepted",
        "scheduleUpdate": {"setpoint": 3000},
    }
    async with station_at(csms, clock=lambda: moment[0]) as station:
        request = set_profile(
            kind="Dynamic",
            transaction=station.transaction_id,
            period={"operationMode": "CentralSetpoint", "setpoint": 1000},
            profile={"dynUpdateInterval": 10},
        )
        assert (await csms.ask("SetChargingProfile", request))["status"] == "Accepted"
        assert [profile.id for profile in station.profiles.held] == [1]
        moment[0] += 9
        await station.wait_for(lambda: station.inverter.p_w == -1000, timeout_s=5)
        assert csms.payloads("PullDynamicScheduleUpdate") == []
        moment[0] += 1
        await csms.until(lambda: csms.payloads("PullDynamicScheduleUpdate"))
        moment[0] += 1
        await station.wait_for(lambda: station.inverter.p_w == -3000, timeout_s=5)


async def test_a_schedule_that_nobody_gives_stays(csms, station_at):
    moment = [EPOCH]
    csms.answers["PullDynamicScheduleUpdate"] = {"status": "Rejected"}
    async with station_at(csms, clock=lambda: moment[0]) as station:
        request = set_profile(
            kind="Dynamic",
            transaction=station.transaction_id,
            period={"operationMode": "CentralSetpoint", "setpoint": 1000},
            profile={"dynUpdateInterval": 10},
        )
        await csms.ask("SetChargingProfile", request)
        for count in (1, 2):
            moment[0] += 10
            await csms.until(
                lambda count=count: len(csms.payloads("PullDynamicScheduleUpdate")) == count
            )
        assert station.inverter.p_w == -1000
