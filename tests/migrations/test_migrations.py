"""Every earlier schema is taken over, whole or not at all, whatever happens on the way."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from gateway.store.sqlite import MIGRATIONS
from support.migrations import SCHEMAS, a_state, expected_tables, faults, schema_of
from support.places import ROOT

KILLS = 20


def test_each_schema_up_to_the_newest_has_a_state_to_try():
    assert sorted(SCHEMAS) == list(range(1, len(MIGRATIONS) + 1))


@pytest.mark.parametrize("schema", sorted(SCHEMAS))
def test_a_state_of_each_schema_keeps_all_that_it_held(tmp_path, schema):
    path = tmp_path / "dergate.db"
    a_state(schema, path)
    assert schema_of(path) == (schema, expected_tables(schema))
    assert faults(path) == []
    assert schema_of(path) == (len(MIGRATIONS), expected_tables(len(MIGRATIONS)))


def test_an_upgrade_that_is_killed_midway_loses_nothing():
    """In a process of its own: it forks, which only a program with one thread may do."""
    command = [sys.executable, "tests/migrations/campaign.py", str(KILLS), "2026"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} killed upgrades" in done.stdout


def test_what_an_upgrade_loses_is_found(tmp_path):
    path = tmp_path / "dergate.db"
    a_state(1, path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DELETE FROM documents WHERE kind = 'ledger'; DELETE FROM raw")
    assert [fault.partition(":")[0] for fault in faults(path)] == [
        "ledger",
        "the document as it came is gone",
    ]
