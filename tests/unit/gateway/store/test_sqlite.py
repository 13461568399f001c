"""The database: what it refuses, and that nothing is half written."""

import sqlite3
import stat
from contextlib import closing

import pytest

from gateway.core.effects import Table
from gateway.errors import LockedError, StoreError
from gateway.store import chain, recent
from gateway.store import sqlite as module
from gateway.store.sqlite import SqliteStore, stored_head
from support.store_builders import NOON, a_document, an_audit, lines_after


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "dergate.db"


@pytest.fixture
def store(path):
    with closing(SqliteStore(path)) as opened:
        yield opened


def beside(path):
    """Another program that opens the same file."""
    return closing(sqlite3.connect(path, isolation_level=None, timeout=0))


def test_what_was_committed_is_there_after_a_restart(path):
    with closing(SqliteStore(path)) as store:
        head = store.commit([a_document(), an_audit(raw=(b"x",))], NOON)
    with closing(SqliteStore(path)) as store:
        assert store.load(Table.COMMANDS) == {"K1": {"value": 1}}
        assert store.commit([], NOON) == head
        assert store.raw(chain.raw_digest(b"x")) == b"x"


def test_the_chain_goes_on_after_a_restart_even_where_records_were_released(path):
    with closing(SqliteStore(path)) as store:
        before = store.commit([an_audit(), an_audit()], NOON)
        store.release_audit(2)
    with closing(SqliteStore(path)) as store:
        store.commit([an_audit()], NOON)
        ((sequence, body),) = lines_after(store, 2)
    assert chain.chained(before, body).sequence == sequence == 3
    assert f'"prev":"{before.digest}"'.encode() in body


def test_commits_are_synchronous_and_write_ahead(store):
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_only_the_owner_may_read_the_state(store, path):
    files = [path, path.with_name("dergate.db.lock")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_gateway_on_the_same_state_is_refused(store, path):
    with pytest.raises(LockedError) as refused:
        SqliteStore(path)
    assert refused.value.exit_status == 5
    assert str(path) in str(refused.value)


def test_the_state_is_free_once_it_is_closed(path):
    first = SqliteStore(path)
    first.close()
    first.close()
    SqliteStore(path).close()


def test_a_lock_left_over_by_a_dead_gateway_does_not_count(path):
    path.parent.mkdir()
    path.with_name("dergate.db.lock").write_text("4711")
    SqliteStore(path).close()


def test_a_foreign_lock_is_a_refusal_that_passes(store, path):
    with beside(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="DG-1302 is locked by another program"):
            store.commit([a_document(), an_audit()], NOON)
        other.execute("ROLLBACK")
    assert store.load(Table.COMMANDS) == {}
    assert store.commit([a_document(), an_audit()], NOON).sequence == 1


def test_a_full_database_takes_nothing_of_a_transaction_and_resumes(store):
    limit = store._db.execute("PRAGMA page_count").fetchone()[0] + 2
    store._db.execute(f"PRAGMA max_page_count = {limit}")
    with pytest.raises(StoreError, match="DG-1301 is full: free space"):
        store.commit([a_document("A"), an_audit(), a_document("B", {"v": "x" * 100_000})], NOON)
    assert store.load(Table.COMMANDS) == {}
    assert store.audit_after(0, 10) == []
    store._db.execute("PRAGMA max_page_count = 100000")
    assert store.commit([an_audit()], NOON).sequence == 1


def test_a_database_that_became_read_only_refuses(store):
    store._db.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError, match="DG-1303 is read-only"):
        store.commit([an_audit()], NOON)
    with pytest.raises(StoreError, match="DG-1303 is read-only"):
        store.release_audit(0)


def test_a_file_that_is_no_database_is_named(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match=r"dergate\.db DG-1304 is no database"):
        SqliteStore(path)


def test_damage_is_found_at_the_start(path):
    with closing(SqliteStore(path)) as store:
        rows = [a_document(f"K{number}", {"v": "x" * 500}) for number in range(50)]
        store.commit(rows, NOON)
    page = 4096
    data = bytearray(path.read_bytes())
    data[3 * page : 8 * page] = b"\xa5" * (5 * page)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="DG-1304 is damaged"):
        SqliteStore(path)


