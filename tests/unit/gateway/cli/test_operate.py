"""`dergate station password`: from a password to what site.yaml holds."""

import io

import pytest
from typer.testing import CliRunner

from gateway.cli import operate
from gateway.errors import SettingsError
from gateway.security.credentials import verify

GOOD = "correct-horse-battery"


def run(station, given):
    return CliRunner().invoke(operate.app, ["password", station], input=given)


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_password_from_stdin_becomes_a_verifier(end):
    result = run("CS1", GOOD + end)
    assert result.exit_code == 0, result.output
    assert verify(GOOD, result.stdout.strip())
    assert GOOD not in result.output


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(monkeypatch):
    asked = []

    def prompt(text, **how):
        asked.append((text, how))
        return GOOD

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(operate.sys, "stdin", Terminal())
    monkeypatch.setattr(operate.typer, "prompt", prompt)
    operate.password("CS1")
    assert asked == [("Password of CS1", {"hide_input": True, "confirmation_prompt": True})]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("", id="none"),
        pytest.param("fifteen-letters", id="15 letters"),
        pytest.param("x" * 41, id="41 letters"),
        pytest.param("with a space in it!", id="space"),
        pytest.param("schlüssel-schlüssel", id="not ASCII"),
    ],
)
def test_a_password_that_a_station_cannot_hold_is_refused(given):
    error = run("CS1", given + "\n").exception
    assert isinstance(error, SettingsError)
    assert error.code == "DG-1044"


@pytest.mark.parametrize("station", ["a:b", "a b", "x" * 49, "ü"])
def test_an_id_that_no_station_can_have_is_refused(station):
    error = run(station, GOOD).exception
    assert isinstance(error, SettingsError)
    assert error.code == "DG-1043"
