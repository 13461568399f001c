"""Live streams: who sees what, and what becomes of a slow follower."""

import asyncio
from contextlib import aclosing
from fractions import Fraction

from gateway.admin import streams
from gateway.admin.streams import Tap
from gateway.core.events import (
    AlarmReceived,
    CommandReceived,
    CommandWithdrawn,
    ResponsePosted,
    SamplesTaken,
    StationConnected,
    StationDisconnected,
    Tick,
    UtilityChanged,
    Withdrawal,
)
from support.engine_bench import NOON, a_command, a_profile
from translators.canonical.telemetry import Alarm, GridFault, Sample
from translators.units import Kind


class Watched:
    """A bench at which somebody looks."""

    def __init__(self, bench):
        self.bench, self.tap = bench, Tap(lambda: NOON)

    def hear(self, event):
        self.tap.heard(event)
        self.tap.decided(self.bench.hear(event))

    async def seen(self, stream, count, act, station=None):
        """Return the first lines that a follower of a stream gets of what `act` does."""
        async with aclosing(self.tap.follow(stream, station)) as lines:
            first = asyncio.ensure_future(anext(lines))
            await asyncio.sleep(0)
            act()
            return [await first, *[await anext(lines) for _ in range(count - 1)]]


async def test_the_utility_stream_shows_commands_and_answers(ready):
    watched = Watched(ready)

    def act():
        watched.hear(UtilityChanged("dso", "CS1", up=True))
        watched.hear(CommandReceived(a_command("M1")))
        watched.hear(
            ResponsePosted(next(iter(ready.engine.world.owed)), accepted=False, problem="404")
        )
        watched.hear(CommandWithdrawn("dso", "CS1", "M1", Withdrawal.CANCELLED))

    lines = await watched.seen("utility", 5, act)
    kinds = ["utility.up", "command.received", "response.owed", "response.refused"]
    assert [line["kind"] for line in lines] == [*kinds, "command.withdrawn"]
    assert lines[1]["functions"] == ["FixedPowerFactor.injecting"]
    assert (lines[2]["outcome"], lines[3]["problem"]) == ("received", "404")
    assert lines[4]["reason"] == "cancelled"
    assert {line["at"] for line in lines} == {NOON.isoformat()}


async def test_the_ocpp_stream_shows_calls_answers_and_samples(ready):
    watched = Watched(ready)

    def act():
        watched.hear(StationDisconnected("CS1"))
        watched.hear(StationConnected("CS1", a_profile()))
        watched.bench.report()
        watched.hear(CommandReceived(a_command("M1")))
        watched.hear(SamplesTaken("CS1", (Sample("CS1", 1, Kind.POWER, Fraction(5), NOON),)))
        watched.hear(AlarmReceived(Alarm("CS1", "VoltVar", GridFault.OVER_VOLTAGE, NOON)))

    lines = await watched.seen("ocpp", 6, act)
    kinds = ["disconnected", "connected", "read_back", "call", "samples", "alarm"]
    assert [line["kind"] for line in lines] == kinds
    assert (lines[3]["action"], lines[3]["payload"]["controlType"]) == (
        "SetDERControl",
        "FixedPFInject",
    )
    assert lines[4]["samples"] == [{"kind": "W", "phase": "all", "value": 5.0}]


async def test_the_canonical_stream_shows_decisions_with_their_trace(ready):
    watched = Watched(ready)
    command = CommandReceived(a_command("M1"))
    lines = await watched.seen("canonical", 4, lambda: watched.hear(command))
    by_kind = {line["kind"]: line for line in lines}
    assert "command.received" in by_kind
    assert by_kind["control.dispatched"]["details"]["losses"] is not None
    assert by_kind["control.dispatched"]["station"] == "CS1"


async def test_a_follower_of_one_station_sees_no_other(ready):
    watched = Watched(ready)

    def act():
        watched.hear(StationConnected("CS2", a_profile("CS2")))
        watched.hear(StationDisconnected("CS1"))

    (line,) = await watched.seen("ocpp", 1, act, station="CS1")
    assert (line["kind"], line["station"]) == ("disconnected", "CS1")


async def test_a_slow_follower_is_told_how_much_it_lost(ready, monkeypatch):
    monkeypatch.setattr(streams, "WAITING", 2)
    watched = Watched(ready)

    def act():
        for up in (True, False, True, False, True):
            watched.hear(UtilityChanged("dso", "CS1", up=up))

    lines = await watched.seen("utility", 3, act)
    assert [line["kind"] for line in lines] == ["utility.up", "utility.down", "lines.lost"]
    assert lines[2]["count"] == 3


async def test_where_nothing_happens_an_empty_line_shows_that_it_lives():
    tap = Tap(lambda: NOON)
    async with aclosing(tap.follow("ocpp", quiet_s=0.01)) as lines:
        assert await anext(lines) == {}


async def test_nothing_is_kept_for_nobody(ready):
    watched = Watched(ready)
    await watched.seen("utility", 1, lambda: watched.hear(UtilityChanged("dso", "CS1", up=True)))
    watched.hear(Tick())
    assert watched.tap._followers == []
