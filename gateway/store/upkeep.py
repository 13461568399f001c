"""Upkeep of the state beside or without a running gateway: check, copy, give back, compact."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SettingsError, StoreError
from gateway.ports import AuditHead
from gateway.store import chain
from gateway.store.audit import segments
from gateway.store.checkpoints import last_line
from gateway.store.sqlite import MIGRATIONS, SqliteStore, refusals, stored_head
from gateway.store.verification import verify

DATABASE = "dergate.db"
AUDIT = "audit"
STATIONS = "stations"
"""Beside them: what stations were given or have shown, a file each."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a look at a state found; `problems` are empty where it is sound.

    `known` is the newest schema that this release knows.
    """

    schema: int
    known: int
    rows: dict[str, int]
    head: AuditHead
    problems: tuple[str, ...] = ()


def check(state: Path) -> Condition:
    """Look at database and audit, also beside a gateway that runs; `StoreError` where none is there."""
    path = state / DATABASE
    with _opened(path) as db:
        if damage := _damage(db):
            return Condition(0, len(MIGRATIONS), {}, chain.GENESIS, damage)
        (schema,) = db.execute("PRAGMA user_version").fetchone()
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = {name: _count(db, name) for name in sorted(tables)}
    problems = []
    if schema > len(MIGRATIONS):
        problems.append(f"database: schema {schema} is newer than this dergate")
    head, faults = beside_audit(state / AUDIT, lambda: stored_head(path))
    return Condition(schema, len(MIGRATIONS), rows, head, (*problems, *faults))


def beside_audit(folder: Path, head: Callable[[], AuditHead]) -> tuple[AuditHead, list[str]]:
    """Return the database's head and what is wrong with the segments, which must not be ahead of it.

    The head is asked for after the segments were read: they follow it while a gateway writes both.
    """
    verdict = verify(folder) if folder.is_dir() else None
    newest = head()
    if verdict is None:
        return newest, []
    if verdict.fault is not None:
        fault = verdict.fault
        return newest, [f"audit: record {fault.sequence} {fault.problem} ({fault.where})"]
    if verdict.head.sequence > newest.sequence:
        ends = f"the segments go on to record {verdict.head.sequence}, the database ends at"
        return newest, [f"audit: {ends} {newest.sequence}"]
    return newest, []


def upgrade(state: Path) -> tuple[int, int]:
    """Bring the schema up to date; return it before and after. `LockedError` beside a running gateway."""
    with _opened(state / DATABASE) as db:
        (before,) = db.execute("PRAGMA user_version").fetchone()
    SqliteStore(state / DATABASE).close()
    return before, len(MIGRATIONS)


def backup(state: Path, folder: Path) -> int:
    """Copy a state, also beside a gateway that runs, into a new folder; return the audit segments.

    The segments come before the database: one that is ahead of them continues them.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
        _copy_folders(state, folder)
        for path in segments(folder / AUDIT)[-1:]:
            last_line(path)  # what was being written is cut: the database has it
        with (
            _opened(state / DATABASE) as db,
            refusals(folder / DATABASE),
            closing(sqlite3.connect(folder / DATABASE)) as copy,
        ):
            db.backup(copy)
        (folder / DATABASE).chmod(0o600)
    except OSError as exc:
        raise StoreError(
            "cannot be written", where=str(folder), code="DG-1318", advice=exc.strerror or str(exc)
        ) from exc
    return len(segments(folder / AUDIT))


def restore(folder: Path, state: Path) -> None:
    """Put a backup where no state is; `SettingsError` where one is, or the backup is not sound."""
    condition = check(folder)
    if condition.problems:
        problem = f"is not sound: {condition.problems[0]}"
        raise SettingsError(problem, where=str(folder), code="DG-1319")
    if (state / DATABASE).exists():
        advice = "move it away first"
        raise SettingsError("holds a state", where=str(state), code="DG-1319", advice=advice)
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy_folders(folder, state)
        shutil.copy2(folder / DATABASE, state / DATABASE)
    except OSError as exc:
        raise StoreError(
            "cannot be written", where=str(state), code="DG-1318", advice=exc.strerror or str(exc)
        ) from exc


def _copy_folders(state: Path, to: Path) -> None:
    for name in (AUDIT, STATIONS):
        if (state / name).is_dir():
            drafts = shutil.ignore_patterns(".*")  # files that are being written
            shutil.copytree(state / name, to / name, ignore=drafts)


def compact(state: Path) -> tuple[int, int]:
    """Give free pages back to the disk; return octets before and after. `LockedError` as `upgrade`."""
    path = state / DATABASE
    SqliteStore(path).close()  # nobody else works on it, and its schema is ours
    before = path.stat().st_size
    with _opened(path, mode="rw") as db, refusals(path):
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, path.stat().st_size


def _opened(path: Path, mode: str = "ro") -> closing[sqlite3.Connection]:
    """Return the database; `StoreError` where there is none."""
    try:
        db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None
        )
        db.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as exc:
        problem = f"is no database that can be read: {exc}"
        raise StoreError(problem, where=str(path), code="DG-1303") from exc
    return closing(db)


def _damage(db: sqlite3.Connection) -> tuple[str, ...]:
    """Return what is wrong with the pages of a database."""
    try:
        found = [row[0] for row in db.execute("PRAGMA integrity_check(5)")]
    except sqlite3.DatabaseError as exc:
        found = [str(exc)]
    return tuple(f"database: {verdict}" for verdict in found if verdict != "ok")


def _count(db: sqlite3.Connection, table: str) -> int:
    (count,) = db.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608 - of its own schema
    return int(count)


def lines(condition: Condition) -> Iterator[str]:
    """Yield a condition for people."""
    yield f"schema   {condition.schema} of {condition.known}"
    yield from (f"rows     {name} {count}" for name, count in condition.rows.items())
    yield f"head     {condition.head.sequence}:{condition.head.digest}"
    yield from (f"problem  {problem}" for problem in condition.problems)
