"""Every recorded frame of foreign stations goes through a session; what becomes of each is pinned.

`ocpp_frames.txt` is the table: under each scenario one line for each frame of the station, in order (`n x`
where the same comes n times in a row), with what it is, what it was answered or what the engine is told
of it, and which events come of it. `odd` belongs to nothing; in brackets stand calls of the recording
CSMS that this one would not make, because they are broken on purpose, and calls that went unanswered.
"""

import itertools
import re
from pathlib import Path

import pytest

from gateway.core.events import ReplyStatus
from gateway.stations.outcomes import answered, unusable
from gateway.stations.validators import read_violation
from support.ocpp_replay import Replay, read

TABLE = Path(__file__).with_name("ocpp_frames.txt")


def pinned():
    """Return the lines of each scenario, folded as they stand in the table."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(" "):
            lines = found.setdefault(line, [])
        elif line:
            lines.append(line)
    return found


def folded(lines):
    """Return lines with what repeats said once."""
    runs = ((line, len(list(group))) for line, group in itertools.groupby(lines))
    return [f"{count:>4} x {line}" for line, count in runs]


PINNED = pinned()


def test_every_scenario_is_pinned(captures):
    recorded = sorted(
        path.relative_to(captures / "ocpp") for path in captures.glob("ocpp/*/*.jsonl")
    )
    assert [str(path.with_suffix("")) for path in recorded] == sorted(PINNED)


def version_of(scenario):
    return scenario.split("/")[0].rsplit("-", 1)[1]


@pytest.mark.parametrize("scenario", PINNED)
async def test_every_frame_of_a_station_has_its_outcome(captures, scenario):
    frames = read(captures / "ocpp" / f"{scenario}.jsonl")
    found = await Replay(version_of(scenario)).run(frames)
    assert folded(found) == PINNED[scenario]
    said = sum(line["dir"] == "station->csms" for line in frames)
    assert sum(not line.startswith("  (") for line in found) == said


def test_the_table_counts_every_frame_that_was_recorded(captures):
    recorded = [
        line
        for path in captures.glob("ocpp/*/*.jsonl")
        for line in read(path)
        if line["dir"] == "station->csms"
    ]
    lines = [line for lines in PINNED.values() for line in lines if " x   (" not in line]
    assert sum(int(line.split(" x ")[0]) for line in lines) == len(recorded) == 724


def answers(captures, action):
    """Yield each recorded answer to an action, with its version."""
    for path in sorted(captures.glob("ocpp/*/*.jsonl")):
        frames = [line["frame"] for line in read(path) if isinstance(line["frame"], list)]
        asked = {frame[1] for frame in frames if frame[0] == 2 and frame[2] == action}
        for frame in frames:
            if frame[0] == 3 and frame[1] in asked:
                yield version_of(str(path.relative_to(captures / "ocpp"))), frame[2]


def test_a_composite_schedule_with_a_fractional_start_is_never_taken_for_success(captures):
    broken = 0
    for version, payload in answers(captures, "GetCompositeSchedule"):
        periods = payload.get("schedule", {}).get("chargingSchedulePeriod", [])
        fractional = any(period["startPeriod"] % 1 for period in periods)
        fault = read_violation(version, "GetCompositeSchedule", payload, request=False)
        assert (fault is not None) >= fractional
        if fractional:
            broken += 1
            assert payload["status"] == "Accepted", "by its own word it is one"
            assert answered(payload).status is ReplyStatus.ACCEPTED
            told = unusable(payload, fault)
            assert (told.status, told.payload) == (ReplyStatus.CALL_ERROR, payload)
            assert re.search(r"startPeriod.*integer", told.reason)
    assert broken >= 2


def test_the_table_shows_each_of_them_as_an_error():
    lines = [line for lines in PINNED.values() for line in lines if "startPeriod" in line]
    assert lines
    assert all("> CallError: answer breaks its schema" in line for line in lines)
