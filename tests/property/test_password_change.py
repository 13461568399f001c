"""A station is never locked out by changes of its password, whatever becomes of the messages."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.events import ReplyStatus
from gateway.security.credentials import alternatives, in_doubt, verify
from gateway.security.vault import Vault
from gateway.stations.context import Reply
from gateway.stations.outcomes import answered
from gateway.stations.password_change import Keys, change, for_slot, settle
from support.stations import NOON, PASSWORD, a_weak_verifier

FATES = ("accepted", "refused", "never arrived", "lost before", "lost after", "garbled after")
"""What becomes of a change: `before` or `after` the station has taken the new password."""
TAKEN = {"accepted", "lost after", "garbled after"}


class Station:
    """Has one password, and takes another as fate has it."""

    def __init__(self):
        self.password, self.fate, self.slot = PASSWORD, "accepted", ""

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


def a_key_ring(folder, door, utc=lambda: NOON):
    """Return the keys of the station as a gateway has them that has just started."""
    settings = a_weak_verifier()
    vault = Vault(folder)
    door["CS1"] = vault.verifier("CS1", settings)
    return Keys("CS1", settings, vault, door.__setitem__, utc, a_weak_verifier)


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


class Moved:
    """A station that is moved, restarts or does not, and comes back, as its gateway sees it."""

    def __init__(self, folder, loop):
        self.station, self.door, self.now, self.loop = Station(), {}, NOON, loop
        self.keys = a_key_ring(folder, self.door, lambda: self.now)

    def move(self):
        self.station.slot = self.loop.run(for_slot(self.keys)) or self.station.slot

    def restart(self):
        """It comes by its new slot, where it has one."""
        self.station.password, self.station.slot = self.station.slot or self.station.password, ""
        self.come()

    def come(self):
        self.loop.run(settle(self.keys, self.station.password))

    def change(self, fate):
        self.station.fate = fate
        self.loop.run(change(self.station, self.keys))

    def wait(self):
        """So many days go by that nobody expects it by its new slot any more."""
        self.now, self.station.slot = self.now + timedelta(days=3), ""


DEEDS = st.sampled_from(["move", "restart", "come", "wait"]).map(lambda deed: (deed,))
CHANGES = st.sampled_from(FATES).map(lambda fate: ("change", fate))


@given(st.lists(DEEDS | CHANGES, min_size=2, max_size=8))
def test_what_a_moved_station_has_and_will_have_always_opens_its_door(deeds):
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as loop:
        moved = Moved(Path(folder), loop)
        for deed, *details in deeds:
            getattr(moved, deed)(*details)
            verifier = moved.door["CS1"]
            assert verify(moved.station.password, verifier)
            assert not moved.station.slot or verify(moved.station.slot, verifier)
            assert len(alternatives(verifier)) <= 4
        moved.wait()
        moved.come()
        assert verify(moved.station.password, moved.door["CS1"])
        assert not in_doubt(moved.door["CS1"])
