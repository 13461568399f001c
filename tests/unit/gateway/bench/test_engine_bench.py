"""The engine's bench does the work that it measures; how fast is for `dergate bench engine` to say."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gateway.bench import engine, planned
from gateway.bench.engine import Planned, Scale, Size
from gateway.bench.generated import Fleet
from gateway.cli.measure import bench
from gateway.core.wanted import Wanted


@pytest.fixture(scope="module")
def run():
    app = typer.Typer()
    app.command()(bench)
    return lambda *words: CliRunner().invoke(app, ["engine", *words])


def test_fleets_of_each_size_live_through_a_command(run):
    found = json.loads(run("--stations", "5,20", "--rounds", "1", "--json").output)
    kinds = {"command", "answer", "notice", "sample", "posted", "tick"}
    per_event = found["cpu_us_per_event_and_station"]
    assert {count: set(costs) for count, costs in per_event.items()} == {"5": kinds, "20": kinds}
    assert min(per_event["20"].values()) > 0
    assert found["exponent"] < 2
    assert found["kb_per_station_of_four_controls"] != 0
    assert [(one["stations"], one["kinds"]) for one in found["planned"]] == [(20, 1), (20, 10)]


def test_a_fleet_that_does_not_follow_has_no_figures(monkeypatch):
    monkeypatch.setattr(Fleet, "start", lambda *_: None)
    with pytest.raises(RuntimeError, match=r"0 of 3 stations: control\.started"):
        engine.measure((3,), rounds=1)


@pytest.mark.parametrize("words", ["0", "a", "5,-1"])
def test_a_fleet_has_at_least_one_station(run, words):
    result = run("--stations", words)
    assert result.exit_code == 2
    assert "numbers from 1 on" in result.output


def test_the_exponent_says_how_the_cost_of_all_grows_with_their_number():
    def size(count, micros):
        return Size(count, {"command": micros, "tick": micros}, 1.0)

    def scale(*sizes):
        return Scale(sizes, 4.0, (Planned(10_000, 10, 1.5),))

    assert scale(size(10, 3.0), size(1000, 3.0)).exponent == pytest.approx(1.0)
    assert scale(size(10, 3.0), size(1000, 30.0)).exponent == pytest.approx(1.5)
    assert scale(size(10, 3.0)).exponent is None
    told = "\n".join(scale(size(10, 3.0), size(100, 3.0)).lines())
    assert "1.000     exponent" in told
    assert "1.50 s   to plan 1000 overlapping controls over 10000 stations of 10 ratings" in told


def test_a_plan_that_is_wrong_has_no_figure(monkeypatch):
    monkeypatch.setattr(planned.Plans, "wanted", lambda *_: Wanted())
    with pytest.raises(RuntimeError, match="station 0 is not planned"):
        planned.seconds(10, 1, rounds=1)
