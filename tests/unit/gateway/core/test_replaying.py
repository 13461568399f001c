"""A recorded run decided once more: the same, or the first decision that is not."""

from datetime import timedelta

import orjson
import pytest

from gateway.core.effects import Persist, Table
from gateway.core.events import Now, Withdrawal
from gateway.core.orders import ParticipationChanged
from gateway.store.memory import MemoryStore
from support.engine_bench import NOON, a_command, a_default, limit, pf
from support.recorded import a_recorded_bench, decisions


def a_story(bench):
    """Let a command come, run, be declined and withdrawn beside a default and a limit."""
    bench.connect()
    bench.command(a_default("D1", pf("0.98")))
    bench.command(a_command("M1", pf("0.95"), limit(watts=7000)), raw=(b"<a/>",), draws=(0.5, 0.1))
    bench.reply()
    bench.at(11)
    bench.hear(ParticipationChanged("M1", True, "works", "me"))
    bench.reply()
    bench.withdraw("M1", Withdrawal.CANCELLED)
    bench.at(80)


def test_the_same_comes_of_the_same(tmp_path):
    with a_recorded_bench(tmp_path) as bench:
        a_story(bench)
    again = decisions(tmp_path)
    assert [decision.same for decision in again] == [True] * len(again)
    assert [effect for decision in again[1:] for effect in decision.effects] == bench.effects
    assert [decision.number for decision in again] == list(range(len(again)))


def test_a_run_that_continued_from_an_earlier_one_does_so_again(tmp_path):
    with a_recorded_bench(tmp_path / "first") as bench:
        a_story(bench)
    store = MemoryStore()
    kept = bench.kept.items()
    changes = [Persist(table, key, found[key]) for table, found in kept for key in found]
    store.commit(changes, NOON)
    kept = {table: store.load(table) for table in Table}
    with a_recorded_bench(tmp_path / "second", kept=kept, at=NOON + timedelta(minutes=90)) as bench:
        bench.connect()
    assert kept[Table.COMMANDS]
    again = decisions(tmp_path / "second")
    assert again[0].effects
    assert all(decision.same for decision in again)


@pytest.mark.parametrize(
    ("member", "change"),
    [
        ("event", lambda line: line["event"]["command"].update(primacy=3)),
        ("now", lambda line: line["now"].__setitem__(0, "2026-12-01T12:00:01+00:00")),
        ("effects", lambda line: line.update(effects="0" * 32)),
    ],
)
def test_the_first_decision_that_differs_is_named(tmp_path, member, change):
    with a_recorded_bench(tmp_path) as bench:
        a_story(bench)
    (part,) = tmp_path.glob("*.jsonl")
    lines = [orjson.loads(line) for line in part.read_bytes().splitlines()]
    (line,) = [one for one in lines if one.get("event", {}).get("command", {}).get("mrid") == "M1"]
    change(line)
    part.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in lines))
    unlike = [decision for decision in decisions(tmp_path) if decision.same is False]
    assert unlike[0].number == line["n"]


def test_an_event_over_which_the_gateway_ended_has_nothing_to_compare_with(tmp_path):
    with a_recorded_bench(tmp_path) as bench:
        bench.connect()
        now = Now(bench.now, 0.0, {"dso": timedelta()})
        bench.engine.log.hear(ParticipationChanged("M1", True, "why", "me"), now)
    assert decisions(tmp_path)[-1].same is None
