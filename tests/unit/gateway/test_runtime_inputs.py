"""What the runtime keeps of its day, so that it can be decided once more: elsewhere, and the same."""

import asyncio
import os
import random
import subprocess
import sys

import pytest

from gateway.core.events import SamplesTaken
from gateway.runtime import Runtime
from gateway.settings.mappings import mapping_files
from gateway.store.inputs import InputSegments, runs
from support.engine_bench import limit, pf, the_book
from support.recorded import KEEP, a_setup, decisions
from support.runtime_bench import Site, a_command_now, received, until
from translators.canonical.commands import Randomization
from translators.canonical.telemetry import Sample
from translators.units import Kind


@pytest.fixture(scope="session")
def book():
    return the_book()


@pytest.fixture
def site(tmp_path, book):
    return Site(tmp_path, book)


def recorded(site):
    """Let the next life of a gateway keep its inputs."""
    log = InputSegments(site.folder / "inputs", a_setup(), KEEP)
    log.keep_rules(mapping_files())
    site.settings = {"inputs": log, "draw": random.Random(3)}  # noqa: S311 - a day that is the same each time
    return log


def commands():
    """Return commands that start at random, one after the other."""
    spans = Randomization(start_s=60)
    return [
        a_command_now(f"M{n}", pf(), limit(), start_s=60.0 * n, randomization=spans)
        for n in range(3)
    ]


async def a_day(site):
    log = recorded(site)
    async with site.at_work(*received(*commands())):
        engine = site.runtime.parts.engine
        await until(lambda: engine.world.stations["CS1"].ready and engine.quiet)
        await until(lambda: len(site.utility.responses) >= 3 and site.stations.sent)
        site.runtime.post(
            SamplesTaken("CS1", (Sample("CS1", 1, Kind.POWER, 7, site.clock.now().utc),))
        )
        await until(lambda: site.utility.samples)
    log.close()
    return log


async def test_a_day_is_decided_the_same_by_another_process(site):
    await a_day(site)
    await a_day(site)
    environment = os.environ | {"PYTHONHASHSEED": "1"}
    replayed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "gateway", "replay", site.folder / "inputs"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert replayed.stdout.count("same     every decision") == 2, replayed.stdout
    assert replayed.returncode == 0, replayed.stderr


async def test_what_was_decided_is_taken_down_before_it_is_committed(site, monkeypatch):
    log = recorded(site)
    parts = site.parts()
    seen, real = [], parts.store.commit

    def commit(effects, at):
        (run,) = runs(site.folder / "inputs")
        heard = [item.effects for item in run.inputs(lambda _digest: the_book())]
        if not heard:  # what the restored engine does at once
            return real(effects, at)
        seen.append(heard)
        raise OSError

    monkeypatch.setattr(parts.store, "commit", commit)
    runtime = Runtime(parts)
    for event in received(*commands()):
        runtime.post(event)
    with pytest.raises(ExceptionGroup):
        await runtime.run()
    log.close()
    parts.audit.close()
    parts.store.close()
    assert len(seen[0]) == 3
    assert all(seen[0])


async def test_the_draws_of_a_day_are_in_its_log(site):
    await a_day(site)
    drawn = [
        decision.event.draws
        for decision in decisions(site.folder / "inputs")
        if type(decision.event).__name__ == "CommandReceived"
    ]
    assert len(set(drawn)) == 3


async def test_the_documents_of_a_day_served_three_times_more_dispatch_nothing(site):
    """T9: what a utility serves again, in whatever order, is known already."""
    await a_day(site)
    served = [
        decision.event
        for decision in decisions(site.folder / "inputs")
        if type(decision.event).__name__ == "CommandReceived"
    ]
    sent = len(site.stations.sent)
    site.settings = {}
    async with site.at_work():
        await until(lambda: site.runtime.parts.engine.world.stations["CS1"].ready)
        for event in [*served, *reversed(served), *served]:
            site.runtime.post(event)
        await asyncio.sleep(0.3)
        assert site.runtime.parts.engine.quiet
    assert len(site.stations.sent) == sent
