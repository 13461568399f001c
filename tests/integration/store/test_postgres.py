"""PostgreSQL: what it refuses, answers that are lost, and that only the leader writes."""

import asyncio
import subprocess
import sys
import time
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from urllib.parse import urlsplit

import orjson
import pytest

from gateway.core.effects import Table
from gateway.errors import LockedError, StoreError
from gateway.store import chain
from gateway.store import postgres as module
from gateway.store import postgres_schema as schema
from gateway.store import postgres_wire as wire
from gateway.store.postgres import PostgresStore
from gateway.store.postgres_wire import UnansweredError
from support.postgres import ABSENT, a_server, asked, binaries
from support.store_builders import NOON, a_document, an_audit, lines_after

LONG_S = 60


@pytest.fixture
def store(postgres_url):
    with closing(PostgresStore(postgres_url)) as opened:
        assert opened.take(LONG_S)
        yield opened


@pytest.fixture
def other(postgres_url, store):
    with closing(PostgresStore(postgres_url)) as opened:
        yield opened


def test_what_was_committed_is_there_after_a_restart(postgres_url):
    with closing(PostgresStore(postgres_url)) as store:
        store.take(LONG_S)
        head = store.commit([a_document(), an_audit(raw=(b"x",))], NOON)
        store.leave()
    with closing(PostgresStore(postgres_url)) as store:
        assert store.take(LONG_S)
        assert store.load(Table.COMMANDS) == {"K1": {"value": 1}}
        assert store.commit([], NOON) == head


def test_only_one_leads(store, other):
    assert not other.take(LONG_S)
    with pytest.raises(LockedError, match="DG-1401 this gateway does not lead"):
        other.commit([a_document()], NOON)


def test_a_standby_follows_the_audit_and_forgets_nothing(store, other):
    store.commit([an_audit(), an_audit()], NOON)
    assert [sequence for sequence, _ in lines_after(other)] == [1, 2]
    other.release_audit(2)
    other.leave()
    assert len(lines_after(other)) == 2


def test_records_stay_while_a_standby_may_need_them(store):
    for _ in range(3):
        store.commit([an_audit()], NOON)
    store.release_audit(2)
    assert len(lines_after(store)) == 3


def test_who_leaves_is_followed_at_once(store, other):
    store.leave()
    assert other.take(LONG_S)
    with pytest.raises(LockedError):
        store.renew(LONG_S)


def test_a_leader_that_was_overtaken_writes_nothing_more(store, other):
    store.commit([a_document("A"), an_audit()], NOON)
    store.renew(0.05)
    time.sleep(0.06)
    assert other.take(LONG_S)
    with pytest.raises(LockedError):
        store.commit([a_document("B"), an_audit()], NOON)
    assert list(other.load(Table.COMMANDS)) == ["A"]
    assert other.commit([an_audit()], NOON).sequence == 2


def test_a_leader_that_was_overtaken_cannot_renew(store, other):
    store.renew(0.05)
    time.sleep(0.06)
    assert other.take(LONG_S)
    assert not store.renew(LONG_S)
    assert other.renew(LONG_S)


def test_a_leader_that_nobody_overtook_may_renew_late(store):
    store.renew(0.01)
    time.sleep(0.02)
    assert store.renew(LONG_S)


def test_a_lock_of_another_program_is_a_refusal_that_passes(store, postgres_url, monkeypatch):
    with closing(wire.Wire()) as beside:
        line = wire.Line(beside, wire.Address(postgres_url))
        line.do(lambda db: db.execute("BEGIN"))
        line.do(lambda db: db.execute("LOCK TABLE gateway"))
        with pytest.raises(StoreError, match="DG-1302 is locked by another program"):
            store.commit([a_document(), an_audit()], NOON)
        line.do(lambda db: db.execute("ROLLBACK"))
        line.close()
    assert store.load(Table.COMMANDS) == {}
    assert store.commit([an_audit()], NOON).sequence == 1


def test_a_read_only_database_refuses(postgres_url):
    with (
        closing(PostgresStore(f"{postgres_url}&default_transaction_read_only=on")) as store,
        pytest.raises(StoreError, match="DG-1303 is read-only"),
    ):
        store.take(LONG_S)


def test_a_database_that_is_not_there_is_named_without_its_password(postgres_url):
    parts = urlsplit(postgres_url)
    missing = f"postgresql://dergate:secret@127.0.0.1:{parts.port}/nowhere"
    with pytest.raises(StoreError, match=r"DG-1303 is not there") as refused:
        PostgresStore(missing)
    assert "secret" not in str(refused.value)
    assert f"postgresql://dergate@127.0.0.1:{parts.port}/nowhere" in str(refused.value)


