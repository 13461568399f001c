"""The store under real kills: a process that writes is ended at any instant."""

import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

from gateway.core.effects import Table
from gateway.errors import LockedError
from gateway.store.audit import AuditSegments
from gateway.store.sqlite import SqliteStore
from gateway.store.verification import verify

WRITER = textwrap.dedent("""
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from gateway.core.effects import Audit, Persist, Table
    from gateway.store.audit import AuditSegments
    from gateway.store.sqlite import SqliteStore

    folder = Path(sys.argv[1])
    store, log = SqliteStore(folder / "state.db"), AuditSegments(folder / "audit")
    log.drain(store)
    number = len(store.load(Table.COMMANDS))
    while True:
        number += 1
        audit = Audit("written", "writer", str(number), {}, (b"raw %d" % number,))
        document = Persist(Table.COMMANDS, f"{number:08d}", {"number": number})
        store.commit([document, audit], datetime(2026, 12, 1, tzinfo=UTC))
        print(number, flush=True)
        if number % 3 == 0:
            log.drain(store)
""")


def a_writer(folder):
    command = [sys.executable, "-c", WRITER, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_after(writer, lines):
    """Let the writer acknowledge some transactions, kill it; return the last acknowledged."""
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(lines)]
        writer.kill()
        rest = writer.stdout.read().splitlines()
    return int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged[-1]


def test_what_was_acknowledged_before_a_kill_is_there_and_the_chain_is_whole(tmp_path):
    for lines in (1, 7, 40):
        last = kill_after(a_writer(tmp_path), lines)
        with (
            closing(SqliteStore(tmp_path / "state.db")) as store,
            closing(AuditSegments(tmp_path / "audit")) as log,
        ):
            numbers = [document["number"] for document in store.load(Table.COMMANDS).values()]
            log.drain(store)
            head = store.commit([], None)
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= last
        assert head.sequence == len(numbers)
        assert verify(tmp_path / "audit", head=head).records == len(numbers)


def test_another_process_is_refused_until_the_first_one_died(tmp_path):
    writer = a_writer(tmp_path)
    with writer:
        writer.stdout.readline()
        with pytest.raises(LockedError):
            SqliteStore(tmp_path / "state.db")
        writer.kill()
    SqliteStore(tmp_path / "state.db").close()
