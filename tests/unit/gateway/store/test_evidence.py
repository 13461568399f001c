"""Evidence packs: what an auditor takes away."""

from contextlib import closing
from datetime import timedelta
from zipfile import ZipFile

import pytest

from gateway.errors import StoreError
from gateway.security.signing import signer_at
from gateway.store.audit import AuditSegments
from gateway.store.chain import raw_digest
from gateway.store.checkpoints import FILE, Notary, Seals, read
from gateway.store.evidence import export
from gateway.store.sqlite import SqliteStore
from gateway.store.verification import verify
from support.store_builders import NOON, an_audit


@pytest.fixture
def site(tmp_path):
    """Three days of records, one with a document."""
    with (
        closing(SqliteStore(tmp_path / "dergate.db")) as store,
        closing(AuditSegments(tmp_path / "audit")) as log,
    ):
        for day in range(3):
            store.commit([an_audit(raw=(b"<day%d/>" % day,))], NOON + timedelta(days=day))
        log.drain(store)
        Notary(tmp_path / "audit", signer_at(tmp_path / "key")).seal(NOON, final=True)
    return tmp_path


def pack(site, first="0000", last="9999", database="dergate.db"):
    out = site / f"{first}.zip"
    count = export(site / "audit", out, first, last, site / database if database else None)
    with ZipFile(out) as whole:
        whole.extractall(site / "away")
        return count, sorted(whole.namelist())


def test_a_pack_can_be_verified_on_another_machine(site):
    count, names = pack(site)
    away = site / "away" / "audit"
    assert count == 3
    assert "README.txt" in names
    key = signer_at(site / "key").public
    seals = Seals(read(away / FILE), key)
    assert verify(away, seals=seals).fault is None
    assert seals.seen == 1


def test_documents_are_in_it_under_their_digest(site):
    _, names = pack(site)
    digest = raw_digest(b"<day1/>")
    assert f"raw/{digest}" in names
    assert (site / "away" / "raw" / digest).read_bytes() == b"<day1/>"


def test_days_are_chosen(site):
    count, names = pack(site, "2026-12-02", "2026-12-02")
    assert count == 1
    assert [name for name in names if name.startswith("audit/0")] == [
        "audit/000000000002-2026-12-02.jsonl"
    ]
    assert [name for name in names if name.startswith("raw")] == [f"raw/{raw_digest(b'<day1/>')}"]


def test_without_a_database_there_are_no_documents(site):
    _, names = pack(site, database=None)
    assert not any(name.startswith("raw") for name in names)


def test_what_cannot_be_done_is_named(site):
    with pytest.raises(StoreError, match="DG-1316 holds no records from 2027 to 9999"):
        pack(site, "2027")
    pack(site)
    with pytest.raises(StoreError, match="DG-1317 cannot be written: File exists"):
        pack(site)
    (site / "other.db").write_text("hello, no database at all")
    with pytest.raises(StoreError, match=r"other\.db DG-1300 cannot be read"):
        pack(site, "2026", database="other.db")
    assert not (site / "2026.zip").exists()
