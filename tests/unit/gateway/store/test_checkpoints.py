"""Signed checkpoints: when they are made, and what they show that a chain alone does not."""

import hashlib
import os
from contextlib import closing
from datetime import timedelta

import pytest

from gateway.errors import StoreError
from gateway.ports import AuditHead
from gateway.security.signing import signer_at
from gateway.store import chain, checkpoints
from gateway.store.audit import AuditSegments
from gateway.store.checkpoints import FILE, PUBLIC_KEY, Notary, Seals, leaf, read, root
from gateway.store.memory import MemoryStore
from gateway.store.verification import verify
from support.store_builders import NOON, a_chain, an_audit

MINUTE = timedelta(seconds=60)


@pytest.fixture
def signer(tmp_path):
    return signer_at(tmp_path / "audit.key")


@pytest.fixture
def folder(tmp_path):
    a_chain(tmp_path / "audit", 7)
    return tmp_path / "audit"


@pytest.fixture
def every_three(monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 3)


def spans(folder):
    return [(s.checkpoint.first, s.checkpoint.last) for s in read(folder / FILE)]


def naive(leaves):
    """RFC 6962, 2.1, as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def test_the_root_is_that_of_rfc_6962():
    assert root([]) == hashlib.sha256(b"").hexdigest()
    assert leaf(b"") == hashlib.sha256(b"\0").digest()
    leaves = [leaf(bytes([n])) for n in range(20)]
    for count in range(1, 20):
        assert root(leaves[:count]) == naive(leaves[:count]).hex()


def test_a_checkpoint_comes_after_so_many_records(folder, signer, every_three):
    assert Notary(folder, signer).seal(NOON) == 2
    assert spans(folder) == [(1, 3), (4, 6)]


def test_the_rest_is_sealed_after_a_minute_or_at_the_end(folder, signer, every_three):
    notary = Notary(folder, signer)
    notary.seal(NOON)
    assert notary.seal(NOON + MINUTE / 2) == 0
    assert notary.seal(NOON + MINUTE) == 1
    assert notary.seal(NOON + 3 * MINUTE, final=True) == 0
    assert spans(folder)[-1] == (7, 7)
    other = Notary(folder, signer)
    assert other.seal(NOON, final=True) == 0


def test_the_end_seals_all(folder, signer):
    assert Notary(folder, signer).seal(NOON, final=True) == 1
    (sealed,) = read(folder / FILE)
    head = verify(folder).head
    assert (sealed.checkpoint.last, sealed.checkpoint.head) == (head.sequence, head.digest)
    assert sealed.checkpoint.ts_utc == "2026-12-01T12:00:00Z"
    assert sealed.valid(signer.public)


def test_a_restart_goes_on_where_the_last_checkpoint_ended(tmp_path, signer, every_three):
    folder, store = tmp_path / "audit", MemoryStore()
    with closing(AuditSegments(folder)) as log:
        for day in range(3):
            for number in range(2):
                store.commit([an_audit(subject=f"C{number}")], NOON + timedelta(days=day))
            log.drain(store)
            Notary(folder, signer).seal(NOON)
        Notary(folder, signer).seal(NOON, final=True)
    assert spans(folder) == [(1, 3), (4, 6)]
    assert len(list(folder.glob("[0-9]*.jsonl"))) == 3
    first, second = read(folder / FILE)
    assert second.checkpoint.prev == first.checkpoint.digest()


def test_one_notary_follows_over_the_end_of_a_day(tmp_path, signer, every_three):
    folder, store = tmp_path / "audit", MemoryStore()
    notary = Notary(folder, signer)
    with closing(AuditSegments(folder)) as log:
        for day in range(4):
            store.commit([an_audit(), an_audit()], NOON + timedelta(days=day))
            log.drain(store)
            notary.seal(NOON)
    notary.seal(NOON, final=True)
    assert spans(folder) == [(1, 3), (4, 6), (7, 8)]
    seals = Seals(read(folder / FILE), signer.public)
    assert verify(folder, seals=seals).fault is None
    assert seals.seen == 3


def test_a_record_that_is_being_written_waits(folder, signer):
    (path,) = folder.glob("0*.jsonl")
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]) + lines[6][:40])
    notary = Notary(folder, signer)
    notary.seal(NOON, final=True)
    assert spans(folder) == [(1, 6)]
    path.write_bytes(whole)
    notary.seal(NOON, final=True)
    assert spans(folder) == [(1, 6), (7, 7)]


def test_a_line_that_a_crash_tore_is_signed_anew(folder, signer, every_three):
    Notary(folder, signer).seal(NOON)
    path = folder / FILE
    path.write_bytes(path.read_bytes()[:-20])
    Notary(folder, signer).seal(NOON)
    assert spans(folder) == [(1, 3), (4, 6)]


def test_each_checkpoint_is_copied_elsewhere(folder, signer, tmp_path, every_three):
    copy = tmp_path / "elsewhere.jsonl"
    Notary(folder, signer, copy).seal(NOON)
    assert copy.read_bytes() == (folder / FILE).read_bytes()


def test_what_a_crash_kept_out_of_the_copy_is_added_by_the_next_run(
    folder, signer, tmp_path, every_three
):
    copy = tmp_path / "elsewhere.jsonl"
    Notary(folder, signer, copy).seal(NOON, final=True)
    whole = copy.read_bytes()
    copy.write_bytes(whole[: whole.find(b"\n") + 30])
    Notary(folder, signer, copy).seal(NOON)
    assert copy.read_bytes() == whole
    assert (folder / FILE).read_bytes() == whole


def test_a_copy_that_others_wrote_to_gets_all(folder, signer, tmp_path, every_three):
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(b"of another gateway\n")
    notary = Notary(folder, signer, copy)
    notary.seal(NOON)
    with copy.open("ab") as file:
        file.write(b"of another gateway\n")
    notary.seal(NOON, final=True)
    first, second, third = (folder / FILE).read_bytes().splitlines(keepends=True)
    other = b"of another gateway\n"
    assert copy.read_bytes() == b"".join((other, first, second, other, third))


def test_a_disk_that_takes_a_part_is_given_the_rest(folder, signer, monkeypatch, every_three):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, text: write(descriptor, text[:50]))
    Notary(folder, signer).seal(NOON, final=True)
    assert spans(folder) == [(1, 3), (4, 6), (7, 7)]


def test_a_start_reads_no_segment_that_was_sealed_long_ago(tmp_path, signer, every_three):
    folder, store = tmp_path / "audit", MemoryStore()
    with closing(AuditSegments(folder)) as log:
        for day in range(4):
            store.commit([an_audit(), an_audit()], NOON + timedelta(days=day))
            log.drain(store)
        Notary(folder, signer).seal(NOON)
    for path in sorted(folder.glob("0*.jsonl"))[:3]:
        path.write_bytes(b"read it who may\n")
    Notary(folder, signer).seal(NOON, final=True)
    assert spans(folder) == [(1, 3), (4, 6), (7, 8)]


def test_the_public_key_lies_beside_them_and_so_does_the_next(folder, signer, tmp_path):
    notary = Notary(folder, signer)
    assert notary.key_is_new
    notary.seal(NOON, final=True)
    assert not notary.key_is_new
    other = signer_at(tmp_path / "other.key")
    assert Notary(folder, other).key_is_new
    Notary(folder, other).seal(NOON)
    assert (folder / PUBLIC_KEY).read_text() == signer.public.pem + other.public.pem


def test_a_disk_that_refuses_loses_nothing(folder, signer, tmp_path, every_three):
    copy = tmp_path / "no folder" / "copy.jsonl"
    notary = Notary(folder, signer, copy)
    with pytest.raises(StoreError, match="DG-1313 checkpoints cannot be written"):
        notary.seal(NOON)
    assert spans(folder) == [(1, 3), (4, 6)]
    copy.parent.mkdir()
    notary.seal(NOON, final=True)
    assert spans(folder) == [(1, 3), (4, 6), (7, 7)]
    assert copy.read_bytes() == (folder / FILE).read_bytes()


def anew(folder, at=5, records=7, subject="forged"):
    """Write the chain anew from a record on, whole in itself."""
    (path,) = folder.glob("0*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)[: at - 1]
    head = chain.head_of(lines[-1]) if lines else chain.GENESIS
    for number in range(at, records + 1):
        body = chain.record(an_audit(subject=f"{subject} {number}"), head, NOON)
        head = chain.chained(head, body)
        lines.append(chain.line(head.digest, body))
    path.write_bytes(b"".join(lines))


@pytest.fixture
def sealed(folder, signer, every_three):
    Notary(folder, signer).seal(NOON, final=True)
    return read(folder / FILE)


def faults(folder, sealed, key):
    return verify(folder, seals=Seals(sealed, key)).fault


def test_a_chain_that_agrees_is_whole(folder, sealed, signer):
    seals = Seals(sealed, signer.public)
    assert verify(folder, seals=seals).fault is None
    assert seals.seen == 3


def test_a_chain_written_anew_shows_against_its_checkpoints(folder, sealed, signer):
    anew(folder)
    assert verify(folder).fault is None
    fault = faults(folder, sealed, signer.public)
    assert (fault.sequence, fault.problem) == (
        6,
        "ends the records 4 to 6, which are not those that were sealed",
    )


def test_a_cut_after_a_checkpoint_shows(folder, sealed, signer):
    (path,) = folder.glob("0*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:5]))
    fault = faults(folder, sealed, signer.public)
    assert (fault.sequence, fault.problem) == (6, "is missing: the chain has to reach record 7")


def test_a_signature_of_another_key_shows(folder, sealed, tmp_path):
    other = signer_at(tmp_path / "other.key")
    fault = faults(folder, sealed, other.public)
    assert fault.problem == "ends the records 1 to 3, whose checkpoint this key did not sign"


def test_checkpoints_signed_anew_by_another_key_show(folder, sealed, signer, tmp_path):
    (folder / FILE).unlink()
    anew(folder)
    Notary(folder, signer_at(tmp_path / "other.key")).seal(NOON, final=True)
    fault = faults(folder, read(folder / FILE), signer.public)
    assert "this key did not sign" in fault.problem


def test_a_checkpoint_that_was_taken_out_shows(folder, sealed, signer):
    fault = faults(folder, [sealed[0], sealed[2]], signer.public)
    assert (
        fault.problem
        == "ends the records 7 to 7, whose checkpoint does not follow the one before it"
    )


def test_without_a_key_the_records_are_compared_all_the_same(folder, sealed):
    assert faults(folder, sealed, None) is None
    anew(folder)
    assert faults(folder, sealed, None) is not None


def archived(folder, count):
    """Take the first records away; return the head of these."""
    (path,) = folder.glob("0*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.unlink()
    (folder / f"{count + 1:012d}-2026-12-01.jsonl").write_bytes(b"".join(lines[count:]))
    return chain.head_of(lines[count - 1])


@pytest.mark.parametrize("count", [3, 4, 5])
def test_what_was_archived_is_not_asked_for(folder, sealed, signer, count):
    head = archived(folder, count)
    seals = Seals(sealed, signer.public)
    assert verify(folder, after=head, seals=seals).fault is None
    assert seals.seen == 2


def test_one_segment_agrees_with_its_checkpoints(folder, sealed, signer):
    archived(folder, 4)
    (segment,) = folder.glob("0*.jsonl")
    seals = Seals(sealed, signer.public)
    assert verify(segment, seals=seals).fault is None
    assert seals.seen == 2


def test_what_was_written_anew_shows_where_a_part_of_its_checkpoint_is_archived(
    folder, sealed, signer
):
    anew(folder, at=6)
    head = archived(folder, 4)
    seals = Seals(sealed, signer.public)
    fault = verify(folder, after=head, seals=seals).fault
    assert (fault.sequence, fault.problem) == (
        6,
        "ends the records 4 to 6, which are not those that were sealed",
    )


@pytest.mark.parametrize("text", ["{}", "[", '{"checkpoint":{"first":1},"signature":""}'])
def test_a_line_that_is_no_checkpoint_is_named(tmp_path, text):
    path = tmp_path / FILE
    path.write_text(text + "\n")
    with pytest.raises(StoreError, match=r"checkpoints\.ndjson:1 DG-1314 is no checkpoint"):
        read(path)


def test_a_line_in_another_form_is_no_checkpoint(folder, sealed):
    path = folder / FILE
    path.write_bytes(path.read_bytes().replace(b'{"checkpoint":', b'{ "checkpoint":', 1))
    with pytest.raises(StoreError, match="DG-1314"):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match="DG-1313 cannot be read"):
        read(tmp_path / "none")


def test_where_nothing_was_written_nothing_is_signed(tmp_path, signer):
    (tmp_path / "audit").mkdir()
    assert Notary(tmp_path / "audit", signer).seal(NOON, final=True) == 0
    assert AuditHead(0, "0" * 64) == chain.GENESIS
