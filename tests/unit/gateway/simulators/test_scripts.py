"""Scripts of the simulators: a wrong entry is named."""

import pytest
from pydantic import BaseModel, ConfigDict

from gateway.errors import SettingsError
from gateway.simulators.scripts import read_script


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    at_s: float = 0


class Day(BaseModel):
    model_config = ConfigDict(extra="forbid")
    steps: list[Step] = []


def test_a_script_is_read_into_its_model():
    assert read_script(Day, "steps: [{at_s: 2}]").steps == [Step(at_s=2)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "script .*no YAML"),
        ("steps: [{at_s: soon}]", "script steps.0.at_s .*valid number"),
        ("stages: []", "script stages .*not permitted"),
        ("", "^script .*valid dictionary"),
    ],
)
def test_what_cannot_be_read_names_its_place(text, problem):
    with pytest.raises(SettingsError, match=problem):
        read_script(Day, text)