def test_a_refused_start_leaves_the_state_free(path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        SqliteStore(path)
    path.unlink()
    SqliteStore(path).close()


def test_a_folder_in_the_place_of_the_file_is_named(path):
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="DG-1303 cannot be opened: Is a directory"):
        SqliteStore(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="DG-1303 cannot be opened"):
        SqliteStore(tmp_path / "file" / "dergate.db")


def test_a_newer_schema_is_refused(path):
    SqliteStore(path).close()
    with beside(path) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=f"has schema 99, .* knows up to {len(module.MIGRATIONS)}"):
        SqliteStore(path)


def test_a_migration_keeps_what_is_there(path, monkeypatch):
    with closing(SqliteStore(path)) as store:
        store.commit([a_document()], NOON)
    newer = (*module.MIGRATIONS, ("CREATE TABLE more (a)", "INSERT INTO more VALUES (1)"))
    monkeypatch.setattr(module, "MIGRATIONS", newer)
    with closing(SqliteStore(path)) as store:
        assert store.load(Table.COMMANDS) == {"K1": {"value": 1}}
        assert store._db.execute("SELECT a FROM more").fetchall() == [(1,)]


def test_records_of_the_first_schema_are_taken_over(path, monkeypatch):
    records, head = [], chain.GENESIS
    for number in range(3):
        body = chain.record(an_audit(subject=f"C{number}"), head, NOON)
        head = chain.chained(head, body)
        records.append((head.sequence, body))
    path.parent.mkdir()
    with beside(path) as old:
        for statement in module.MIGRATIONS[0]:
            old.execute(statement)
        assert stored_head(path) == chain.GENESIS
        old.executemany("INSERT INTO audit VALUES (?, ?)", records)
        old.execute("PRAGMA user_version = 1")
    assert stored_head(path) == head
    with closing(SqliteStore(path)) as store:
        assert lines_after(store) == records
        assert store.commit([], NOON) == head
        assert store.commit([an_audit()], NOON).sequence == 4


def test_what_waits_for_its_segments_is_read_from_the_disk_where_it_is_too_much(
    store, path, monkeypatch
):
    monkeypatch.setattr(recent, "KEPT", 2)
    for _ in range(4):
        store.commit([an_audit()], NOON)
    assert [sequence for sequence, _ in lines_after(store)] == [1, 2, 3, 4]


def test_records_that_were_read_once_can_be_read_again(store):
    for _ in range(3):
        store.commit([an_audit()], NOON)
    first = lines_after(store)
    assert [sequence for sequence, _ in lines_after(store, 2)] == [3]
    assert lines_after(store) == first


def test_a_record_that_was_changed_on_the_disk_is_refused(path):
    with closing(SqliteStore(path)) as store:
        store.commit([an_audit(subject="C7")], NOON)
    with beside(path) as other:
        other.execute("UPDATE audit_groups SET lines = CAST(replace(lines, 'C7', 'C8') AS BLOB)")
    with pytest.raises(StoreError, match=r"DG-1300 .*does not agree with its hash"):
        SqliteStore(path)


def test_a_migration_that_fails_leaves_the_old_schema(path, monkeypatch):
    SqliteStore(path).close()
    broken = (*module.MIGRATIONS, ("CREATE TABLE more (a)", "CREATE TABLE more (a)"))
    monkeypatch.setattr(module, "MIGRATIONS", broken)
    with pytest.raises(StoreError, match="DG-1300 refuses: table more already exists"):
        SqliteStore(path)
    with beside(path) as other:
        names = {name for (name,) in other.execute("SELECT name FROM sqlite_master")}
        assert "more" not in names
        assert other.execute("PRAGMA user_version").fetchone() == (len(module.MIGRATIONS) - 1,)


def test_using_a_closed_store_is_a_bug_and_no_refusal(path):
    store = SqliteStore(path)
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.load(Table.COMMANDS)


def test_the_head_can_be_read_beside_the_gateway(store, path):
    assert stored_head(path) == chain.GENESIS
    head = store.commit([an_audit(), an_audit()], NOON)
    assert stored_head(path) == head


def test_the_head_of_a_missing_database_is_a_refusal(path):
    with pytest.raises(StoreError, match="DG-1303 cannot be opened"):
        stored_head(path)