def test_a_user_that_is_not_known_is_refused(postgres_url):
    with pytest.raises(StoreError, match="DG-1331 refuses the login"):
        PostgresStore(postgres_url.replace("dergate@", "nobody-known@"))


def test_a_server_that_is_away_is_told():
    with pytest.raises(UnansweredError, match="DG-1330 does not answer"):
        PostgresStore("postgresql://127.0.0.1:1/none")


@pytest.mark.skipif(binaries() is None, reason=ABSENT)
def test_a_server_that_does_not_sync_is_refused():
    with (
        a_server("fsync=off") as url,
        pytest.raises(StoreError, match="DG-1333 does not write to its disk"),
    ):
        PostgresStore(url)


def test_a_newer_schema_is_refused(postgres_url, store):
    asked(postgres_url, "UPDATE gateway SET schema = 99")
    with pytest.raises(StoreError, match=f"has schema 99, .* up to {len(schema.MIGRATIONS)}"):
        PostgresStore(postgres_url)
    store.leave()
    with pytest.raises(StoreError, match="DG-1306"):
        store.take(LONG_S)


def test_a_record_that_was_changed_is_refused(postgres_url, store):
    store.commit([an_audit(subject="C7")], NOON)
    asked(postgres_url, "UPDATE audit_groups SET lines = overlay(lines PLACING 'X'::bytea FROM 90)")
    store.leave()
    with pytest.raises(StoreError, match="DG-1304 is damaged"):
        store.take(LONG_S)


def test_a_value_that_no_column_holds_is_a_bug_and_no_refusal(store):
    with pytest.raises(wire.asyncpg.DataError):
        store.raw(7)


def test_a_closed_store_closes_again(postgres_url):
    store = PostgresStore(postgres_url)
    store.close()
    store.close()
    with pytest.raises(RuntimeError, match="the way to the server is closed"):
        store.load(Table.COMMANDS)


class Cut:
    """A way to the server that can lose its answers (`deaf`), or what it is asked (`dumb`)."""

    def __init__(self, url):
        self._port, self.deaf, self.lost = urlsplit(url).port, False, 0
        self.dumb = False

    async def take(self, reader, writer):
        up, down = await asyncio.open_connection("127.0.0.1", self._port)
        asks = asyncio.create_task(self._pass(reader, down))
        try:
            while octets := await up.read(65_536):
                if self.deaf:
                    self.lost += 1
                    break
                writer.write(octets)
        except OSError:
            pass
        finally:
            asks.cancel()
            down.close()
            writer.close()

    async def _pass(self, reader, down):
        while octets := await reader.read(65_536):
            if self.dumb:
                break
            down.write(octets)
        down.close()


def records(url):
    """Return the kinds of all records, as another program reads them."""
    query = "SELECT lines FROM audit_groups ORDER BY last"
    with closing(wire.Wire()) as beside:
        line = wire.Line(beside, wire.Address(url))
        rows = line.do(lambda db: db.fetch(query))
        line.close()
    return [orjson.loads(chain.parts(row["lines"])[1])["kind"] for row in rows]


