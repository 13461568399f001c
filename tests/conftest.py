"""What every test may ask for, and the rule that nothing is skipped where nothing may be absent."""

import os
from pathlib import Path

import pytest

from support.places import shared_folder

_skipped: dict[str, str] = {}


@pytest.fixture(scope="session")
def captures() -> Path:
    folder = shared_folder() / "captures"
    if not folder.is_dir():
        pytest.skip("no captures here: DERGATE_SHARED names no folder that holds them")
    return folder


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
