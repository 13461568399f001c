"""How a simulated station connects, boots, and comes back."""

import asyncio
import base64

import pytest

from gateway.simulators.station import IN, OUT, SimulatedStation
from gateway.simulators.station_security import SecurityOptions
from support.raw_csms import Csms, options_for, running
from support.station_messages import set_control


async def test_it_names_itself_and_its_password(csms, station):
    request = csms.requests[0]
    expected = base64.b64encode(b"cs-1:secret").decode()
    assert request.path == "/ocpp/cs-1"
    assert request.headers["Authorization"] == f"Basic {expected}"


async def test_it_boots_then_tells_its_state_then_measures(csms, station):
    await csms.until(lambda: csms.payloads("MeterValues"))
    actions = [action for action, _ in csms.calls]
    assert actions[:3] == ["BootNotification", "StatusNotification", "TransactionEvent"]
    assert csms.payloads("BootNotification")[0]["reason"] == "PowerUp"


@pytest.mark.parametrize(
    ("offered", "served", "version"),
    [
        (("ocpp2.1", "ocpp2.0.1"), ["ocpp2.0.1", "ocpp2.1"], "2.1"),
        (("ocpp2.1", "ocpp2.0.1"), ["ocpp2.0.1"], "2.0.1"),
        (("ocpp2.0.1", "ocpp2.1"), ["ocpp2.0.1", "ocpp2.1"], "2.0.1"),
    ],
)
async def test_it_speaks_the_version_that_was_agreed(station_at, offered, served, version):
    async with running(Csms(served)) as csms, station_at(csms, versions=offered) as station:
        assert station.core.version == version


async def test_without_a_common_version_it_leaves_and_tries_again():
    async with running(Csms([])) as csms, SimulatedStation(options_for(csms)) as station:
        await station.wait_for(lambda: len(station.problems) > 1, timeout_s=5)
        assert not station.ready
        assert "no common subprotocol" in station.problems[0]
        assert csms.calls == []


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_it_repeats_its_boot_until_it_is_accepted(csms, status):
    accepted = csms.answers["BootNotification"]
    csms.answers["BootNotification"] = accepted | {"status": status, "interval": 0}
    async with SimulatedStation(options_for(csms)) as station:
        await csms.until(lambda: len(csms.payloads("BootNotification")) > 1)
        assert not station.ready
        assert {action for action, _ in csms.calls} == {"BootNotification"}
        csms.answers["BootNotification"] = accepted
        await station.wait_for(lambda: station.ready, timeout_s=5)


async def test_while_it_waits_it_reports_what_it_is_asked_and_nothing_else(csms):
    accepted = csms.answers["BootNotification"]
    csms.answers["BootNotification"] = accepted | {"status": "Pending", "interval": 60}
    async with SimulatedStation(options_for(csms)) as station:
        await csms.until(lambda: csms.payloads("BootNotification"))
        report = {"requestId": 1, "reportBase": "FullInventory"}
        assert (await csms.ask("GetBaseReport", report))["status"] == "Accepted"
        await csms.until(lambda: any(not p["tbc"] for p in csms.payloads("NotifyReport")))
        station.plug_in(demand_w=5000.0)
        csms.answers["BootNotification"] = accepted
        boot = {"requestedMessage": "BootNotification"}
        assert (await csms.ask("TriggerMessage", boot))["status"] == "Accepted"
        await station.wait_for(lambda: station.ready, timeout_s=5)
        before = [action for action, _ in csms.calls]
        waited = before[: len(before) - before[::-1].index("BootNotification")]
        assert set(waited) == {"BootNotification", "NotifyReport"}
        assert (await csms.ask("TriggerMessage", boot))["status"] == "Rejected"


@pytest.mark.parametrize(("serial", "told"), [("S-1", "S-1"), ("", None)])
async def test_it_shows_its_serial_number(csms, serial, told):
    options = options_for(csms, security=SecurityOptions(serial_number=serial))
    async with SimulatedStation(options) as station:
        await station.wait_for(lambda: station.ready, timeout_s=5)
        shown = csms.payloads("BootNotification")[0]["chargingStation"]
        assert shown.get("serialNumber") == told


async def test_an_unanswered_boot_is_repeated(csms):
    accepted = csms.answers.pop("BootNotification")
    csms.answers["BootNotification"] = None
    async with SimulatedStation(options_for(csms, call_timeout_s=0.05)) as station:
        await csms.until(lambda: len(csms.payloads("BootNotification")) > 1)
        csms.answers["BootNotification"] = accepted
        await station.wait_for(lambda: station.ready, timeout_s=5)


