"""What every `CommandStore` promises, over all of them."""

import hashlib
from contextlib import closing
from datetime import timedelta

import orjson
import pytest

from gateway.core.effects import Table
from gateway.store.memory import MemoryStore
from gateway.store.postgres import PostgresStore
from gateway.store.sqlite import SqliteStore
from support.store_builders import NOON, a_document, a_forgetting, an_audit, lines_after


@pytest.fixture
def sqlite(tmp_path):
    return SqliteStore(tmp_path / "state.db")


@pytest.fixture
def memory():
    return MemoryStore()


@pytest.fixture
def postgres(postgres_url):
    made = PostgresStore(postgres_url, keep_audit=timedelta())
    assert made.take(60)
    return made


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def store(request):
    with closing(request.getfixturevalue(request.param)) as made:
        yield made


def records(store, after=0, limit=100):
    return [orjson.loads(body) for _, body in lines_after(store, after, limit)]


def commit_each(store, count):
    """Commit so many records, each in a transaction of its own."""
    for _ in range(count):
        head = store.commit([an_audit()], NOON)
    return head


def test_a_new_store_is_empty(store):
    assert [store.load(table) for table in Table] == [{}] * len(Table)
    assert store.audit_after(0, 10) == []


def test_a_document_comes_back_as_it_was(store):
    document = {"text": "ü", "number": 0.95, "none": None, "list": [1, True], "map": {"a": {}}}
    store.commit([a_document("K1", document)], NOON)
    assert store.load(Table.COMMANDS) == {"K1": document}


def test_the_newest_document_of_a_key_counts(store):
    store.commit([a_document("K1", {"v": 1}), a_document("K1", {"v": 2})], NOON)
    store.commit([a_document("K1", {"v": 3})], NOON)
    assert store.load(Table.COMMANDS) == {"K1": {"v": 3}}


def test_the_last_word_of_a_transaction_counts(store):
    store.commit([a_document("A"), a_forgetting("A"), a_forgetting("B"), a_document("B")], NOON)
    assert list(store.load(Table.COMMANDS)) == ["B"]


def test_forgetting_what_is_not_there_changes_nothing(store):
    store.commit([a_forgetting("K9")], NOON)
    assert store.load(Table.COMMANDS) == {}


def test_tables_do_not_mix(store):
    store.commit([a_document("K", {"v": table.value}, table=table) for table in Table], NOON)
    assert {t: store.load(t)["K"]["v"] for t in Table} == {t: t.value for t in Table}


def test_documents_come_in_the_order_of_their_keys(store):
    store.commit([a_document(key) for key in ("b", "a", "ä", "C")], NOON)
    assert list(store.load(Table.COMMANDS)) == ["C", "a", "b", "ä"]


def test_a_document_is_kept_as_it_was_when_it_was_committed(store):
    document = {"list": [1]}
    store.commit([a_document("K1", document)], NOON)
    document["list"].append(2)
    assert store.load(Table.COMMANDS) == {"K1": {"list": [1]}}


def test_a_document_that_is_no_json_leaves_nothing_of_its_transaction(store):
    with pytest.raises(TypeError):
        store.commit([a_document("A"), an_audit(), a_document("B", {"v": object()})], NOON)
    assert store.load(Table.COMMANDS) == {}
    assert store.commit([an_audit()], NOON).sequence == 1


def test_the_head_moves_with_each_record_and_rests_without(store):
    first = store.commit([an_audit(), an_audit()], NOON)
    assert first.sequence == 2
    assert store.commit([a_document()], NOON) == first
    assert store.commit([], NOON) == first


def test_each_record_carries_the_hash_of_the_one_before(store):
    store.commit([an_audit("one"), an_audit("two")], NOON)
    head = store.commit([an_audit("three")], NOON)
    previous = bytes(32)
    for sequence, body in lines_after(store):
        assert orjson.loads(body)["seq"] == sequence
        assert orjson.loads(body)["prev"] == previous.hex()
        previous = hashlib.sha256(b"\0" + previous + body).digest()
    assert head.digest == previous.hex()


