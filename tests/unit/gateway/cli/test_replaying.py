"""`dergate replay`: what it says of a recorded day, and how it ends."""

import shutil
import socket
import time

import pytest

from gateway.settings.mappings import mappings_folder
from support.engine_bench import a_command, pf
from support.recorded import a_recorded_bench


@pytest.fixture
def dergate(in_process):
    return lambda *arguments: in_process("replay", *arguments)


@pytest.fixture
def folder(tmp_path):
    """The log of a run with one command, at two stations' gateway."""
    with a_recorded_bench(tmp_path / "inputs") as bench:
        bench.connect()
        bench.command(a_command("M1", pf("0.95")))
        bench.reply()
        bench.at(11)
    return tmp_path / "inputs"


def states(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_recorded_run_is_the_same_once_more(dergate, folder):
    status, out, _ = dergate(folder)
    assert status == 0
    assert "6 decisions from 2026-12-01T12:00:00" in out
    assert "1 SendToStation" in out
    assert "same     every decision has the same effects, byte for byte" in out


def test_three_replays_send_nothing_and_leave_everything_as_it_is(dergate, folder, monkeypatch):
    def refuse(*_arguments, **_words):
        raise AssertionError("a replay opened a socket")

    before = states(folder.parent)
    monkeypatch.setattr(socket, "socket", refuse)
    assert {dergate(folder) for _ in range(3)} == {dergate(folder)}
    assert states(folder.parent) == before


def test_a_decision_that_differs_is_named_and_ends_with_1(dergate, folder):
    (part,) = folder.glob("*.jsonl")
    part.write_bytes(part.read_bytes().replace(b'"primacy":10', b'"primacy":9'))
    status, out, _ = dergate(part)
    assert status == 1
    assert "differs  2 decisions; the first:" in out
    assert "12:00:00.000000 event 3 CommandReceived:" in out
    assert "command.received dso/CS1/M1" in out


def test_other_rules_show_what_they_would_have_sent(dergate, folder, coarse):
    status, out, _ = dergate(folder, "--against", coarse)
    assert status == 1
    assert "same     every decision" in out
    assert "1 calls in place of 1" in out
    assert "1 controls differ: 1 other" in out
    assert "SetDERControl fixedPFInject/displacement: 0.95 -> 1  other" in out


def test_rules_that_send_the_same_end_with_0(dergate, folder):
    status, out, _ = dergate(folder, "--against", mappings_folder())
    assert status == 0
    assert "0 controls differ" in out


def test_what_other_rules_refuse_is_not_sent(dergate, folder, tmp_path):
    rules = tmp_path / "rules"
    shutil.copytree(mappings_folder(), rules)
    table = rules / "ocpp" / "fallback.yaml"
    carried = "der: {carried: exact, by: ocpp21.fixed_pf, needs: [control_type]}"
    refused = 'der: {refused: not_supported, reason: "the site wants none"}'
    table.write_text(table.read_text(encoding="utf-8").replace(carried, refused), encoding="utf-8")
    status, out, _ = dergate(folder, "--against", rules)
    assert status == 1
    assert "SetDERControl not sent  other" in out


def test_at_a_pace_it_waits_as_it_was_and_shows_what_was_decided(dergate, folder, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    status, out, _ = dergate(folder, "--speed", "60")
    assert status == 0
    assert sum(waits) == pytest.approx(11)
    assert "12:00:00.000000 event 3 CommandReceived:" in out
    assert "  control.dispatched " in out


def test_of_many_controls_that_differ_the_first_are_shown(dergate, tmp_path, coarse):
    with a_recorded_bench(tmp_path / "inputs") as bench:
        bench.connect()
        for number in range(25):
            command = a_command(f"M{number}", pf("0.95"), start=10 + number, minutes=1)
            bench.command(command)
            bench.reply()
    _, out, _ = dergate(tmp_path / "inputs", "--against", coarse)
    assert "25 controls differ: 25 other" in out
    assert "and 5 more" in out


def test_a_folder_without_a_run_says_so(dergate, tmp_path):
    status, _, err = dergate(tmp_path)
    assert status == 70
    assert "DG-1345 holds no run" in err


def test_rules_that_are_not_kept_are_named(dergate, folder):
    for path in folder.glob("rules-*.json"):
        path.unlink()
    status, _, err = dergate(folder)
    assert status == 70
    assert "DG-1344 cannot be read" in err
