"""The runtime at a great event: what waits is durable together, and nobody waits for the whole of it."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from gateway import runtime as module
from gateway.core.effects import Table
from gateway.core.engine import Engine
from gateway.core.events import StationDisconnected
from support.engine_bench import the_book
from support.runtime_bench import Site, a_command_now, received, until


@pytest.fixture(scope="session")
def book():
    return the_book()


@pytest.fixture
def site(tmp_path, book):
    return Site(tmp_path, book)


def transactions(site):
    """Return how many audit records each transaction holds."""
    with closing(sqlite3.connect(site.folder / "state.db")) as db:
        rows = db.execute("SELECT lines FROM audit_groups ORDER BY last").fetchall()
    return [text.count(b"\n") for (text,) in rows]


async def test_what_waits_together_is_durable_together_and_each_is_decided(site):
    commands = [a_command_now(f"M{number}") for number in range(20)]
    async with site.at_work(*received(*commands)):
        await until(lambda: len(site.documents(Table.COMMANDS)) == 20)
        assert site.kinds().count("command.received") == 20
        assert max(transactions(site)) >= 20


async def test_only_so_much_is_decided_before_it_is_durable(site, monkeypatch):
    monkeypatch.setattr(module, "TOGETHER", 3)
    commands = [a_command_now(f"M{number}") for number in range(10)]
    async with site.at_work(*received(*commands)):
        await until(lambda: len(site.documents(Table.COMMANDS)) == 10)
        assert len(transactions(site)) >= 4


async def test_what_was_decided_before_an_event_that_fails_is_durable(site, monkeypatch):
    handle = Engine.handle

    def fragile(engine, event, now):
        if isinstance(event, StationDisconnected):
            raise ZeroDivisionError
        return handle(engine, event, now)

    monkeypatch.setattr(Engine, "handle", fragile)
    events = [
        *received(a_command_now()),
        StationDisconnected("CS1"),
        *received(a_command_now("M2")),
    ]
    with pytest.raises(ExceptionGroup):
        async with site.at_work(*events):
            await until(site.task.done)
    assert site.kinds().count("command.received") == 1


async def test_a_great_event_lets_others_have_their_turn(site, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    turns, seen = [0], []

    async def others():
        while True:
            await asyncio.sleep(0)
            turns[0] += 1

    site.stations.witness = lambda _kind, _effect: seen.append(turns[0])
    commands = [a_command_now(f"M{n}", start_s=60.0 + 10 * n, seconds=5.0) for n in range(8)]
    async with site.at_work(*received(*commands)):
        other = asyncio.create_task(others())
        await until(lambda: len(site.stations.sent) >= 6)
        other.cancel()
    assert len(set(seen)) >= 3
