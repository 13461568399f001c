"""Upkeep of a state: looked at, copied, given back, made smaller."""

import sqlite3
from contextlib import closing

import pytest

from gateway.core.effects import Table
from gateway.errors import LockedError, SettingsError, StoreError
from gateway.security.vault import Vault
from gateway.store import upkeep
from gateway.store.audit import AuditSegments
from gateway.store.sqlite import MIGRATIONS, SqliteStore
from gateway.store.upkeep import backup, check, compact, lines, restore, upgrade
from gateway.store.verification import verify
from support.store_builders import NOON, a_document, an_audit


class State:
    """A state as a gateway leaves it, or has it open."""

    def __init__(self, folder):
        self.folder = folder
        self.store = SqliteStore(folder / "dergate.db")
        self.audit = AuditSegments(folder / "audit")

    def write(self, count=3, raw=b"<x/>"):
        for number in range(count):
            self.store.commit([a_document(f"K{number}"), an_audit(raw=(raw,))], NOON)
        self.audit.drain(self.store)

    def close(self):
        self.audit.close()
        self.store.close()


@pytest.fixture
def state(tmp_path):
    made = State(tmp_path / "state")
    made.write()
    yield made
    made.close()


@pytest.fixture
def closed(state):
    state.close()
    return state.folder


def test_a_sound_state_says_what_it_holds_also_while_a_gateway_runs(state):
    found = check(state.folder)
    assert found.problems == ()
    assert (found.schema, found.known) == (len(MIGRATIONS), len(MIGRATIONS))
    assert (found.rows["documents"], found.rows["raw"], found.head.sequence) == (3, 1, 3)
    assert next(lines(found)) == f"schema   {len(MIGRATIONS)} of {len(MIGRATIONS)}"


def test_what_a_gateway_writes_while_it_is_looked_at_is_no_problem(state, monkeypatch):
    def busy(folder):
        state.write()
        return verify(folder)

    monkeypatch.setattr(upkeep, "verify", busy)
    found = check(state.folder)
    assert (found.problems, found.head.sequence) == ((), 6)


