"""Rules are replaced while a control runs: it is told anew at once where the settings say so."""

import asyncio
import os
import shutil
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.core.events import CommandReceived
from gateway.settings.mappings import mappings_folder
from gateway.simulators.station import IN, SimulatedStation, StationOptions
from support.engine_bench import a_command, pf
from support.runtime_bench import until
from support.site import PASSWORD
from translators.canonical.commands import Interval, Origin, Protocol, Revision

GRID = Origin("grid", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018)


def a_command_now():
    now = datetime.now(UTC)
    interval = Interval(now - timedelta(minutes=1), now + timedelta(hours=1))
    command = a_command("M1", pf("0.9512"), interval=interval, created=now, server_time=now)
    return replace(command, origin=GRID)


async def test_a_control_that_runs_follows_other_rules_at_once(
    service, settings, enrolled, tmp_path
):
    rules = shutil.copytree(mappings_folder(), tmp_path / "rules")
    gateway = service(settings(mappings=str(rules), on_change="apply"))
    running = await gateway.running()
    runtime = running.runtime
    runtime.parts.clock.set_offset("grid", 0.0)
    url = f"ws://127.0.0.1:{running.endpoint.port}/ocpp"
    options = StationOptions(id="CS1", password=PASSWORD, url=url, versions=("ocpp2.1",))
    async with SimulatedStation(options) as station:
        await station.wait_for(lambda: station.payloads(IN, "GetChargingProfiles"), 30)
        runtime.post(CommandReceived(a_command_now()))
        await station.wait_for(lambda: station.payloads(IN, "SetDERControl"), 10)
        path = rules / "ocpp" / "2.1.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("places: 4", "places: 3", 1), encoding="utf-8")
        before = runtime.parts.engine.world.translator.book
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: runtime.parts.engine.world.translator.book is not before)
        await asyncio.sleep(0.3)
        sent = [
            one["fixedPFInject"]["displacement"] for one in station.payloads(IN, "SetDERControl")
        ]
    await gateway.end()
    assert sent == [0.9512, 0.951]
