"""The bench does the work that it measures; how fast is for `dergate bench` to say, not for a test."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gateway.bench import pairs
from gateway.bench.clock import Pair, Ratio, compare
from gateway.cli.measure import bench


def test_both_sides_are_called_as_often():
    done = {"mine": 0, "other": 0}

    def count(side):
        done[side] += 1

    pair = Pair("mine", lambda: count("mine"), "other", lambda: count("other"))
    found = compare(pair, rounds=3, calls=7)
    assert done == {"mine": 21, "other": 21}
    assert (found.name, found.baseline) == ("mine", "other")
    assert found.micros > 0


def test_a_ratio_says_how_many_baselines_an_operation_costs():
    assert Ratio("a", "b", micros=6.0, baseline_micros=2.0).times == 3.0


@pytest.mark.parametrize("make", [pairs.translation, pairs.validation, pairs.framing])
def test_each_pair_works_on_both_sides(make):
    pair = make()
    pair.work()
    pair.baseline_work()


def test_the_measured_translation_yields_the_message():
    orders = pairs.translation().work()
    assert [message.action for message in orders.value.messages] == ["SetDERControl"]


def test_durable_work_is_written():
    with pairs.durability() as pair:
        first, second = pair.work(), pair.work()
        pair.baseline_work()
    assert second.sequence == first.sequence + 1


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(bench)
    return lambda *words: CliRunner().invoke(app, [*words, "--rounds", "1", "--calls", "2"])


def test_the_table_names_each_operation_beside_its_baseline(run):
    result = run()
    assert result.exit_code == 0
    assert "translate a volt-var event" in result.output
    assert "lxml: parse its two documents" in result.output


def test_json_carries_the_ratio(run):
    found = json.loads(run("-o", "json").output)
    assert len(found) == 4
    assert all(item["times"] == item["micros"] / item["baseline_micros"] for item in found)
