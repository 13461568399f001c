"""What is measured, each beside the least that anyone would have to do for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from lxml import etree

from gateway.app import shipped_book
from gateway.bench.clock import Pair
from gateway.core.effects import Audit, Persist, Table
from gateway.protocols.ocpp_rpc import parse as parse_frame
from gateway.stations.validators import violation
from gateway.store.sqlite import SqliteStore
from translators.canonical.capability import Current, Evse, Ratings, Situation, StationProfile
from translators.canonical.commands import Revision
from translators.chain import Case, translate
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.xml import parse

_NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
_CONTROL = b"""<DERControl xmlns="urn:ieee:std:2030.5:ns" href="/derp/1/derc/1" replyTo="/rsp"
 responseRequired="03"><mRID>0000000000000000000000010000C0DE</mRID>
<creationTime>1796140000</creationTime><interval><duration>3600</duration>
<start>1796148000</start></interval><DERControlBase><opModVoltVar href="/derp/1/dc/1"/>
</DERControlBase></DERControl>"""
_CURVE = b"""<DERCurve xmlns="urn:ieee:std:2030.5:ns" href="/derp/1/dc/1">
<CurveData><xvalue>920</xvalue><yvalue>44</yvalue></CurveData>
<CurveData><xvalue>980</xvalue><yvalue>0</yvalue></CurveData>
<CurveData><xvalue>1020</xvalue><yvalue>0</yvalue></CurveData>
<CurveData><xvalue>1080</xvalue><yvalue>-44</yvalue></CurveData>
<curveType>11</curveType><openLoopTms>500</openLoopTms><xMultiplier>-1</xMultiplier>
<yMultiplier>0</yMultiplier><yRefType>2</yRefType></DERCurve>"""


def _station() -> StationProfile:
    ratings = Ratings(
        max_w=Fraction(22000),
        max_var=Fraction(11000),
        max_var_neg=Fraction(11000),
        max_va=Fraction(25000),
        v_nom=Fraction(240),
    )
    evse = Evse(1, Current.DC, 3, ratings, der_modes=frozenset({"VoltVar"}))
    return StationProfile("CS1", "2.1", Fraction(60), (evse,))


def translation() -> Pair:
    """A volt-var event from XML to its SetDERControl, against parsing the same XML."""
    book, station = shipped_book(), _station()
    program = ProgramContext("u", "CS1", Revision.IEEE2030_5_2018, "P", 1, _NOW)
    served = Served(parse(_CONTROL), {"/derp/1/dc/1": parse(_CURVE)}, program)
    case = Case(served, station, Situation())

    def work() -> object:
        return translate(book, case)

    if len(translate(book, case).value.messages) != 1:
        raise RuntimeError("the benchmark's own event is not translated")
    return Pair(
        "translate a volt-var event, with trace",
        work,
        "lxml: parse its two documents",
        lambda: (etree.fromstring(_CONTROL), etree.fromstring(_CURVE)),
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
