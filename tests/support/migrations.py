"""States of every earlier schema, and processes that die while they bring one up to date."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.core.effects import Table
from gateway.store import chain
from gateway.store import sqlite as module
from gateway.store.sqlite import SqliteStore
from support.places import ROOT
from support.store_builders import lines_after

SCHEMAS = {int(path.stem): path for path in (ROOT / "tests/migrations/schemas").glob("*.sql")}
RAW = "<DERControl>ü</DERControl>".encode()
HELD = {
    Table.COMMANDS: {"dso/CS1/M1": {"state": "started"}},
    Table.LEDGER: {"c1": {"state": "active", "station": "CS1"}},
    Table.RESPONSES: {"r1": {"subject": "M1"}},
}
HEAD = "6a0c57417c47375516ebb02514b447a9cb79c809b3679ee340e31726f569dd75"
"""Of the three records that each of them holds."""
_STEP = 20
"""Steps of SQLite's machine between two chances to die."""


def a_state(schema, path):
    """Write a database as that schema left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(SCHEMAS[schema].read_text(encoding="utf-8"))


def faults(path):
    """Return in words what a state lost on its way to the newest schema."""
    with closing(SqliteStore(path)) as store:
        held = {table: store.load(table) for table in Table}
        records = lines_after(store)
        head = store.audit_after(0, 10)[-1].head
        raw = store.raw(chain.raw_digest(RAW))
    found = [f"{table}: {rows}" for table, rows in held.items() if rows != HELD.get(table, {})]
    if [sequence for sequence, _ in records] != [1, 2, 3] or head.digest != HEAD:
        found.append(f"the chain ends at {head}")
    if raw != RAW:
        found.append("the document as it came is gone")
    return found


def schema_of(path):
    """Return the version and the tables that a database has, as another program sees them."""
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    return version, frozenset(names)


def expected_tables(schema):
    """Return the tables of a schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(SCHEMAS[schema].read_text(encoding="utf-8"))
        return frozenset(
            r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        )


def upgraded_by_a_mortal(path, chances):
    """Upgrade a state in a process that dies at the nth chance; return whether it died.

    The child is a fork: only a program with one thread may call this.
    """
    child = os.fork()
    if child == 0:
        _mortal(path, chances)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _mortal(path, chances):
    left = [chances]

    def chance():
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    class Connection(sqlite3.Connection):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.set_progress_handler(chance, _STEP)
            self.set_trace_callback(lambda _statement: chance() and None)

    connect = sqlite3.connect
    module.sqlite3.connect = lambda *a, **k: connect(*a, **k, factory=Connection)
    SqliteStore(path).close()
    os._exit(0)


def lives(folder, draws, kills):
    """Kill so many upgrades; yield schema, the chance at which it died, and what was lost or in between."""
    done = 0
    while done < kills:
        schema = draws.choice([number for number in SCHEMAS if number < len(module.MIGRATIONS)])
        place = Path(folder) / "state"
        place.mkdir()
        path = place / "dergate.db"
        a_state(schema, path)
        chances = draws.randint(1, 120)
        if upgraded_by_a_mortal(path, chances):
            done += 1
            version, tables = schema_of(path)
            between = [] if tables == expected_tables(version) else [f"{version}: {sorted(tables)}"]
            yield schema, chances, between + faults(path)
        shutil.rmtree(place)
