"""Segments that follow from the store, and what a crash may leave of them."""

import errno
import os
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.errors import StoreError
from gateway.store import audit
from gateway.store.audit import AuditSegments
from gateway.store.memory import MemoryStore
from gateway.store.verification import verify
from support.store_builders import NOON, a_chain, an_audit, lines_after


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


@pytest.fixture
def log(folder):
    with closing(AuditSegments(folder)) as opened:
        yield opened


def reopened(folder, store):
    """Drain as the next process would."""
    with closing(AuditSegments(folder)) as log:
        return log.drain(store)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def the_segment(folder):
    (path,) = folder.glob("*.jsonl")
    return path


def test_the_segments_follow_the_store(store, log, folder):
    head = store.commit([an_audit(), an_audit()], NOON)
    assert log.drain(store) == 2
    assert verify(folder, head=head).records == 2


def test_nothing_new_writes_nothing(store, log, folder):
    assert log.drain(store) == 0
    assert names(folder) == []


def test_a_line_is_json_with_the_record_byte_for_byte(store, log, folder):
    head = store.commit([an_audit(text="ü", number=0.95)], NOON)
    log.drain(store)
    text = the_segment(folder).read_bytes()
    ((_, body),) = lines_after(store)
    assert orjson.loads(text) == {"hash": head.digest, "record": orjson.loads(body)}
    assert body in text


def test_a_day_is_a_segment_named_by_its_first_record(store, log, folder):
    store.commit([an_audit(), an_audit()], NOON)
    store.commit([an_audit()], NOON + timedelta(days=1))
    log.drain(store)
    assert names(folder) == ["000000000001-2026-12-01.jsonl", "000000000003-2026-12-02.jsonl"]
    assert verify(folder).records == 3


def test_a_clock_that_steps_back_over_midnight_breaks_no_chain(store, log, folder):
    for hours in (11, 13, 11.5, 13.5):
        store.commit([an_audit()], NOON + timedelta(hours=hours))
    log.drain(store)
    assert len(names(folder)) == 4
    assert verify(folder).fault is None


