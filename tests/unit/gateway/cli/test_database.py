"""`dergate db`: what it prints and how it ends."""

from contextlib import closing

import pytest

from gateway.cli.main import main
from gateway.store.audit import AuditSegments
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