def test_a_changed_record_and_a_newer_schema_are_named(closed):
    with closing(sqlite3.connect(closed / "dergate.db", isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA user_version = 99")
    (segment,) = (closed / "audit").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"gateway"', b'"gatewaz"', 1))
    problems = check(closed).problems
    assert problems[0] == "database: schema 99 is newer than this dergate"
    assert problems[1].startswith("audit: record 1 was changed")
    assert list(lines(check(closed)))[-1].startswith("problem  audit: record 1")


def test_a_damaged_page_is_named(closed):
    with closing(sqlite3.connect(closed / "dergate.db", isolation_level=None)) as db:
        db.execute("DROP INDEX raw_by_day")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'raw'")
    assert check(closed).problems
    assert all(problem.startswith("database: ") for problem in check(closed).problems)


def test_segments_that_are_ahead_of_their_database_are_named(closed, tmp_path):
    old = tmp_path / "old"
    backup(closed, old)
    later = State(closed)
    later.write()
    later.close()
    (closed / "dergate.db").unlink()
    for path in closed.glob("dergate.db-*"):
        path.unlink()
    (closed / "dergate.db").write_bytes((old / "dergate.db").read_bytes())
    assert check(closed).problems == (
        "audit: the segments go on to record 6, the database ends at 3",
    )


@pytest.mark.parametrize(
    ("work", "limit", "problem"),
    [
        (compact, "query_only = ON", "DG-1303 is read-only"),
        (lambda state: backup(state, state / "copy"), "max_page_count = 1", "DG-1301 is full"),
    ],
)
def test_a_disk_that_refuses_is_named(closed, monkeypatch, work, limit, problem):
    connect = sqlite3.connect

    def limited(*arguments, **options):
        db = connect(*arguments, **options)
        if "timeout" not in options:  # the gateway's own connection is as it was
            db.execute(f"PRAGMA {limit}")
        return db

    monkeypatch.setattr("gateway.store.upkeep.sqlite3.connect", limited)
    with pytest.raises(StoreError, match=problem):
        work(closed)


def test_what_is_no_state_is_named(tmp_path):
    with pytest.raises(StoreError, match="DG-1303 is no database that can be read"):
        check(tmp_path)
    (tmp_path / "dergate.db").write_text("hello, this is no database, whatever its name says")
    with pytest.raises(StoreError, match="DG-1303"):
        check(tmp_path)


def test_a_backup_beside_a_running_gateway_can_be_given_back_and_goes_on(state, tmp_path):
    assert backup(state.folder, tmp_path / "copy") == 1
    state.write(2)
    restore(tmp_path / "copy", tmp_path / "again")
    again = State(tmp_path / "again")
    assert len(again.store.load(Table.COMMANDS)) == 3
    again.write()
    again.close()
    assert check(tmp_path / "again").problems == ()
    assert check(tmp_path / "again").head.sequence == 6


def test_a_line_that_is_being_written_is_not_in_a_backup(state, tmp_path):
    (segment,) = (state.folder / "audit").glob("*.jsonl")
    with segment.open("ab") as file:
        file.write(b'{"hash":"')
    backup(state.folder, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    assert check(tmp_path / "again").problems == ()
    assert segment.read_bytes().endswith(b'{"hash":"')


def test_what_stations_were_given_goes_with_the_state(closed, tmp_path):
    Vault(closed / "stations").keep("CS1", verifier="changed", profile=2)
    (closed / "stations" / ".CS1.json.0a").write_text("half of a file")
    backup(closed, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    known = Vault(tmp_path / "again" / "stations").of("CS1")
    assert (known.verifier, known.profile) == ("changed", 2)
    (file,) = (tmp_path / "again" / "stations").iterdir()
    assert (file.stat().st_mode & 0o777, file.name) == (0o600, "CS1.json")


def test_a_database_that_is_ahead_of_its_segments_is_sound(state, tmp_path):
    state.store.commit([an_audit()], NOON)
    backup(state.folder, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    again = State(tmp_path / "again")
    assert again.audit.drain(again.store) == 1
    again.close()


def test_a_state_without_segments_yet_is_copied_too(tmp_path):
    SqliteStore(tmp_path / "state" / "dergate.db").close()
    assert backup(tmp_path / "state", tmp_path / "copy") == 0
    restore(tmp_path / "copy", tmp_path / "again")
    assert check(tmp_path / "again").problems == ()


def test_nothing_is_written_over(closed, tmp_path):
    backup(closed, tmp_path / "copy")
    with pytest.raises(StoreError, match="DG-1318 cannot be written: File exists"):
        backup(closed, tmp_path / "copy")
    with pytest.raises(SettingsError, match="DG-1319 holds a state: move it away first"):
        restore(tmp_path / "copy", closed)
    (tmp_path / "again" / "audit").mkdir(parents=True)
    with pytest.raises(StoreError, match="DG-1318 cannot be written"):
        restore(tmp_path / "copy", tmp_path / "again")


def test_a_backup_that_is_not_sound_is_not_given_back(closed, tmp_path):
    backup(closed, tmp_path / "copy")
    (segment,) = (tmp_path / "copy" / "audit").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes()[:-2])
    with pytest.raises(SettingsError, match="DG-1319 is not sound: audit: record 3 is cut short"):
        restore(tmp_path / "copy", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_the_schema_is_brought_up_to_date_and_only_without_a_gateway(state, monkeypatch):
    with pytest.raises(LockedError):
        upgrade(state.folder)
    state.close()
    newest = len(MIGRATIONS)
    assert upgrade(state.folder) == (newest, newest)
    more = (*MIGRATIONS, ("CREATE TABLE more (a)",))
    monkeypatch.setattr("gateway.store.sqlite.MIGRATIONS", more)
    monkeypatch.setattr(upkeep, "MIGRATIONS", more)
    assert upgrade(state.folder) == (newest, newest + 1)


def test_the_space_of_what_was_forgotten_goes_back_to_the_disk(state):
    for number in range(50):
        state.write(1, raw=b"%d" % number + b"x" * 20_000)
    state.store.prune(NOON.replace(year=2030))
    with pytest.raises(LockedError):
        compact(state.folder)
    state.close()
    before, after = compact(state.folder)
    assert after < before / 2
    assert check(state.folder).problems == ()