def test_only_the_owner_may_read_the_segments(store, log, folder):
    store.commit([an_audit()], NOON)
    log.drain(store)
    assert stat.S_IMODE(the_segment(folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_next_process_goes_on_in_the_same_segment(store, log, folder):
    store.commit([an_audit()], NOON)
    log.drain(store)
    log.close()
    store.commit([an_audit()], NOON)
    assert reopened(folder, store) == 1
    assert verify(the_segment(folder)).records == 2


def test_a_crash_before_the_write_loses_nothing(store, log, folder):
    store.commit([an_audit(), an_audit()], NOON)
    log.drain(store)
    store.commit([an_audit()], NOON)
    assert reopened(folder, store) == 1


@pytest.mark.parametrize("cut", [1, 2, 50, 300])
def test_a_torn_last_line_is_cut_and_written_again(store, log, folder, cut):
    head = store.commit([an_audit(), an_audit(), an_audit()], NOON)
    log.drain(store)
    whole = the_segment(folder).read_bytes()
    the_segment(folder).write_bytes(whole[:-cut])
    with capture_logs() as logs:
        assert reopened(folder, store) == (1 if cut < 300 else 2)
    assert [entry["event"] for entry in logs] == ["audit.torn_tail_cut"]
    assert the_segment(folder).read_bytes() == whole
    assert verify(folder, head=head).fault is None


def test_of_a_group_that_is_torn_the_missing_lines_alone_are_written_again(store, log, folder):
    store.commit([an_audit()], NOON)
    head = store.commit([an_audit(subject=f"C{number}") for number in range(4)], NOON)
    log.drain(store)
    whole = the_segment(folder).read_bytes()
    the_segment(folder).write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    assert reopened(folder, store) == 2
    assert the_segment(folder).read_bytes() == whole
    assert verify(folder, head=head).fault is None


def test_what_was_cut_lies_aside(store, log, folder):
    store.commit([an_audit(), an_audit()], NOON)
    log.drain(store)
    whole = the_segment(folder).read_bytes()
    the_segment(folder).write_bytes(whole[:-30])
    reopened(folder, store)
    aside = the_segment(folder).with_suffix(".torn").read_bytes()
    assert whole.splitlines(keepends=True)[1][:-30] == aside


@pytest.mark.parametrize(
    "tail",
    [b"\0" * 4096, b"\0" * 100 + b"\n", b"[]\n", b'{"hash":"' + b"0" * 64 + b'","record":{}}\n'],
)
def test_a_tail_of_rubbish_is_cut(store, log, folder, tail):
    store.commit([an_audit(), an_audit()], NOON)
    log.drain(store)
    whole = the_segment(folder).read_bytes()
    the_segment(folder).write_bytes(whole + tail)
    assert reopened(folder, store) == 0
    assert the_segment(folder).read_bytes() == whole


def test_a_last_record_that_was_changed_is_written_again_from_the_store(store, log, folder):
    store.commit([an_audit(), an_audit(subject="C7")], NOON)
    log.drain(store)
    whole = the_segment(folder).read_bytes()
    the_segment(folder).write_bytes(whole.replace(b"C7", b"C8"))
    assert reopened(folder, store) == 1
    assert the_segment(folder).read_bytes() == whole


@pytest.mark.parametrize("left", [b"", b'{"hash":"half'])
def test_a_segment_that_holds_no_whole_record_gives_way(store, log, folder, left):
    store.commit([an_audit()], NOON)
    log.drain(store)
    store.commit([an_audit()], NOON + timedelta(days=1))
    (folder / "000000000002-2026-12-02.jsonl").write_bytes(left)
    assert reopened(folder, store) == 1
    assert verify(folder).records == 2


def test_segments_that_are_gone_are_written_again_as_far_as_the_store_remembers(
    store, log, folder, monkeypatch
):
    monkeypatch.setattr(audit, "KEPT_IN_STORE", 2)
    for _ in range(5):
        head = store.commit([an_audit()], NOON)
    log.drain(store)
    assert len(store.audit_after(0, 10)) == 2
    the_segment(folder).unlink()
    assert reopened(folder, store) == 2
    assert names(folder) == ["000000000004-2026-12-01.jsonl"]
    assert verify(the_segment(folder), head=head).fault is None


def test_the_store_forgets_many_together(store, log, monkeypatch):
    monkeypatch.setattr(audit, "KEPT_IN_STORE", 2)
    monkeypatch.setattr(audit, "RELEASED", 3)
    kept = []
    for _ in range(9):
        store.commit([an_audit()], NOON)
        log.drain(store)
        kept.append(len(store.audit_after(0, 10)))
    assert kept == [1, 2, 3, 2, 3, 4, 2, 3, 4]


def test_the_store_keeps_what_is_not_yet_in_the_segments(store, log, monkeypatch):
    monkeypatch.setattr(audit, "KEPT_IN_STORE", 0)
    for _ in range(3):
        store.commit([an_audit()], NOON)
    log.drain(store)
    store.commit([an_audit()] * 3, NOON)
    assert [group.first for group in store.audit_after(0, 10)] == [3, 4]


def test_long_chains_go_in_groups(store, log, folder, monkeypatch):
    monkeypatch.setattr(audit, "_GROUPS", 2)
    for _ in range(5):
        store.commit([an_audit()], NOON)
    assert log.drain(store) == 5
    assert verify(folder).records == 5


def test_a_database_that_does_not_continue_the_segments_is_refused(folder):
    a_chain(folder, 3)
    other = MemoryStore()
    other.commit([an_audit("other")] * 3, NOON)
    for store in (MemoryStore(), other):
        with pytest.raises(
            StoreError, match=r"DG-1312 .* end at record 3, which the database does"
        ):
            reopened(folder, store)


def test_a_disk_that_refuses_is_named_and_what_is_missing_comes_later(store, log, folder):
    store.commit([an_audit()], NOON)
    log.drain(store)
    head = store.commit([an_audit()], NOON)
    os.close(log._file)
    with Path("/dev/full").open("wb", buffering=0) as full:
        log._file = os.dup(full.fileno())
        with pytest.raises(StoreError, match=f"DG-1311 .*: {os.strerror(errno.ENOSPC)}"):
            log.drain(store)
    assert log.drain(store) == 1
    assert verify(folder, head=head).fault is None


def test_a_folder_that_cannot_be_made_is_named(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="DG-1311 the audit segment cannot be written"):
        reopened(tmp_path / "file" / "audit", store)