def test_a_record_says_who_did_what_to_what_when(store):
    store.commit([an_audit("control.dispatched", subject="C7", action="SetDERControl")], NOON)
    (record,) = records(store)
    del record["prev"]
    assert record == {
        "seq": 1,
        "ts_utc": "2026-12-01T12:00:00.000000Z",
        "actor": "gateway",
        "kind": "control.dispatched",
        "subject": "C7",
        "details": {"action": "SetDERControl"},
        "raw": [],
    }


def test_raw_documents_lie_beside_the_chain_by_their_digest(store):
    body = b"<DERControl/>"
    store.commit([an_audit(raw=(body, b"", body))], NOON)
    named = records(store)[0]["raw"]
    assert named == [hashlib.sha256(part).hexdigest() for part in (body, b"", body)]
    assert [store.raw(digest) for digest in named] == [body, b"", body]
    assert store.raw("0" * 64) is None


def test_the_same_raw_document_may_come_again(store):
    store.commit([an_audit(raw=(b"x",))], NOON)
    store.commit([an_audit(raw=(b"x",))], NOON)
    assert store.raw(records(store)[1]["raw"][0]) == b"x"


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [(0, 10, [1, 2, 3]), (1, 10, [2, 3]), (0, 2, [1, 2]), (3, 10, []), (9, 10, []), (0, 0, [])],
)
def test_records_are_read_onward_from_a_place(store, after, limit, expected):
    commit_each(store, 3)
    assert [sequence for sequence, _ in lines_after(store, after, limit)] == expected
    assert [group.first for group in store.audit_after(after, limit)] == expected


def test_what_was_committed_together_is_one_group(store):
    store.commit([an_audit(), an_audit()], NOON)
    head = store.commit([an_audit()], NOON)
    first, second = store.audit_after(0, 10)
    assert (first.first, first.head.sequence, second.first) == (1, 2, 3)
    assert second.head == head
    assert first.lines.count(b"\n") == 2


def test_a_group_of_which_a_part_is_asked_for_comes_whole(store):
    store.commit([an_audit(), an_audit(), an_audit()], NOON)
    assert [group.first for group in store.audit_after(1, 10)] == [1]
    assert [sequence for sequence, _ in lines_after(store, 1)] == [2, 3]


def test_a_transaction_without_records_makes_no_group(store):
    store.commit([a_document()], NOON)
    assert store.audit_after(0, 10) == []


def test_released_records_are_forgotten_and_the_chain_goes_on(store):
    commit_each(store, 3)
    store.release_audit(2)
    head = store.commit([an_audit()], NOON)
    assert [sequence for sequence, _ in lines_after(store)] == [3, 4]
    assert head.sequence == 4


def test_the_newest_record_is_never_released(store):
    commit_each(store, 2)
    store.release_audit(99)
    assert [sequence for sequence, _ in lines_after(store)] == [2]


def test_a_group_is_released_whole_or_not_at_all(store):
    store.commit([an_audit(), an_audit()], NOON)
    commit_each(store, 1)
    store.release_audit(1)
    assert [sequence for sequence, _ in lines_after(store)] == [1, 2, 3]


def test_releasing_nothing_is_allowed(store):
    store.release_audit(-5)
    store.commit([an_audit()], NOON)
    store.release_audit(0)
    assert len(records(store)) == 1


def test_all_stores_write_the_same_chain(store):
    memory, effects = MemoryStore(), [a_document(), an_audit(value=1.5), an_audit(raw=(b"x",))]
    assert store.commit(effects, NOON) == memory.commit(effects, NOON)
    assert store.audit_after(0, 10) == memory.audit_after(0, 10)


def test_a_key_may_hold_any_character(store):
    store.commit([a_document("a\0b"), a_document("")], NOON)
    assert list(store.load(Table.COMMANDS)) == ["", "a\0b"]


def test_documents_are_forgotten_by_the_day_on_which_they_came_last(store):
    one, two = b"<one/>", b"<two/>"
    store.commit([an_audit(raw=(one,)), an_audit(raw=(two,))], NOON)
    store.commit([an_audit(raw=(two,))], NOON + timedelta(days=2))
    assert store.prune(NOON) == 0
    assert store.prune(NOON + timedelta(days=1)) == 1
    assert store.raw(hashlib.sha256(one).hexdigest()) is None
    assert store.raw(hashlib.sha256(two).hexdigest()) == two
    assert store.prune(NOON + timedelta(days=3)) == 1
    assert len(records(store)) == 3
