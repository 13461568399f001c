"""The demo as a user runs it, and that its judgements can fail."""

import subprocess
import sys
from io import StringIO

from rich.console import Console

from gateway.demo.play import play
from gateway.demo.story import STORY, Chapter
from gateway.simulators.station import Personality


def test_the_demo_ends_with_every_judgement_right(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--once", "--folder", tmp_path / "demo"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert "every judgement holds" in done.stdout
    assert done.stdout.count("right ") >= len(STORY)
    assert (tmp_path / "demo" / "state" / "audit").is_dir()


async def test_a_station_that_accepts_and_does_not_follow_is_judged_wrong(tmp_path):
    output = StringIO()
    deaf = Personality(ignores=frozenset({"FixedPFInject"}))
    right = await play(
        tmp_path,
        Console(file=output, width=200),
        once=True,
        story=STORY[:2],
        personalities={"CS1": deaf},
    )
    text = output.getvalue()
    assert not right
    assert "WRONG power factor" in text
    assert "no reactive power: due -3287" in text


async def test_what_does_not_happen_in_time_is_judged_wrong(tmp_path):
    async def in_vain(stage, _step, _memory):
        await stage.utility.wait_for(lambda: False, timeout_s=0.1)

    output = StringIO()
    console, late = Console(file=output, width=200), Chapter("in vain", "CS1", in_vain)
    assert not await play(tmp_path, console, once=True, story=[late])
    assert "no happened in time: due yes, seen not within 0.1 s" in output.getvalue()
