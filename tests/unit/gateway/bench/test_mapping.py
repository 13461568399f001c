"""The mapping bench does its work: the same payload by rules and by hand, remembered once, in processes."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gateway.bench import mapping
from gateway.bench.clock import Ratio
from gateway.bench.volt_var import STEPS, bench, by_hand
from gateway.cli import measure


def test_the_rules_and_the_hand_make_the_same_payload():
    (message,) = bench().cold().value.messages
    assert message.payload == by_hand()
    assert message.payload["curve"]["curveData"][0] == {"x": 92.0, "y": 44}


def test_the_whole_trace_is_recorded_and_can_be_written():
    work = bench()
    assert len(work.cold().steps) >= STEPS
    assert "920 92" in work.told()


def test_what_is_remembered_is_the_translation_itself():
    work = bench()
    first = work.remembered()
    assert work.remembered() is first
    assert first.value == work.cold().value


def test_a_worker_that_says_something_else_is_no_measurement(monkeypatch):
    monkeypatch.setattr(mapping, "_WORKER", "print('no')")
    with pytest.raises(RuntimeError, match="a worker said"):
        mapping.scaling(1)


def test_the_command_tells_every_figure():
    app = typer.Typer()
    app.command()(measure.bench)
    words = ["mapping", "--json", "--rounds", "1", "--calls", "1"]
    found = json.loads(CliRunner().invoke(app, words).output)
    assert found["rules"] > 60
    assert all(found[name] > 0 for name in ("load_ms", "scaling"))
    assert found.keys() == {"ratios", "load_ms", "rules", "scaling"}
    assert all(
        item["times"] == item["micros"] / item["baseline_micros"] for item in found["ratios"]
    )


def test_the_table_names_loading_and_scaling():
    ratio = Ratio("mine", "by hand", micros=6.0, baseline_micros=2.0)
    assert measure.table(mapping.Figures((ratio,), 84.0, 228, 1.9)).splitlines() == [
        "     6.00 µs  mine",
        "     2.00 µs  by hand: 3.00 of them",
        "    84.00 ms  load, link and check 228 rules",
        "     1.90     times the work of one process by two",
    ]
