"""Log lines: JSON, from us and from libraries, without secrets."""

import io
import json
import logging
import sys

import pytest
import structlog

from gateway.cli import logs


@pytest.fixture
def lines(monkeypatch):
    """Configure logging onto a buffer; give back its lines."""
    buffer = io.StringIO()

    def configured(level="info", form="json"):
        monkeypatch.setattr(sys, "stderr", buffer)
        logs.configure(level, form)
        return lambda: buffer.getvalue().splitlines()

    return configured


def test_an_event_is_one_json_object_with_its_time_and_level(lines):
    read = lines()
    structlog.get_logger().info("control.activated", station="CS1", mrid="ü")
    [line] = read()
    found = json.loads(line)
    assert found.pop("at").endswith("Z")
    assert found == {"event": "control.activated", "station": "CS1", "mrid": "ü", "level": "info"}


def test_what_is_less_severe_is_left_out(lines):
    read = lines("warning")
    structlog.get_logger().info("station.connected")
    structlog.get_logger().warning("station.odd")
    assert [json.loads(line)["event"] for line in read()] == ["station.odd"]


def test_libraries_log_in_the_same_form_and_only_their_warnings(lines):
    read = lines("debug")
    logging.getLogger("websockets.server").info("connection open")
    logging.getLogger("websockets.server").error("handshake failed")
    [line] = read()
    assert json.loads(line)["event"] == "handshake failed"


def test_an_exception_stays_in_its_line(lines):
    read = lines()
    try:
        int("odd")
    except ValueError:
        structlog.get_logger().exception("task.failed")
    [line] = read()
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


def test_the_console_form_is_for_people(lines):
    read = lines(form="console")
    structlog.get_logger().info("station.connected", station="CS1")
    [line] = read()
    assert "station.connected" in line
    assert "station=CS1" in line


@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_never_reach_the_log(lines, form):
    read = lines(form=form)
    structlog.get_logger().info(
        "variables.set",
        password="hunter2",
        Authorization="Basic hunter2",
        payload={"setVariableData": [{"BasicAuthPassword": "hunter2", "idToken": "hunter2"}]},
        named=("kept", {"password_verifier": "hunter2"}),
    )
    [line] = read()
    assert "hunter2" not in line
    assert line.count(logs.REDACTED) == 5
    assert "kept" in line
