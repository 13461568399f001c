"""Tampering with the chain is found, and the first record that is wrong is named."""

from contextlib import closing

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.effects import Audit
from gateway.errors import StoreError
from gateway.ports import AuditHead
from gateway.store import chain
from gateway.store.audit import AuditSegments
from gateway.store.chain import line
from gateway.store.memory import MemoryStore
from gateway.store.verification import verify
from support.store_builders import NOON, a_chain, an_audit

RECORDS = 6


@pytest.fixture
def folder(tmp_path):
    a_chain(tmp_path / "audit", RECORDS)
    return tmp_path / "audit"


def the_segment(folder):
    (path,) = folder.glob("*.jsonl")
    return path


def lines_of(folder):
    return the_segment(folder).read_bytes().splitlines(keepends=True)


def rewrite(folder, lines):
    the_segment(folder).write_bytes(b"".join(lines))


def forged(sequence, prev, subject="forged"):
    """Return a line that is consistent in itself."""
    body = chain.record(an_audit(subject=subject), AuditHead(sequence - 1, prev), NOON)
    return line(chain.chained(AuditHead(sequence - 1, prev), body).digest, body)


def edited(lines):
    return [*lines[:2], lines[2].replace(b"C3", b"C9"), *lines[3:]]


def edited_with_its_hash(lines):
    prev = orjson.loads(lines[1])["hash"]
    return [*lines[:2], forged(3, prev), *lines[3:]]


def hash_changed(lines):
    digest = orjson.loads(lines[2])["hash"].encode()
    return [*lines[:2], lines[2].replace(digest, b"0" * 64), *lines[3:]]


TAMPERS = {
    "edited": (edited, 3, "was changed"),
    "edited with a fitting hash": (edited_with_its_hash, 4, "does not follow"),
    "hash changed": (hash_changed, 3, "was changed"),
    "cut from the middle": (lambda s: s[:2] + s[3:], 3, "is missing here: found record 4"),
    "cut from the start": (lambda s: s[1:], 1, "is missing here: found record 2"),
    "doubled": (lambda s: s[:3] + s[2:], 4, "is missing here: found record 3"),
    "swapped": (lambda s: [s[0], s[2], s[1], *s[3:]], 2, "is missing here: found record 3"),
    "inserted": (lambda s: [*s[:2], forged(3, "ab" * 32), *s[2:]], 3, "does not follow"),
    "rubbish": (lambda s: [*s[:2], b"rubbish\n", *s[2:]], 3, "is no audit record"),
    "an empty line": (lambda s: [*s[:2], b"\n", *s[2:]], 3, "is no audit record"),
    "a list": (lambda s: [*s[:2], line("0" * 64, b"[]")], 3, "is no audit record"),
    "no JSON": (lambda s: [*s[:2], line("0" * 64, b"{")], 3, "is no audit record"),
    "no sequence": (lambda s: [*s[:2], line("0" * 64, b"{}")], 3, "found record None"),
    "torn": (lambda s: [*s[:5], s[5][:-9]], 6, "is cut short"),
}


def test_a_whole_chain_says_so(folder):
    verdict = verify(folder)
    assert (verdict.records, verdict.head.sequence, verdict.fault) == (RECORDS, RECORDS, None)


@pytest.mark.parametrize(("tamper", "first", "problem"), TAMPERS.values(), ids=TAMPERS)
def test_the_first_bad_record_is_named(folder, tamper, first, problem):
    rewrite(folder, tamper(lines_of(folder)))
    fault = verify(folder).fault
    assert fault.sequence == first
    assert problem in fault.problem
    assert fault.where == f"{the_segment(folder).name}:{first}"


@pytest.mark.parametrize(("tamper", "first", "problem"), TAMPERS.values(), ids=TAMPERS)
def test_a_single_segment_shows_the_same(folder, tamper, first, problem):
    rewrite(folder, tamper(lines_of(folder)))
    assert verify(the_segment(folder)).fault.sequence == first


def test_what_comes_before_the_fault_is_counted(folder):
    lines = lines_of(folder)
    rewrite(folder, edited(lines))
    verdict = verify(folder)
    assert verdict.records == 2
    assert verdict.head == AuditHead(2, orjson.loads(lines[1])["hash"])


def test_a_cut_at_the_end_shows_only_against_a_head_noted_elsewhere(folder):
    head = verify(folder).head
    rewrite(folder, lines_of(folder)[:4])
    assert verify(folder).fault is None
    fault = verify(folder, head=head).fault
    assert (fault.sequence, fault.problem) == (5, "is missing: the chain has to reach record 6")


def test_a_head_noted_elsewhere_may_lie_inside_the_chain(folder):
    noted = AuditHead(3, orjson.loads(lines_of(folder)[2])["hash"])
    assert verify(folder, head=noted).fault is None


