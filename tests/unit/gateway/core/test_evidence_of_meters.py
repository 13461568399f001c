"""What meters sign and what transactions leave out: kept in the audit, in the very characters that came."""

from datetime import UTC, datetime

import orjson
import pytest

from gateway.core.effects import Audit
from gateway.core.events import EventsMissed, ReadingsSigned
from gateway.store.sqlite import SqliteStore
from support.engine_bench import NOON
from translators.canonical.telemetry import SignedReading
from translators.ocpp.metering import samples

DATA = "T0NNRnx7IkZWIjoiMS4wIn18ey+8Kz0vPT0gIiwiU0QiOiIzMDQ1MDIyIn0="


def a_reading(**changes):
    fields = {"station": "CS1", "evse": 1, "at": NOON, "data": DATA, "encoding": "OCMF"}
    return SignedReading(**(fields | changes))


def test_each_signed_reading_is_one_record_of_its_transaction(ready):
    ready.hear(ReadingsSigned("CS1", (a_reading(transaction="T1"), a_reading())))
    first, second = ready.audited("meter.signed")
    assert (first.actor, first.subject, second.subject) == ("CS1", "T1", "CS1")
    assert first.details["data"] == DATA
    assert first.details["at"] == NOON.isoformat()


@pytest.mark.parametrize(("method", "key"), [("ECDSA", "MFkw+/=="), ("ECDSA", ""), (None, None)])
def test_what_was_said_of_the_key_is_kept_as_it_was_said(ready, method, key):
    ready.hear(ReadingsSigned("CS1", (a_reading(method=method, public_key=key),)))
    (record,) = ready.audited("meter.signed")
    assert (record.details["method"], record.details["public_key"]) == (method, key)


@pytest.mark.parametrize("data", [DATA, "", "a/b+c==", 'a"b\\c', "Zähler\u2028\x00", "x" * 32_768])
def test_from_the_frame_to_the_disk_no_character_changes(ready, tmp_path, data):
    signed = {"signedMeterData": data, "encodingMethod": "OCMF", "publicKey": data[:2500]}
    value = {"value": 12.5, "context": "Transaction.End", "signedMeterValue": signed}
    entry = {"timestamp": "2026-12-01T12:00:00.120Z", "sampledValue": [value]}
    frame = orjson.dumps([2, "m", "TransactionEvent", {"meterValue": [entry]}])
    heard = samples("CS1", 1, orjson.loads(frame)[3]["meterValue"], "T1")
    ready.hear(ReadingsSigned("CS1", heard.signed))
    store = SqliteStore(tmp_path / "state.sqlite")
    store.commit(ready.audited("meter.signed"), datetime(2026, 12, 1, tzinfo=UTC))
    (group,) = store.audit_after(0, 10)
    store.close()
    kept = orjson.loads(group.lines)["record"]["details"]
    assert (kept["data"], kept["public_key"]) == (data, data[:2500])
    assert (kept["context"], kept["at"]) == ("Transaction.End", "2026-12-01T12:00:00.120000+00:00")


def test_words_of_a_transaction_that_never_came_are_one_record(ready):
    ready.hear(EventsMissed("CS1", "T1", 3, 4))
    (record,) = ready.audited("transaction.events_missed")
    assert isinstance(record, Audit)
    assert (record.subject, record.details["first"], record.details["last"]) == ("T1", 3, 4)


def test_neither_makes_the_engine_ask_or_send_anything(ready):
    before = len(ready.effects)
    ready.hear(ReadingsSigned("CS1", (a_reading(),)))
    ready.hear(EventsMissed("CS1", "T1", 3, 4))
    assert {type(effect) for effect in ready.effects[before:]} == {Audit}