@asynccontextmanager
async def behind_a_cut(url):
    """Yield a leading store whose answers can be lost, in this loop's threads."""
    cut = Cut(url)
    server = await asyncio.start_server(cut.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    own = url.replace(f":{urlsplit(url).port}", f":{port}")
    store = await asyncio.to_thread(PostgresStore, own)
    assert await asyncio.to_thread(store.take, LONG_S)
    await asyncio.to_thread(store.commit, [an_audit("first")], NOON)  # its statement is known now
    try:
        yield store, cut
    finally:
        await asyncio.to_thread(store.close)
        server.close()


async def test_a_commit_whose_answer_was_lost_is_not_done_twice(postgres_url):
    effects = [a_document("A"), an_audit("once")]
    async with behind_a_cut(postgres_url) as (store, cut):
        cut.deaf = True
        with pytest.raises(UnansweredError):
            await asyncio.to_thread(store.commit, effects, NOON)
        cut.deaf = False
        head = await asyncio.to_thread(store.commit, effects, NOON + timedelta(seconds=1))
        assert cut.lost == 1
        assert head.sequence == 2
        assert records(postgres_url) == ["first", "once"]
        after = await asyncio.to_thread(store.commit, [an_audit("next")], NOON)
        assert after.sequence == 3
        assert [sequence for sequence, _ in await asyncio.to_thread(lines_after, store)] == [
            1,
            2,
            3,
        ]


async def test_something_else_after_a_lost_answer_follows_what_was_done(postgres_url):
    async with behind_a_cut(postgres_url) as (store, cut):
        cut.deaf = True
        with pytest.raises(UnansweredError):
            await asyncio.to_thread(store.commit, [a_document("A"), an_audit()], NOON)
        cut.deaf = False
        head = await asyncio.to_thread(store.commit, [a_document("B"), an_audit()], NOON)
        assert head.sequence == 3
        assert list(await asyncio.to_thread(store.load, Table.COMMANDS)) == ["A", "B"]


async def test_a_commit_that_never_arrived_is_done_once(postgres_url):
    async with behind_a_cut(postgres_url) as (store, cut):
        cut.dumb = True
        effects = [a_document("A"), an_audit("once")]
        with pytest.raises(UnansweredError):
            await asyncio.to_thread(store.commit, effects, NOON)
        assert records(postgres_url) == ["first"]
        cut.dumb = False
        head = await asyncio.to_thread(store.commit, effects, NOON)
        assert head.sequence == 2
        assert records(postgres_url) == ["first", "once"]


async def test_a_server_that_stays_away_is_asked_for_the_same_again(postgres_url):
    async with behind_a_cut(postgres_url) as (store, cut):
        cut.dumb = True
        effects = [a_document("A"), an_audit("once")]
        for _ in range(3):
            with pytest.raises(UnansweredError):
                await asyncio.to_thread(store.commit, effects, NOON)
        assert len(store._attempts) == 1
        cut.dumb = False
        await asyncio.to_thread(store.commit, effects, NOON)
        assert store._attempts == {}


def test_a_migration_that_fails_leaves_the_old_schema(postgres_url, monkeypatch):
    with closing(PostgresStore(postgres_url)) as store:
        broken = (*schema.MIGRATIONS, ("CREATE TABLE more (a int)", "CREATE TABLE more (a int)"))
        monkeypatch.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(StoreError, match="DG-1300 refuses: relation"):
            store.take(LONG_S)
    assert asked(postgres_url, "SELECT to_regclass('more') AS found")[0]["found"] is None


def test_a_migration_keeps_what_is_there(postgres_url, monkeypatch):
    with closing(PostgresStore(postgres_url)) as store:
        store.take(LONG_S)
        store.commit([a_document(), an_audit()], NOON)
        newer = (*schema.MIGRATIONS, ("CREATE TABLE more (a int)", "INSERT INTO more VALUES (7)"))
        monkeypatch.setattr(schema, "MIGRATIONS", newer)
        monkeypatch.setattr(module, "MIGRATIONS", newer)
        with closing(PostgresStore(postgres_url)) as standby:
            assert not standby.take(LONG_S)
            with pytest.raises(StoreError, match="DG-1334 has another schema"):
                standby.audit_after(0, 1)
            store.leave()
            assert standby.take(LONG_S)
            assert standby.load(Table.COMMANDS) == {"K1": {"value": 1}}
            assert len(lines_after(standby)) == 1
    assert asked(postgres_url, "SELECT a FROM more")[0]["a"] == 7


UPGRADING = """
import sys
from gateway.store import postgres_schema as schema
from gateway.store.postgres import PostgresStore
schema.MIGRATIONS = (*schema.MIGRATIONS, ("CREATE TABLE more (a int)", "SELECT pg_sleep(4)"))
PostgresStore(sys.argv[1]).take(60)
"""


def test_a_gateway_that_is_killed_while_it_upgrades_leaves_the_old_schema(postgres_url):
    with closing(PostgresStore(postgres_url)) as store:
        store.take(LONG_S)
        store.commit([a_document(), an_audit()], NOON)
        store.leave()
    upgrading = subprocess.Popen([sys.executable, "-c", UPGRADING, postgres_url])
    asleep = (
        "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(4)' AND state = 'active'"
    )
    deadline = time.monotonic() + 30
    while not asked(postgres_url, asleep) and time.monotonic() < deadline:
        time.sleep(0.05)
    upgrading.kill()
    upgrading.wait()
    with closing(PostgresStore(postgres_url)) as store:
        assert until_taken(store)
        assert store.load(Table.COMMANDS) == {"K1": {"value": 1}}
        assert len(lines_after(store)) == 1
    assert asked(postgres_url, "SELECT to_regclass('more') AS found")[0]["found"] is None


def until_taken(store):
    """Take the lead as soon as the server has noticed that the other one is dead."""
    while True:
        try:
            return store.take(LONG_S)
        except StoreError as error:
            if error.code != "DG-1302":
                raise
