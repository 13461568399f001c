"""What is measured, each beside the least that anyone would have to do for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from lxml import etree

from gateway.bench.clock import Pair
from gateway.bench.volt_var import CONTROL, CURVE, bench
from gateway.core.effects import Audit, Persist, Table
from gateway.protocols.ocpp_frames import parse as parse_frame
from gateway.stations.validators import violation
from gateway.store.sqlite import SqliteStore

_NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def translation() -> Pair:
    """A volt-var event from XML to its SetDERControl, against parsing the same XML."""
    return Pair(
        "translate a volt-var event, with trace",
        bench().cold,
        "lxml: parse its two documents",
        lambda: (etree.fromstring(CONTROL), etree.fromstring(CURVE)),
    )


def validation() -> Pair:
    """Schema and rules on one SetDERControl, against decoding its JSON."""
    points = [{"x": 92 + index, "y": 44 - 10 * index} for index in range(4)]
    curve = {"curveData": points, "priority": 1, "yUnit": "PctMaxVar", "responseTime": 5}
    payload = {"isDefault": True, "controlId": "c1", "controlType": "VoltVar", "curve": curve}
    text = orjson.dumps(payload)
    if violation("2.1", "SetDERControl", payload, request=True) is not None:
        raise RuntimeError("the benchmark's own payload is not valid")
    return Pair(
        "validate a SetDERControl by schema and rules",
        lambda: violation("2.1", "SetDERControl", payload, request=True),
        "orjson: decode it",
        lambda: orjson.loads(text),
    )


def framing() -> Pair:
    """Reading one MeterValues frame with all its guards, against decoding its JSON."""
    sampled = [{"value": float(value), "measurand": "Voltage"} for value in range(8)]
    entry = {"timestamp": "2026-12-01T12:00:00Z", "sampledValue": sampled}
    frame = orjson.dumps([2, "m1", "MeterValues", {"evseId": 1, "meterValue": [entry]}])
    return Pair(
        "read an OCPP-J frame within bounds",
        lambda: parse_frame(frame),
        "orjson: decode it",
        lambda: orjson.loads(frame),
    )


@contextmanager
def durability() -> Iterator[Pair]:
    """One event's transaction (document and audit record), against one bare durable insert."""
    with TemporaryDirectory() as folder, closing(_bare(Path(folder) / "bare.sqlite")) as bare:
        store = SqliteStore(Path(folder) / "state.sqlite")
        document = {"state": "scheduled", "told": ["received"]}
        effects = (
            Persist(Table.COMMANDS, "u/CS1/M1", document),
            Audit("command.received", "u", "u/CS1/M1", {"command": document}),
        )
        text = orjson.dumps(document).decode()

        def insert() -> None:
            with bare:
                bare.execute("INSERT OR REPLACE INTO kept VALUES ('k', ?)", (text,))

        try:
            yield Pair(
                "commit an event: document and chained audit record",
                lambda: store.commit(effects, _NOW),
                "sqlite3: one durable insert",
                insert,
            )
        finally:
            store.close()


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, document TEXT)")
    return connection
