"""The root command: what is loaded, exit statuses, errors on one line."""

import json
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import typer

from gateway.cli.main import COMMANDS, Command, exit_status, load, main
from gateway.errors import (
    GatewayError,
    IdentityError,
    LockedError,
    PeerError,
    SettingsError,
    StoreError,
)
from translators.errors import DocumentError, MappingError


@pytest.fixture
def part(monkeypatch):
    """Put a function in the place of `dergate bench`."""

    def put(function):
        monkeypatch.setitem(sys.modules, "part_of_a_test", SimpleNamespace(act=function))
        monkeypatch.setitem(COMMANDS, "bench", Command("part_of_a_test", "act", "Act."))

    return put


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_can_be_loaded_and_explains_itself(name, capsys):
    assert load(name).name
    assert main([name, "--help"]) == 0
    assert f"dergate {name}" in capsys.readouterr().out


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f" {name} " in printed for name in COMMANDS)


def test_no_command_is_help(capsys):
    assert main([]) == 0
    assert "Usage: dergate" in capsys.readouterr().out


def test_the_version_is_a_line_or_json(capsys):
    assert main(["--version"]) == 0
    line = capsys.readouterr().out
    assert main(["--version", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert line == f"dergate {facts['dergate']}\n"
    assert set(facts) == {"dergate", "python", "openssl", "platform"}


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(capsys):
    assert main(["cert"]) == 2
    assert "Did you mean 'certs'" in capsys.readouterr().err


def test_a_missing_argument_is_a_usage_error(capsys):
    assert main(["audit", "verify"]) == 2
    assert "Missing argument" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(DocumentError("is no XML"), 1, id="document"),
        pytest.param(MappingError("unknown key"), 2, id="mapping"),
        pytest.param(SettingsError("unknown key"), 2, id="settings"),
        pytest.param(IdentityError("expired"), 2, id="identity"),
        pytest.param(PeerError("is away"), 4, id="peer"),
        pytest.param(LockedError("another gateway"), 5, id="locked"),
        pytest.param(StoreError("is full"), 70, id="store"),
        pytest.param(GatewayError("is odd"), 70, id="any of ours"),
        pytest.param(ZeroDivisionError("by zero"), 70, id="a fault of our own"),
    ],
)
def test_an_error_has_its_exit_status_and_one_line(part, capsys, error, status):
    def act():
        raise error

    part(act)
    assert main(["bench"]) == exit_status(error) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("dergate: ")
    assert str(error) in printed.err
    assert printed.err.count("\n") == 1


def test_an_error_out_of_a_task_group_is_found(part, capsys):
    def act():
        raise ExceptionGroup("tasks", [ValueError("x"), ExceptionGroup("g", [LockedError("busy")])])

    part(act)
    assert main(["bench"]) == 5
    assert capsys.readouterr().err == "dergate: DG-1400 busy\n"


def test_only_verbose_shows_the_traceback_of_an_internal_error(part, capsys):
    def act():
        raise ZeroDivisionError("by\nzero")

    part(act)
    assert main(["bench"]) == 70
    assert capsys.readouterr().err == (
        "dergate: DG-1900 internal error: ZeroDivisionError: by zero (-v shows the traceback)\n"
    )
    assert main(["-v", "bench"]) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_verbose_shows_no_traceback_of_a_known_error(part, capsys):
    def act():
        raise SettingsError("wrong")

    part(act)
    assert main(["-v", "bench"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_command_chooses_its_own_status(part):
    def act():
        raise typer.Exit(1)

    part(act)
    assert main(["bench"]) == 1


def test_an_interrupt_ends_with_130(part):
    def act():
        raise KeyboardInterrupt

    part(act)
    assert main(["bench"]) == 130


def test_a_text_as_status_is_a_failure(part):
    def act():
        sys.exit("no")

    part(act)
    assert main(["bench"]) == 1


HEAVY = ("httpx", "cryptography", "lxml", "websockets", "jsonschema_rs", "gateway.app")


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        pytest.param(["--help"], (*HEAVY, "pydantic"), id="root"),
        pytest.param(["map", "--help"], HEAVY, id="map"),  # typer parses with pydantic
    ],
)
def test_help_loads_no_command(arguments, heavy):
    """Nothing heavy is imported; the time that it takes is printed, not judged."""
    code = (
        f"import sys; from gateway.cli.main import main; main({arguments!r});"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"dergate {' '.join(arguments)}: {time.monotonic() - begin:.2f} s")  # noqa: T201 - a figure of this run
    assert done.stderr == "[]\n"
