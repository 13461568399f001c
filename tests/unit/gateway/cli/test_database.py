"""`dergate db`: what it prints and how it ends."""

from contextlib import closing

import pytest

from gateway.cli.main import main
from gateway.store import extra
from gateway.store.audit import AuditSegments
from gateway.store.postgres import PostgresStore
from gateway.store.sqlite import SqliteStore
from support.site import a_site, enrol, write_site
from support.store_builders import NOON, an_audit


@pytest.fixture
def db(tmp_path, capsys):
    """Run `dergate db` for a site whose state has one record."""
    enrol(tmp_path, "CS1")
    site = write_site(tmp_path, a_site())
    with (
        closing(SqliteStore(tmp_path / "state" / "dergate.db")) as store,
        closing(AuditSegments(tmp_path / "state" / "audit")) as log,
    ):
        store.commit([an_audit()], NOON)
        log.drain(store)

    def run(*words):
        status = main(["db", *map(str, words), "-c", str(site)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_sound_state_ends_with_0(db):
    status, out, _ = db("check")
    assert status == 0
    assert "rows     audit_groups 1" in out
    assert "head     1:" in out


def test_a_problem_ends_with_1(db, tmp_path):
    (segment,) = (tmp_path / "state" / "audit").glob("*.jsonl")
    segment.write_text("hello\n")
    status, out, _ = db("check")
    assert status == 1
    assert "problem  audit: record 1 is no audit record" in out


def test_a_backup_is_given_back(db, tmp_path):
    status, out, _ = db("backup", tmp_path / "copy")
    assert (status, "holds the database and 1 audit segments" in out) == (0, True)
    status, _, err = db("restore", tmp_path / "copy")
    assert (status, "DG-1319 holds a state" in err) == (2, True)
    (tmp_path / "state").rename(tmp_path / "away")
    status, out, _ = db("restore", tmp_path / "copy")
    assert (status, "stations are read back before anything is sent" in out) == (0, True)
    assert db("check")[0] == 0


def test_the_newest_schema_and_a_compacted_file_are_said(db):
    status, out, _ = db("upgrade")
    assert (status, "is the newest" in out) == (0, True)
    status, out, _ = db("compact")
    assert (status, "octets are" in out) == (0, True)


def a_shared_db(tmp_path, capsys, url):
    """Run `dergate db` for a site whose state is in PostgreSQL."""
    enrol(tmp_path, "CS1")
    site = write_site(tmp_path, a_site(database=url))

    def run(*words):
        status = main(["db", *map(str, words), "-c", str(site)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_shared_state_is_upgraded_and_checked(tmp_path, capsys, postgres_url):
    db = a_shared_db(tmp_path, capsys, postgres_url)
    status, out, _ = db("check")
    assert (status, "problem  database: schema 0" in out) == (1, True)
    assert db("upgrade")[:2] == (0, "schema 0 is 1 now\n")
    with (
        closing(PostgresStore(postgres_url)) as store,
        closing(AuditSegments(tmp_path / "state" / "audit")) as log,
    ):
        assert store.take(60)
        store.commit([an_audit()], NOON)
        log.drain(store)
        status, _, err = db("upgrade")
        assert (status, "DG-1400 a gateway leads: end it first" in err) == (5, True)
        store.leave()
    status, out, _ = db("check")
    assert status == 0
    assert "rows     audit_groups 1" in out
    assert "head     1:" in out


@pytest.mark.parametrize(
    ("words", "instead"),
    [(["backup", "copy"], "pg_dump"), (["restore", "copy"], "pg_restore"), (["compact"], "VACUUM")],
)
def test_a_shared_state_is_copied_by_the_tools_of_its_server(tmp_path, capsys, words, instead):
    db = a_shared_db(tmp_path, capsys, "postgresql://u:secret@localhost/n")
    status, _, err = db(*words)
    assert (status, "DG-1335 the state is in PostgreSQL" in err, instead in err) == (2, True, True)


def test_without_its_library_a_shared_state_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda _name: None)
    db = a_shared_db(tmp_path, capsys, "postgresql://u:secret@localhost/n")
    status, _, err = db("check")
    assert (status, "DG-1047 asyncpg is not installed" in err) == (2, True)
