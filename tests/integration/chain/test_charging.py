"""Setpoints under a watchdog, limits of others and priority of drivers, from command to inverter."""

from gateway.simulators.station import Personality
from support.der_chain import a_chain, quiet, ready
from support.translation import limit, q
from translators.canonical.controls import ActiveSetpoint, RelativeActiveSetpoint

WATCHED = {"dynamic_watchdog_s": "3"}
SET, UPDATE = "SetChargingProfile", "UpdateDynamicSchedule"
CAR = {"demand_w": 9000.0, "capacity_wh": 1e6}


def setpoint(watts):
    return ActiveSetpoint(q(f"{watts} W"))


def flows(station, watts):
    return abs(station.inverter.p_w - watts) < 1


def kinds(gateway):
    return [p["chargingProfile"]["chargingProfileKind"] for p in gateway.sent(SET)]


async def test_a_running_setpoint_is_dynamic_updated_pulled_and_renewed():
    async with a_chain(policy=WATCHED, **CAR) as (gateway, station):
        gateway.serve("A", setpoint(-4000), start_s=2)
        await station.wait_for(lambda: flows(station, -4000), timeout_s=10)
        await station.wait_for(lambda: gateway.told("A") == ["received", "started"], timeout_s=10)
        assert kinds(gateway) == ["Absolute", "Dynamic"]
        gateway.serve("A", setpoint(5000), start_s=-1, version=1)
        await station.wait_for(lambda: flows(station, 5000), timeout_s=10)
        (update,) = gateway.sent(UPDATE)
        assert update["scheduleUpdate"] == {"setpoint": -5000}
        await station.wait_for(lambda: gateway.audited("control.changed"), timeout_s=10)

        station.core.tell(
            "PullDynamicScheduleUpdate", {"chargingProfileId": update["chargingProfileId"]}
        )
        await station.wait_for(lambda: gateway.audited("schedule.pulled"), timeout_s=10)
        await quiet(gateway, station)
        await station.wait_for(lambda: len(gateway.sent(UPDATE)) == 2, timeout_s=10)
        assert len(gateway.audited("control.renewed")) == 1
        assert flows(station, 5000)
        assert len(gateway.sent(SET)) == 2


async def test_a_setpoint_lapses_at_a_station_that_hears_nothing_more():
    async with a_chain(policy=WATCHED, **CAR) as (gateway, station):
        gateway.serve("A", setpoint(-4000), start_s=-1)
        await station.wait_for(lambda: flows(station, -4000), timeout_s=10)
        station.personality = Personality(errors={UPDATE: "InternalError"})
        station.core.profiles.held[0].body["chargingSchedule"][0]["duration"] = 1
        await station.wait_for(lambda: flows(station, -9000), timeout_s=10)
        station.personality = Personality()
        await station.disconnect()
        await station.wait_for(lambda: not gateway.engine.world.stations["CS1"].ready, 60)
        await ready(gateway, station)
        await station.wait_for(lambda: flows(station, -4000), timeout_s=10)


async def test_a_limit_of_an_energy_manager_that_leaves_less_is_told():
    async with a_chain(**CAR) as (gateway, station):
        gateway.serve("A", limit("import", "7000 W", "connection_point"), start_s=-1)
        await station.wait_for(lambda: gateway.told("A") == ["received", "started"], timeout_s=10)
        station.limit_from("EMS", 3000.0)
        await station.wait_for(lambda: gateway.audited("limit.binds"), timeout_s=10)
        await station.wait_for(lambda: flows(station, -3000), timeout_s=10)
        station.limit_from("EMS", None)
        await station.wait_for(lambda: gateway.audited("limit.binds_no_more"), timeout_s=10)


async def test_priority_charging_beside_a_setpoint_is_ended_where_policy_says_so():
    async with a_chain(policy={"priority_charging": "end"}, **CAR) as (gateway, station):
        gateway.serve("A", setpoint(-4000), start_s=-1)
        await station.wait_for(lambda: gateway.told("A") == ["received", "started"], timeout_s=10)
        station.prioritise()
        await station.wait_for(lambda: gateway.audited("priority.answered"), timeout_s=10)
        (asked,) = gateway.sent("UsePriorityCharging")
        assert asked == {"transactionId": station.transaction_id, "activate": False}
        assert gateway.audited("priority.answered")[0].details["status"] == "NotFound"
        assert gateway.audited("control.overridden")


async def test_a_change_counts_from_what_the_meter_showed():
    async with a_chain(meter_interval_s=0.2, **CAR) as (gateway, station):
        await station.wait_for(lambda: flows(station, -9000), timeout_s=10)
        shown = gateway.engine.world.stations["CS1"].meters.places
        await station.wait_for(lambda: 1 in shown, timeout_s=10)
        gateway.serve("A", RelativeActiveSetpoint(q("2000 W")), start_s=-1)
        await station.wait_for(lambda: flows(station, -7000), timeout_s=10)
        await station.wait_for(lambda: gateway.told("A") == ["received", "started"], timeout_s=10)


async def test_fractional_composite_schedules_are_no_success_and_the_profiles_are_read_back():
    async with a_chain(Personality(fractional_periods=True), **CAR) as (gateway, station):
        gateway.serve("A", limit("import", "7000 W", "connection_point"), start_s=-1)
        await station.wait_for(lambda: gateway.told("A") == ["received", "started"], timeout_s=10)
        assert gateway.audited("answer.unusable")
        (started,) = gateway.audited("control.started")
        assert started.details["evidence"] == "profiles read back"
        assert len(gateway.sent(SET)) == 1


async def test_a_setpoint_counts_no_more_where_the_line_is_lost_and_again_when_it_is_back():
    options = {"backoff_s": 1.0, **CAR}
    async with a_chain(policy={"max_offline_s": "0"}, **options) as (gateway, station):
        gateway.serve("A", setpoint(-4000), start_s=-1)
        await station.wait_for(lambda: flows(station, -4000), timeout_s=10)
        await station.disconnect()
        await station.wait_for(lambda: flows(station, -9000), timeout_s=10)
        await station.wait_for(lambda: flows(station, -4000), timeout_s=10)
        assert len(gateway.sent(SET)) == 1


async def test_where_the_site_forbids_it_no_car_discharges():
    async with a_chain(policy={"discharge": "forbid"}, discharge_w=3000.0) as (gateway, station):
        await station.wait_for(lambda: gateway.sent("NotifyAllowedEnergyTransfer"), timeout_s=10)
        await station.wait_for(lambda: flows(station, 0), timeout_s=10)
        gateway.serve("A", setpoint(5000), start_s=-1)
        await station.wait_for(lambda: gateway.told("A") == ["received", "started"], timeout_s=10)
        assert flows(station, 0)
        assert gateway.audited("transfer.answered")[0].details["status"] == "Accepted"


async def test_what_somebody_else_set_is_taken_back_where_the_site_says_so():
    async with a_chain(policy={"foreign_controls": "clear"}) as (gateway, station):
        strange = {
            "isDefault": False,
            "controlId": "strange",
            "controlType": "FixedVar",
            "fixedVar": {
                "priority": 1,
                "setpoint": 5,
                "unit": "PctMaxVar",
                "startTime": "2026-01-01T00:00:00Z",
                "duration": 1e9,
            },
        }
        station.controls.set(strange, 0.0)
        assert [item.id for item in station.controls.held] == ["strange"]
        await station.disconnect()
        await station.wait_for(lambda: not station.controls.held, timeout_s=10)
        await station.wait_for(lambda: gateway.audited("control.foreign_cleared"), timeout_s=10)