async def test_it_sends_heartbeats(csms, station_at):
    csms.answers["BootNotification"] |= {"interval": 1}
    moment = [1_800_000_000.0]
    options = options_for(csms, meter_interval_s=1e9)
    async with SimulatedStation(options, clock=lambda: moment[0]) as station:
        await station.wait_for(lambda: station.ready, timeout_s=5)
        for _ in range(2):
            count = len(csms.payloads("Heartbeat"))
            moment[0] += 1
            await csms.until(lambda count=count: len(csms.payloads("Heartbeat")) > count)


async def test_a_lost_connection_is_found_again_without_a_boot(csms, station):
    await csms.until(lambda: csms.payloads("TransactionEvent"))
    await csms.socket.close()
    await csms.until(lambda: csms.connections == 2)
    await csms.until(lambda: len(csms.payloads("TransactionEvent")) == 2)
    assert len(csms.payloads("BootNotification")) == 1
    events = [payload["eventType"] for payload in csms.payloads("TransactionEvent")]
    assert events == ["Started", "Updated"]


async def test_a_dead_server_is_tried_again(csms, station_at):
    async with station_at(csms) as station:
        station.core.security.network.redirect(
            options_for(csms, url="ws://127.0.0.1:1/ocpp").delivered
        )
        await station.disconnect()
        await station.wait_for(lambda: len(station.problems) > 1, timeout_s=5)
        assert not station.ready
        station.core.security.network.redirect(options_for(csms).delivered)
        await station.wait_for(lambda: station.ready, timeout_s=5)


async def test_a_reboot_is_told_and_keeps_the_controls(csms, station):
    assert (await csms.ask("SetDERControl", set_control(default=True)))["status"] == "Accepted"
    await station.reboot()
    await csms.until(lambda: len(csms.payloads("BootNotification")) == 2)
    assert csms.payloads("BootNotification")[1]["reason"] == "Watchdog"
    await station.wait_for(lambda: station.ready, timeout_s=5)
    assert "VoltVar" in station.controls.active
    await csms.until(lambda: len(csms.payloads("TransactionEvent")) == 3)
    events = [payload["eventType"] for payload in csms.payloads("TransactionEvent")]
    assert events == ["Started", "Ended", "Started"]


async def test_a_reset_is_answered_then_carried_out(csms, station):
    assert await csms.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    await csms.until(lambda: len(csms.payloads("BootNotification")) == 2)
    assert csms.payloads("BootNotification")[1]["reason"] == "RemoteReset"


async def test_what_happened_offline_is_told_later(csms, station):
    await csms.until(lambda: csms.payloads("TransactionEvent"))
    station.core.security.network.redirect(options_for(csms, url="ws://127.0.0.1:1/ocpp").delivered)
    await station.disconnect()
    station.unplug()
    station.core.security.network.redirect(options_for(csms).delivered)
    await csms.until(lambda: len(csms.payloads("TransactionEvent")) == 2)
    assert csms.payloads("TransactionEvent")[1]["eventType"] == "Ended"
    assert station.transaction_id is None
    station.plug_in(demand_w=5000.0, discharge_w=0.0)
    await csms.until(lambda: len(csms.payloads("TransactionEvent")) == 3)
    await station.wait_for(lambda: station.inverter.p_w == -5000, timeout_s=5)


async def test_every_frame_is_kept_with_its_direction(csms, station):
    await csms.ask("GetVariables", {"getVariableData": [_variable("EVSE", "Available")]})
    assert station.payloads(OUT, "BootNotification") == csms.payloads("BootNotification")
    [asked] = station.payloads(IN, "GetVariables")
    assert asked["getVariableData"][0]["variable"]["name"] == "Available"


async def test_waiting_in_vain_tells_what_came_last(station):
    with pytest.raises(TimeoutError, match=r"not within 0.05 s: (in|out) \["):
        await station.wait_for(lambda: False, timeout_s=0.05)


async def _broken_station(csms, station_at, *, watched):
    async with station_at(csms) as station:
        station.grid.voltage_pu = lambda _now: 1 / 0
        if watched:
            await station.wait_for(lambda: False, timeout_s=0.1)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("watched", [True, False], ids=["to who waits", "at the end"])
async def test_a_fault_of_the_station_itself_surfaces(csms, station_at, watched):
    with pytest.raises(ZeroDivisionError):
        await _broken_station(csms, station_at, watched=watched)


def _variable(component, name):
    return {"component": {"name": component}, "variable": {"name": name}}
