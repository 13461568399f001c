"""Places where a test may kill the process."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from gateway.core.events import ReplyStatus, StationReplied
from gateway.errors import SettingsError
from gateway.failpoints import NAMES, Failpoints
from gateway.security.signing import signer_at
from gateway.store.checkpoints import Notary
from support.engine_bench import the_book
from support.runtime_bench import Site, a_command_now, received, until

REACH_TWICE = """
from gateway.failpoints import Failpoints
points = Failpoints.from_environment()
points.reach("committed"); print("once", flush=True)
points.reach("committed"); print("twice", flush=True)
"""


def run(armed):
    environment = {**os.environ, "DERGATE_FAILPOINT": armed}
    return subprocess.run(
        [sys.executable, "-c", REACH_TWICE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


ARMED = {
    "": (0, "once\ntwice\n"),
    "committed": (-9, ""),
    "committed:1": (-9, ""),
    "committed:2": (-9, "once\n"),
    "committed:3": (0, "once\ntwice\n"),
    "sent:1": (0, "once\ntwice\n"),
}


@pytest.mark.parametrize(("armed", "ends"), ARMED.items(), ids=[name or "none" for name in ARMED])
def test_the_armed_place_kills_the_process_at_its_nth_time(armed, ends):
    result = run(armed)
    assert (result.returncode, result.stdout) == ends


@pytest.mark.parametrize("armed", ["comitted", "committed:x", "committed:-1", ":1"])
def test_a_place_that_does_not_exist_is_named(armed):
    with pytest.raises(SettingsError, match="is no failpoint: name:nth, of fetched, parsed"):
        Failpoints(armed)


class Journal(Failpoints):
    """Failpoints that write down where they were reached first."""

    def __init__(self):
        super().__init__()
        self.reached = Counter()

    def reach(self, name):
        self.reached[name] += 1
        super().reach(name)


async def test_one_command_passes_every_place_in_order(tmp_path):
    site = Site(tmp_path, the_book())
    site.stations.mute = True
    site.settings["seal"] = Notary(tmp_path / "audit", signer_at(tmp_path / "audit.key"))
    async with site.at_work() as runtime:
        await until(lambda: "station.connected" in site.kinds())
        await until(lambda: site.utility.reports)
        journal = runtime.parts.failpoints = Journal()
        for event in received(a_command_now()):
            runtime.post(event)
        await until(lambda: "responded" in journal.reached)
        (call,) = site.stations.sent
        runtime.post(StationReplied("CS1", call.request_id, ReplyStatus.ACCEPTED))
        await until(lambda: "answered" in journal.reached)
    assert tuple(journal.reached) == NAMES[5:]  # those before are the connector's
