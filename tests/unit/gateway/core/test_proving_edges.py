"""Which profiles are asked for by a composite schedule, and from when on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.ledger import Desired, Entry, EntryState, Evidence
from gateway.core.proving import unshown
from gateway.core.station import StationRules, StationState
from support.engine_bench import NOON

HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
PROFILE = Desired("7", "dso/CS1/M1", "SetChargingProfile", {"evseId": 0}, ("F",), NOON, NOON + HOUR)
CONTROL = replace(PROFILE, id="c", action="SetDERControl", payload={"controlId": "c"})
HELD = EntryState.HELD


@pytest.mark.parametrize(
    ("entry", "after", "asked"),
    [
        pytest.param(Entry(PROFILE, HELD), -INSTANT, False, id="just before its start"),
        pytest.param(Entry(PROFILE, HELD), 0 * HOUR, True, id="at its start"),
        pytest.param(Entry(PROFILE, HELD), HOUR - INSTANT, True, id="just before its end"),
        pytest.param(Entry(PROFILE, HELD), HOUR, False, id="at its end"),
        pytest.param(Entry(PROFILE, HELD, Evidence.STARTED), 0 * HOUR, False, id="shown already"),
        pytest.param(Entry(PROFILE, EntryState.SETTING), 0 * HOUR, False, id="not accepted yet"),
        pytest.param(Entry(PROFILE, EntryState.REFUSED), 0 * HOUR, False, id="refused"),
        pytest.param(Entry(replace(PROFILE, start=None), HELD), 0 * HOUR, False, id="a default"),
        pytest.param(Entry(CONTROL, HELD), 0 * HOUR, False, id="a DER control, which notifies"),
    ],
)
def test_a_profile_is_asked_for_while_it_is_due_and_not_shown(entry, after, asked):
    state = StationState(StationRules("CS1", ("dso",)))
    assert unshown(state, entry, NOON + after) is asked
