"""Builders for stores: effects to commit, chains to tamper with."""

from datetime import UTC, datetime, timedelta

import orjson

from gateway.core.effects import Audit, Persist, Table
from gateway.store import chain
from gateway.store.audit import AuditSegments
from gateway.store.memory import MemoryStore

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def a_document(key="K1", document=None, *, table=Table.COMMANDS):
    return Persist(table, key, {"value": 1} if document is None else document)


def a_forgetting(key="K1", *, table=Table.COMMANDS):
    return Persist(table, key, None)


def an_audit(kind="control.dispatched", *, subject="C1", raw=(), **details):
    return Audit(kind, "gateway", subject, details, raw)


def lines_after(store, sequence=0, limit=100):
    """Return the records that a store holds after a sequence, as (sequence, canonical JSON)."""
    groups = (chain.rest(group, sequence) for group in store.audit_after(sequence, limit))
    lines = [line for group in groups for line in group.lines.splitlines(keepends=True)]
    bodies = [chain.parts(line)[1] for line in lines]
    return [(orjson.loads(body)["seq"], body) for body in bodies]


def a_chain(folder, records=5, *, every=timedelta(seconds=1), start=NOON):
    """Write a chain of `records` into `folder`; return the store behind it."""
    store, segments = MemoryStore(), AuditSegments(folder)
    for number in range(records):
        store.commit([an_audit(subject=f"C{number + 1}")], start + number * every)
    segments.drain(store)
    segments.close()
    return store
