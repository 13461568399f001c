"""`dergate plan` and `apply` against a running gateway whose dispatch is on hold."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.admin import listener
from gateway.core.events import CommandReceived
from gateway.core.orders import HoldChanged
from gateway.simulators.station import IN
from support.engine_bench import a_command, pf
from support.runtime_bench import until
from translators.canonical.commands import Interval, Origin, Protocol, Revision

GRID = Origin("grid", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018)


def a_command_now(mrid, displacement="0.95"):
    now = datetime.now(UTC)
    interval = Interval(now - timedelta(minutes=1), now + timedelta(hours=1))
    command = a_command(mrid, pf(displacement), interval=interval, created=now, server_time=now)
    return replace(command, origin=GRID)


async def held_back(here, station, *commands):
    """Let CS1 be here, dispatch on hold, and commands come."""
    runtime = here.running.runtime
    runtime.parts.clock.set_offset("grid", 0.0)
    await station.wait_for(lambda: station.payloads(IN, "GetChargingProfiles"), 30)
    runtime.post(HoldChanged(True, "works", "me"))
    for command in commands:
        runtime.post(CommandReceived(command))
    records = runtime.parts.engine.world.records["CS1"]
    await until(lambda: len(records) >= len(commands))


async def test_a_plan_is_read_and_exactly_that_is_sent(site, admin, tmp_path):
    async with site(admin=admin) as here, here.station(versions=("ocpp2.1",)) as station:
        await held_back(here, station, a_command_now("0A0B"))
        file = tmp_path / "plan.json"
        status, out, _ = await here.ask("plan", "-o", str(file))
        assert status == 0
        assert "CS1  set     FixedPowerFactor.injecting  (SetDERControl)" in out
        assert "for      grid/CS1/0A0B: event " in out
        assert "+ fixedPFInject/displacement: 0.95" in out
        assert "grid/CS1/0A0B  takes part again" in out
        assert "1 to set, 0 to change, 0 to clear; plan " in out
        assert not station.payloads(IN, "SetDERControl")
        status, out, err = await here.ask("apply", str(file), "--reason", "read by two")
        assert (status, out) == (
            0,
            f"applied {json.loads(file.read_text())['digest'][:12]}: 1 changes\n",
        )
        await station.wait_for(lambda: station.payloads(IN, "SetDERControl"), 10)
        status, _, err = await here.ask("apply", str(file), "--reason", "again")
        assert status == 4
        assert "DG-1295 nothing is held back: there is nothing to apply" in err
        status, out, _ = await here.ask("plan")
        assert "nothing is held back" in out


async def test_a_plan_that_has_aged_is_refused_and_the_hold_stays(site, admin, tmp_path):
    async with site(admin=admin) as here, here.station(versions=("ocpp2.1",)) as station:
        await held_back(here, station, a_command_now("0A0B"))
        status, out, _ = await here.ask("plan", "-o", "json")
        file = tmp_path / "plan.json"
        file.write_text(out)
        await held_back(here, station, a_command_now("0A0B"), a_command_now("0A0C", "0.9"))
        status, _, err = await here.ask("apply", str(file), "--reason", "late")
        assert status == 4
        assert "DG-1295 it would be another plan now" in err
        assert not station.payloads(IN, "SetDERControl")
        assert here.running.runtime.parts.engine.world.hold is not None


async def test_what_changes_between_the_look_and_the_engine_is_refused_too(site, admin):
    async with site(admin=admin) as here, here.station(versions=("ocpp2.1",)) as station:
        await held_back(here, station, a_command_now("0A0B"))
        found = (await here.request("GET", "/plan")).json()
        here.running.runtime.post(CommandReceived(a_command_now("0A0C", "0.9")))
        order = {"digest": found["digest"], "reason": "r", "actor": "me"}
        refused = await here.request("POST", "/plan", json=order)
        assert refused.status_code == 409
        assert here.running.runtime.parts.engine.world.hold is not None


async def test_an_engine_that_says_nothing_in_time_is_no_success(site, admin, monkeypatch):
    monkeypatch.setattr(listener, "_APPLY_S", -1)
    async with site(admin=admin) as here, here.station(versions=("ocpp2.1",)) as station:
        await held_back(here, station, a_command_now("0A0B"))
        found = (await here.request("GET", "/plan")).json()
        order = {"digest": found["digest"], "reason": "r", "actor": "me"}
        assert (await here.request("POST", "/plan", json=order)).status_code == 503


async def test_what_is_no_plan_says_so(site, tmp_path):
    async with site() as here:
        for text, problem in (("{}", "is no plan"), ("[", "cannot be read")):
            (tmp_path / "plan.json").write_text(text)
            status, _, err = await here.ask("apply", str(tmp_path / "plan.json"), "--reason", "r")
            assert status == 2
            assert f"DG-1096 {problem}" in err
