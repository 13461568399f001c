"""A scripted day at the simulated VTN."""

import pytest

from gateway.errors import SettingsError
from gateway.simulators.vtn import Kind, Quirk, SimulatedVtn
from gateway.simulators.vtn_script import load_script, play

SCRIPT = """\
quirks: [reused_ids]
programs: [{name: flex}]
steps:
  - {add: {id: a, program: flex, type: SIMPLE, values: [1, 0], start_in_s: 60, duration: PT1H}}
  - {change: {id: a, with: {priority: 0}}}
  - {clock_s: 90}
  - {delete: a}
"""


async def test_each_step_moves_the_vtn():
    script = load_script(SCRIPT)
    assert script.options.has(Quirk.REUSED_IDS)
    vtn, events = SimulatedVtn(script.options, clock=lambda: 0.0), {}
    vtn.add_program("flex")
    play(vtn, script.steps[0], events)
    [event] = vtn.entries(Kind.EVENT)
    assert event.body["intervalPeriod"] == {"start": "1970-01-01T00:01:00Z", "duration": "PT1H"}
    assert [item["payloads"][0]["values"] for item in event.body["intervals"]] == [[1], [0]]
    play(vtn, script.steps[1], events)
    assert event.body["priority"] == 0
    play(vtn, script.steps[2], events)
    assert vtn.now() == 90
    play(vtn, script.steps[3], events)
    assert vtn.entries(Kind.EVENT) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps: [{delete: a}]", "a is no event"),
        ("quirks: [odd]", "quirks.0"),
        (
            "steps: [{add: {id: a, program: p, type: SIMPLE, values: [1], duration: P1D}}]",
            "p is no",
        ),
        ("[", "no YAML"),
    ],
)
def test_a_wrong_script_is_refused_before_it_is_served(text, problem):
    with pytest.raises(SettingsError, match=problem):
        load_script(text)
