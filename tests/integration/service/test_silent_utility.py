"""A utility that falls silent and comes back, real sockets at both ends of the gateway."""

import json

import pytest

from gateway.simulators import utility_2030_5_faults as faults
from gateway.simulators.station import SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import control
from gateway.simulators.utility_2030_5_controls import fixed_pf
from support.site import PASSWORD, a_utility

PATIENCE_S = 60
SILENT = {"poll_interval_s": 0.2, "silent_after_s": 1.5, "return_after_s": 0.5}
SAFE = {"max_export_w": 1500, "after_s": 2}


@pytest.fixture
def program(program, utility):
    utility.set_default(program, fixed_pf("0.98", absorbing_var=True))
    return program


def active(station, kind):
    """Return whether the control of a type that runs is a default, None where none does."""
    found = station.controls.active.get(kind)
    return None if found is None else found.is_default


def audited(folder):
    """Return the records of the audit, oldest first."""
    files = sorted((folder / "state" / "audit").glob("*.jsonl"))
    lines = (line for file in files for line in file.read_text().splitlines())
    return [json.loads(line)["record"] for line in lines]


async def test_what_runs_ends_then_the_default_and_the_fail_safe_hold_until_the_return(
    service, settings, utility, program, tmp_path
):
    gateway = service(settings(utilities=[a_utility(url=utility.url, **SILENT)], fail_safe=SAFE))
    port = (await gateway.running()).endpoint.port
    options = StationOptions(id="CS1", password=PASSWORD, url=f"ws://127.0.0.1:{port}/ocpp")
    async with SimulatedStation(options) as station:
        begin = int(utility.now())
        event = utility.add_control(
            program, control(begin, 6, fixed_pf("0.95", absorbing_var=True))
        )
        await utility.wait_for(lambda: 2 in utility.statuses(event.mrid), PATIENCE_S)
        utility.fail("/dcap", faults.html())
        utility.fail("/derp/*", faults.reset())
        utility.fail("*", faults.status(503))
        await station.wait_for(lambda: active(station, "FixedPFInject"), PATIENCE_S)
        assert utility.now() >= begin + 6
        await station.wait_for(lambda: active(station, "LimitMaxDischarge") is False, PATIENCE_S)
        utility.heal()
        await station.wait_for(lambda: active(station, "LimitMaxDischarge") is None, PATIENCE_S)
        await utility.wait_for(lambda: 3 in utility.statuses(event.mrid), PATIENCE_S)
        await gateway.end()
    told = [record for record in audited(tmp_path) if record["kind"].startswith("failsafe.")]
    assert [record["kind"].partition(".")[2] for record in told] == ["entered", "limited", "left"]
    assert 1 <= told[0]["details"]["silence_s"] <= 6
