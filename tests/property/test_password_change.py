"""A station is never locked out by changes of its password, whatever becomes of the messages."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.events import ReplyStatus
from gateway.security.credentials import alternatives, in_doubt, verify
from gateway.security.vault import Vault
from gateway.stations.context import Reply
from gateway.stations.outcomes import answered
from gateway.stations.password_change import Keys, change, settle
from support.stations import PASSWORD, a_weak_verifier

FATES = ("accepted", "refused", "never arrived", "lost before", "lost after", "garbled after")
"""What becomes of a change: `before` or `after` the station has taken the new password."""
TAKEN = {"accepted", "lost after", "garbled after"}


class Station:
    """Has one password, and takes another as fate has it."""

    def __init__(self):
        self.password, self.fate = PASSWORD, "accepted"

    async def __call__(self, _action, payload, _priority=None):
        (item,) = payload["setVariableData"]
        if self.fate in TAKEN:
            self.password = item["attributeValue"]
        match self.fate:
            case "never arrived":
                return Reply(ReplyStatus.NOT_SENT)
            case "lost before" | "lost after":
                return Reply(ReplyStatus.NO_ANSWER)
            case "garbled after":
                return Reply(ReplyStatus.CALL_ERROR, {"setVariableResult": 5})
        status = "Accepted" if self.fate == "accepted" else "Rejected"
        named = {name: item[name] for name in ("component", "variable")}
        return answered({"setVariableResult": [{**named, "attributeStatus": status}]})


def a_key_ring(folder, door):
    """Return the keys of the station as a gateway has them that has just started."""
    settings = a_weak_verifier()
    vault = Vault(folder)
    door["CS1"] = vault.verifier("CS1", settings)
    return Keys("CS1", settings, vault, door.__setitem__, a_weak_verifier)


STEPS = st.tuples(st.sampled_from(FATES), st.booleans(), st.booleans())
"""What becomes of a change; whether the gateway starts anew; whether the station comes back."""


@given(st.lists(STEPS, min_size=1, max_size=4))
def test_what_the_station_has_always_opens_its_door(steps):
    station, door = Station(), {}
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as loop:
        keys = a_key_ring(Path(folder), door)
        for fate, restarted, comes_back in steps:
            station.fate = fate
            outcome = loop.run(change(station, keys))
            if restarted:
                keys = a_key_ring(Path(folder), door)
            assert verify(station.password, door["CS1"])
            assert door["CS1"] == keys.current
            assert not outcome.done or not in_doubt(door["CS1"])
            assert len(alternatives(door["CS1"])) <= 4
            if comes_back:
                loop.run(settle(keys, station.password))
                assert verify(station.password, door["CS1"])
                assert not in_doubt(door["CS1"])
