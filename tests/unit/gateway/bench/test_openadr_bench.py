"""The bench of a VTN's events does the work that it measures; how fast, `dergate bench openadr` says."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gateway.bench import openadr
from gateway.bench.openadr import Pages, Session
from gateway.cli.measure import bench
from gateway.settings.packs import shipped_book
from translators.openadr.judging import Judging


@pytest.fixture
def few(monkeypatch):
    """Sixty events, on two pages, and nobody else's models."""
    real = openadr.measure
    monkeypatch.setattr(openadr, "_PEERS", {})
    monkeypatch.setattr(openadr, "measure", lambda rounds: real(rounds, count=60))


@pytest.fixture
def run(few):
    app = typer.Typer()
    app.command()(bench)
    return lambda *words: CliRunner().invoke(app, ["openadr", "--rounds", "1", *words])


def test_figures_name_what_was_read_and_held(run):
    found = json.loads(run("--json").output)
    assert (found["events"], found["intervals"], found["peers_cpu_ms"]) == (60, 1440, {})
    assert found["stretches"] > 20
    assert [it["name"].partition(",")[0] for it in found["ratios"]] == [
        "polled",
        "read alone",
        "expanded and arbitrated alone",
        "one event of 10000 intervals",
        "polled",
        "polled",
    ]
    assert all(it["cpu_ms"] > 0 for it in found["ratios"])


def test_the_table_says_the_same(run):
    assert "60 events of 24 intervals" in run().output


def test_options_of_other_subjects_are_refused(run):
    assert run("--calls", "3").exit_code == 2


@pytest.mark.parametrize("etags", [True, False])
def test_a_second_poll_asks_for_everything_and_finds_nothing_new(etags):
    pages = Pages(etags=etags, count=60)
    asked = []
    answer = pages.answer
    pages.answer = lambda request: asked.append(answer(request)) or asked[-1]
    session = Session(pages, Judging(shipped_book()))
    assert session.poll() == 60
    first = len(asked)
    assert session.poll() == 0
    assert {it.status for it in asked[first:]} == ({304} if etags else {200})


def test_a_session_that_sees_nothing_has_no_figures(monkeypatch):
    monkeypatch.setattr(Session, "poll", lambda _: 0)
    with pytest.raises(RuntimeError, match="did not see every event"):
        openadr.measure(1, count=60)
