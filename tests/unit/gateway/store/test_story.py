"""The story of one command, read out of the segments."""

from contextlib import closing

import pytest

from gateway.core.effects import Audit, Persist
from gateway.core.events import ReplyStatus
from gateway.errors import StoreError
from gateway.store.audit import AuditSegments
from gateway.store.memory import MemoryStore
from gateway.store.story import as_text, records, story
from support.engine_bench import Bench, a_command, an_engine, limit, pf, the_book
from support.store_builders import NOON


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The segments of a gateway with two commands, one of which a station refuses."""
    folder, store = tmp_path_factory.mktemp("audit"), MemoryStore()
    bench = Bench(an_engine(the_book()))
    bench.connect()
    bench.command(a_command("M1", pf(), limit()), raw=(b"<one/>",))
    bench.reply()
    bench.command(a_command("M2", pf("0.9"), start=100))
    bench.reply(ReplyStatus.REJECTED, reason="no")
    bench.withdraw()
    bench.reply()
    for effect in bench.effects:
        if isinstance(effect, Audit | Persist):
            store.commit([effect], NOON)
    with closing(AuditSegments(folder)) as log:
        log.drain(store)
    return folder, bench


def kinds(folder, name):
    return [record["kind"] for record in story(lambda: records(folder), name)]


def test_a_command_is_followed_from_its_document_to_its_end(told):
    found = kinds(told[0], "M1")
    assert found[0] == "command.received"
    assert found[-2:] == ["command.cancelled", "response.owed"]
    assert found.count("control.dispatched") == 2
    assert {"control.accepted", "control.withdrawn", "control.cleared"} <= set(found)


def test_the_key_of_a_command_finds_the_same(told):
    assert kinds(told[0], "dso/CS1/M1") == kinds(told[0], "M1")


def test_a_control_leads_to_its_command(told):
    folder, bench = told
    assert kinds(folder, bench.control_id(0)) == kinds(folder, "M1")


def test_another_command_is_another_story(told):
    found = kinds(told[0], "M2")
    assert "control.refused" in found
    assert "command.withdrawn" not in found
    assert kinds(told[0], "M9") == []


def test_it_is_told_as_people_ask(told):
    folder, bench = told
    text = "\n".join(as_text(story(lambda: records(folder), "M1")))
    assert "2026-12-01T12:00:00.000000Z  dso  command.received  dso/CS1/M1" in text
    assert "    ieee2030_5 2018, primacy 10, 2026-12-01T12:10:00+00:00 to 2026-12-01T13:10" in text
    assert '    control   FixedPowerFactor {"displacement":"19/20"' in text
    assert "    document  SHA-256 " in text
    assert "    SetDERControl to CS1, rules " in text
    assert '"displacement":0.95' in text
    assert "    reason    cancelled" in text
    assert bench.engine.world.translator.book.digest not in text


def test_refusals_and_losses_are_told_with_their_rule(told):
    text = "\n".join(as_text(story(lambda: records(told[0]), "M2")))
    assert "    reason    Rejected: no" in text


def test_a_default_has_no_times(told):
    command = {
        "interval": None,
        "origin": {"protocol": "openadr", "revision": "3.1"},
        "primacy": 1,
        "controls": [],
    }
    refusal = {"function": "VoltVar", "problem": "no", "rule": "r"}
    loss = {"kind": "clip", "where": "y", "detail": "clipped", "rule": "r"}
    sent = {"action": "A", "station": "S", "book": "b" * 64, "payload": {}, "losses": [loss]}
    made = [
        {"kind": "command.updated", "details": {"command": command}, "raw": []},
        {"kind": "command.refused", "details": {"refusals": [refusal]}},
        {"kind": "control.dispatched", "details": sent},
    ]
    lines = list(as_text({"ts_utc": "t", "actor": "a", "subject": "s"} | one for one in made))
    assert "    openadr 3.1, primacy 1, default" in lines
    assert "    refused   VoltVar: no (r)" in lines
    assert "    loss      clip: y: clipped (r)" in lines


def test_one_segment_is_read_alone_and_what_is_none_is_named(told, tmp_path):
    (path,) = told[0].glob("*.jsonl")
    assert kinds(path, "M1") == kinds(told[0], "M1")
    (tmp_path / "a.jsonl").write_text("hello\n")
    with pytest.raises(StoreError, match=r"a\.jsonl:1 DG-1315 is no audit record"):
        kinds(tmp_path / "a.jsonl", "M1")
    with pytest.raises(StoreError, match="DG-1311 cannot be read"):
        kinds(tmp_path / "none", "M1")
