"""`dergate event`, `station` and `tap` against a running gateway."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.events import CommandReceived
from support.engine_bench import pf
from support.runtime_bench import until
from support.site import a_station, an_evse
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Revision,
    Target,
)


def a_command():
    now = datetime.now(UTC)
    return DerCommand(
        mrid="0A0B",
        origin=Origin("grid", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018),
        target=Target("CS1"),
        controls=(pf(),),
        primacy=4,
        created=now,
        server_time=now,
        interval=Interval(now - timedelta(minutes=1), now + timedelta(hours=1)),
        description="evening peak",
    )


async def posted(here):
    """Let the gateway hear of a command, and wait until it is known."""
    here.running.runtime.post(CommandReceived(a_command()))
    world = here.running.runtime.parts.engine.world
    await until(lambda: world.records["CS1"])


async def test_events_are_listed_and_shown(site):
    async with site() as here:
        await posted(here)
        status, out, _ = await here.ask("event", "list")
        assert status == 0
        assert "0A0B" in out
        assert "FixedPowerFactor.injecting" in out
        status, out, _ = await here.ask("event", "list", "-o", "json")
        (row,) = json.loads(out)
        assert (row["mrid"], row["primacy"], row["description"]) == ("0A0B", 4, "evening peak")
        status, out, _ = await here.ask("event", "show", "0A0B")
        assert (status, "CS1" in out) == (0, True)
        status, out, err = await here.ask("event", "show", "9")
        assert (status, out) == (4, "")
        assert "DG-1295 no command 9" in err


async def test_a_station_is_listed_and_shown(site):
    async with site() as here, here.station():
        await posted(here)
        status, out, _ = await here.ask("station", "list")
        assert (status, "CS1" in out) == (0, True)
        status, out, _ = await here.ask("station", "show", "CS1")
        assert status == 0
        assert "in force" not in out
        status, out, _ = await here.ask("station", "show", "CS1", "-o", "json")
        assert json.loads(out)["station"] == "CS1"
        status, out, _ = await here.ask("station", "controls", "CS1", "-o", "json")
        assert status == 0
        assert isinstance(json.loads(out), list)


async def test_tap_follows_until_the_gateway_ends(site):
    async with site() as here:
        following = asyncio.create_task(here.ask("tap", "utility", "--station", "CS1"))
        tap = here.running.admin._sources.tap
        await until(lambda: tap._followers)
        await posted(here)
        here.stop.set()
        status, out, err = await following
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert "command.received" in {line["kind"] for line in lines}
    assert status in {0, 4}, err


@pytest.mark.parametrize("words", [("event", "list"), ("station", "list"), ("tap", "ocpp")])
async def test_without_a_gateway_the_address_is_named(site, words):
    async with site() as here:
        pass
    status, out, err = await here.ask(*words)
    assert (status, out) == (4, "")
    assert "DG-1296 cannot be asked" in err
    assert "does `dergate run` run with these settings?" in err


async def test_the_token_of_the_settings_is_shown(site, admin, tmp_path):
    async with site(admin=admin) as here:
        status, out, _ = await here.ask("station", "list", "-o", "json")
        assert (status, len(json.loads(out))) == (0, 1)
        (tmp_path / "token").write_text("other")
        status, _, err = await here.ask("station", "list")
        assert (status, "a bearer token is needed" in err) == (4, True)


async def test_an_operator_declines_an_event_and_takes_part_again(site, admin):
    async with site(admin=admin) as here:
        await posted(here)
        world = here.running.runtime.parts.engine.world
        (record,) = world.records["CS1"].values()
        words = ("event", "optout", "0A0B", "--reason", "a fair", "--station", "CS1")
        assert (await here.ask(*words))[0] == 0
        await until(lambda: world.records["CS1"][record.key].declined == "operator")
        assert (await here.ask(*words, "--back"))[0] == 0
        await until(lambda: not world.records["CS1"][record.key].declined)
        status, _, err = await here.ask("event", "optout", "9", "--reason", "a fair")
        assert (status, "DG-1295 no command 9" in err) == (4, True)
        status, _, err = await here.ask(*words, "--station", "CS9")
        assert (status, "DG-1295 no command 0A0B at CS9" in err) == (4, True)
        status, _, err = await here.ask(*words, "--utility", "grind")
        assert (status, "DG-1295 no command 0A0B of grind" in err) == (4, True)
        assert not world.records["CS1"][record.key].declined
    records = (here.folder / "state" / "audit").glob("*.jsonl")
    text = b"".join(path.read_bytes() for path in records)
    assert b'"kind":"command.declined"' in text
    assert b'"reason":"a fair"' in text


async def test_all_dispatch_is_held_until_it_goes_on(site, admin):
    async with site(admin=admin) as here:
        world = here.running.runtime.parts.engine.world
        assert (await here.ask("hold", "on"))[0] == 2
        assert (await here.ask("hold", "on", "--release", "--reason", "works"))[0] == 0
        await until(lambda: world.hold is not None)
        told = json.loads((await here.ask("hold", "show"))[1])
        assert (told["on"], told["release"], told["reason"]) == (True, True, "works")
        await posted(here)
        assert next(iter(world.records["CS1"].values())).declined == "hold"
        assert (await here.ask("hold", "off", "--reason", "done"))[0] == 0
        await until(lambda: world.hold is None)
        assert json.loads((await here.ask("hold", "show"))[1]) == {
            "on": False,
            "stations": {},
        }


async def test_one_station_is_held_on_its_own(site, admin):
    async with site(admin=admin) as here:
        world = here.running.runtime.parts.engine.world
        assert (await here.ask("hold", "on", "--station", "CS1", "--reason", "works"))[0] == 0
        await until(lambda: "CS1" in world.holds)
        told = json.loads((await here.ask("hold", "show"))[1])
        assert (told["on"], told["stations"]["CS1"]["reason"]) == (False, "works")
        assert json.loads((await here.ask("station", "list", "-o", "json"))[1])[0]["on_hold"]
        status, _, err = await here.ask("hold", "on", "--station", "CS9", "--reason", "works")
        assert (status, "no station CS9" in err) == (4, True)


async def test_without_a_token_nobody_orders_anything(site):
    async with site() as here:
        await posted(here)
        for words in (("hold", "on"), ("event", "optout", "0A0B")):
            status, _, err = await here.ask(*words, "--reason", "x")
            assert (status, "orders need admin.token_file" in err) == (4, True)
        assert here.running.runtime.parts.engine.world.hold is None


async def test_sites_are_listed_and_shown(site):
    depot = {"id": "depot", "stations": [{"id": "CS1"}]}
    rated = a_station(evses=[an_evse(ratings={"MaxChargeRateW": 22000})])
    async with site(sites=[depot], stations=[rated]) as here:
        status, out, _ = await here.ask("site", "list")
        assert (status, "depot" in out) == (0, True)
        status, out, _ = await here.ask("site", "show", "depot")
        assert (status, "22000" in out) == (0, True)
        status, out, _ = await here.ask("site", "show", "depot", "-o", "json")
        assert [row["station"] for row in json.loads(out)["shares"]] == ["CS1", "CS1"]
        status, _, err = await here.ask("site", "show", "yard")
        assert (status, "no site has this id" in err) == (4, True)