def test_a_chain_written_anew_shows_against_a_head_noted_elsewhere(folder, tmp_path):
    head = verify(folder).head
    store = a_chain(tmp_path / "forged", RECORDS - 1)
    assert store.commit([an_audit(subject="forged")], NOON) != head
    a_chain(tmp_path / "other", RECORDS, start=NOON.replace(year=2025))
    fault = verify(tmp_path / "other", head=head).fault
    assert (fault.sequence, fault.problem) == (6, "is not the record that was noted elsewhere")


def test_archived_segments_may_be_gone_where_their_head_is_known(folder):
    lines = lines_of(folder)
    rewrite(folder, lines[3:])
    archived = AuditHead(3, orjson.loads(lines[2])["hash"])
    assert verify(folder, after=archived).records == 3
    assert verify(folder).fault.sequence == 1


def test_a_segment_alone_is_whole_from_where_it_begins(folder):
    lines = lines_of(folder)
    later = folder / "000000000004-2026-12-02.jsonl"
    later.write_bytes(b"".join(lines[3:]))
    rewrite_first = folder / "000000000001-2026-12-01.jsonl"
    rewrite_first.write_bytes(b"".join(lines[:3]))
    assert verify(later).records == 3
    assert verify(folder).records == RECORDS


def test_the_name_of_a_segment_says_where_it_begins(folder):
    lines = lines_of(folder)
    later = folder / "000000000004-2026-12-02.jsonl"
    later.write_bytes(b"".join(lines[4:]))
    assert verify(later).fault.sequence == 4


def test_a_segment_under_another_name_is_taken_at_its_first_record(folder):
    copy = folder / "copy.jsonl"
    copy.write_bytes(b"".join(lines_of(folder)[2:]))
    assert verify(copy).records == 4


@pytest.mark.parametrize("body", [b"", b"rubbish\n", line("0" * 64, b'{"prev":1,"seq":1}')])
def test_a_segment_that_cannot_say_where_it_begins_is_judged_as_the_first(tmp_path, body):
    path = tmp_path / "000000000004-2026-12-02.jsonl"
    path.write_bytes(body)
    fault = verify(path).fault
    assert fault is None if not body else fault.sequence == 1


def test_no_segments_are_no_chain_but_a_head_says_what_is_missing(tmp_path):
    assert verify(tmp_path).records == 0
    assert verify(tmp_path, head=AuditHead(1, "ab" * 32)).fault.sequence == 1


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match="nowhere DG-1311 cannot be read: No such file"):
        verify(tmp_path / "nowhere")


@st.composite
def tampers(draw):
    """Return a change of the octets of a chain file: (kind, position, length, filling)."""
    kind = draw(st.sampled_from(["flip", "delete", "insert", "swap", "copy"]))
    return kind, draw(st.floats(0, 1)), draw(st.integers(1, 40)), draw(st.binary(min_size=1))


def apply(data, tamper):
    kind, place, length, filling = tamper
    at = int(place * (len(data) - 1))
    match kind:
        case "flip":
            return data[:at] + bytes([data[at] ^ 1 << (length % 8)]) + data[at + 1 :]
        case "delete":
            return data[:at] + data[at + length :]
        case "insert":
            return data[:at] + filling + data[at:]
        case "swap":
            middle, other = data[at : at + length], data[at + length : at + 2 * length]
            return data[:at] + other + middle + data[at + 2 * length :]
        case _:
            lines = data.splitlines(keepends=True)
            number = int(place * (len(lines) - 1))
            return b"".join([*lines[:number], lines[number], *lines[number:]])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tamper=tampers())
def test_every_tampering_is_found_at_the_first_record_that_it_touches(folder, tamper):
    path = the_segment(folder)
    whole = path.read_bytes()
    head = verify(folder).head
    changed = apply(whole, tamper)
    try:
        path.write_bytes(changed)
        fault = verify(folder, head=head).fault
        if changed == whole:
            assert fault is None
            return
        same = next(
            (i for i, (a, b) in enumerate(zip(whole, changed, strict=False)) if a != b),
            min(len(whole), len(changed)),
        )
        first = whole[:same].count(b"\n") + 1
        if first > RECORDS:
            first = RECORDS + 1
        assert fault is not None
        assert fault.sequence == first
    finally:
        path.write_bytes(whole)


def test_foreign_texts_stay_inside_their_record(tmp_path):
    odd = Audit("kind", "actor\n", '","record":{}}\n', {"x": "\u2028\n\r\0"})
    store = MemoryStore()
    head = store.commit([odd, an_audit()], NOON)
    with closing(AuditSegments(tmp_path)) as log:
        log.drain(store)
    assert verify(tmp_path, head=head).records == 2
