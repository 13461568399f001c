"""What every test may ask for, and the rule that nothing is skipped where nothing may be absent."""

import itertools
import os
from pathlib import Path

import pytest

from support import postgres
from support.places import shared_folder

_skipped: dict[str, str] = {}
_numbers = itertools.count()


@pytest.fixture(scope="session")
def captures() -> Path:
    folder = shared_folder() / "captures"
    if not folder.is_dir():
        pytest.skip("no captures here: DERGATE_SHARED names no folder that holds them")
    return folder


@pytest.fixture(scope="session")
def postgres_server():
    """The address of a PostgreSQL server that may be used by all tests of one worker."""
    if named := os.environ.get(postgres.VARIABLE):
        yield named
    elif postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    else:
        with postgres.a_server() as url:
            yield url


@pytest.fixture
def postgres_url(postgres_server):
    """The address of an empty database of this test's own."""
    with postgres.a_database(postgres_server, f"test_{os.getpid()}_{next(_numbers)}") as url:
        yield url


def pytest_runtest_logreport(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _skipped[report.nodeid] = reason


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Fail a run that must not skip (DERGATE_NO_SKIPS) where something was skipped all the same."""
    if not os.environ.get("DERGATE_NO_SKIPS") or hasattr(session.config, "workerinput"):
        return
    no_captures = not (shared_folder() / "captures").is_dir()
    forbidden = {
        name: reason
        for name, reason in _skipped.items()
        if not (no_captures and "DERGATE_SHARED" in reason)
    }
    for name, reason in forbidden.items():
        print(f"\nskipped where nothing may be: {name}: {reason}")  # noqa: T201 - the run's own words
    if forbidden and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
