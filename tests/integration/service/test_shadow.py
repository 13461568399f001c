"""A shadow: everything is read, decided and recorded, and nothing is sent."""

import pytest

from gateway.security.vault import Vault, digest
from gateway.settings.mode import Mode
from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import Dialect, Options, control
from gateway.simulators.utility_2030_5_controls import fixed_pf, load_limit
from gateway.store.story import as_text, records, story
from support.site import PASSWORD, VERIFIER, a_utility

SHADOW = Mode(shadow=True)


@pytest.fixture
def options():
    return Options(Dialect(), poll_rate_s=1, post_rate_s=1)


def a_station(url, password=PASSWORD):
    options = StationOptions(id="CS1", password=password, url=url, versions=("ocpp2.1",))
    return SimulatedStation(options)


async def test_a_command_runs_in_the_audit_of_a_shadow_and_nowhere_else(
    service, settings, utility, program, tmp_path
):
    gateway = service(settings(utilities=[a_utility(url=utility.url, poll_interval_s=0.3)]), SHADOW)
    running = await gateway.running()
    engine = running.runtime.parts.engine
    async with a_station(f"ws://127.0.0.1:{running.endpoint.port}/ocpp") as station:
        await station.wait_for(lambda: station.payloads(IN, "GetChargingProfiles"), 30)
        begin = int(utility.now())
        bases = fixed_pf("0.95", absorbing_var=True), load_limit(4000)
        event = utility.add_control(program, control(begin, 4, *bases))

        def over():
            return any(record.over for record in engine.world.records["CS1"].values())

        await utility.wait_for(over, 30)
        asked = {frame[2] for way, frame in station.frames if way == IN and frame[0] == 2}
    await gateway.end()
    assert all(action.startswith("Get") or action == "TriggerMessage" for action in asked)
    assert utility.statuses(event.mrid) == []
    assert utility.documents == []
    kinds = [record["kind"] for record in told(tmp_path, event.mrid)]
    assert {"control.dispatched", "control.accepted", "control.started", "response.owed"} <= {
        *kinds
    }
    assert all(record["details"]["shadow"] is True for record in told(tmp_path, event.mrid))
    text = "\n".join(as_text(told(tmp_path, event.mrid)))
    assert "(shadow: not sent)" in text
    assert "command.completed" in kinds
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["shadow"]


def told(folder, mrid):
    audit = folder / "state" / "shadow" / "audit"
    return list(story(lambda: records(audit), mrid))


async def test_a_shadow_knows_the_passwords_that_stations_were_given(
    service, settings, enrolled, tmp_path
):
    known = Vault(tmp_path / "state" / "stations")
    known.keep("CS1", verifier=VERIFIER, instead_of=digest("old"))
    gateway = service(settings(), SHADOW)
    running = await gateway.running()
    async with a_station(f"ws://127.0.0.1:{running.endpoint.port}/ocpp") as station:
        await station.wait_for(lambda: station.payloads(IN, "GetChargingProfiles"), 30)
    known.keep("CS1", profile=2)
    await gateway.end()
    assert Vault(tmp_path / "state" / "shadow" / "stations").of("CS1").profile == 0
