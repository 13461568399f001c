"""All control types of OCPP 2.1, as defaults and for a time."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.translation import EVERY_CONTROL, payloads, translated

DEFAULTS_ONLY = {"EnterService", "Gradients"}
"""R04.FR.14, R04.FR.15."""


def types_of_the_schema():
    root = Path(find_spec("ocpp").submodule_search_locations[0])
    text = (root / "v21/schemas/SetDERControlRequest.json").read_text(encoding="utf-8")
    return set(json.loads(text)["definitions"]["DERControlEnumType"]["enum"])


def sent(*, default):
    """Return the control types that leave, one control at a time, each with its own slot."""
    found = {}
    for control in EVERY_CONTROL:
        for payload in payloads(translated(control, default=default), "SetDERControl"):
            assert payload["isDefault"] is default
            found[payload["controlType"]] = payload
    return found


def test_the_schema_has_22_control_types():
    assert len(types_of_the_schema()) == 22


@pytest.mark.parametrize("default", [True, False], ids=["as a default", "for a time"])
def test_every_control_type_is_sent(default):
    beside = set() if default else DEFAULTS_ONLY
    assert set(sent(default=default)) == types_of_the_schema() - beside


@pytest.mark.parametrize("default", [True, False], ids=["as a default", "for a time"])
def test_only_what_is_for_a_time_has_a_start(default):
    envelope = {"isDefault", "controlType", "controlId"}
    for kind, payload in sent(default=default).items():
        (slot,) = (value for key, value in payload.items() if key not in envelope)
        assert ("startTime" in slot) is ("duration" in slot) is (not default), kind
