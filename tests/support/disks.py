"""A gateway at work whose database has real trouble, and a witness to every acknowledgement.

Trouble is a full disk, a lock that another process holds, a database that became read-only, or a disk that
is slow (another process holds the lock, but not for as long as the gateway waits).
"""

import asyncio
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field

from gateway.core.effects import RespondToUtility, SendToStation, Table
from gateway.core.events import CommandReceived
from support.engine_bench import pf
from support.runtime_bench import Site, UtilityInMemory, a_command_now, until

KINDS = ("full", "locked", "read_only", "slow")
A_LIFE = 25
"""Commands that one gateway takes, before another one begins on an empty disk."""
_STRIKES_S = 0.04
_SLOW_S = 0.15
_OTHER = textwrap.dedent("""
    import sqlite3, sys, time
    db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
    for line in sys.stdin:
        word, *seconds = line.split()
        db.execute("BEGIN IMMEDIATE" if word == "lock" else "ROLLBACK")
        print("done", flush=True)
        if seconds:
            time.sleep(float(seconds[0]))
            db.execute("ROLLBACK")
""")


class Other:
    """Another program that locks the same database."""

    def __init__(self, path):
        command = [sys.executable, "-c", _OTHER, str(path)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, text=True, bufsize=1, **pipes)

    def tell(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdout.readline()

    def close(self):
        with self._process:
            self._process.stdin.close()


@dataclass
class Disk:
    """Where a state lies: a small file system, or (without one) as many pages as there are."""

    folder: object
    small: bool = False

    @property
    def _ballast(self):
        return self.folder / "ballast"

    def fill(self, store):
        """Leave no room."""
        if not self.small:
            (pages,) = store._db.execute("PRAGMA page_count").fetchone()
            store._db.execute(f"PRAGMA max_page_count = {pages}")
            return
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 1024)

    def free(self, store):
        """Make room again."""
        if self.small:
            self._ballast.unlink()
        else:
            store._db.execute("PRAGMA max_page_count = 1000000")


@dataclass
class Judge:
    """Looks into the database, as another program, at every acknowledgement and every call."""

    database: object
    seen: int = 0
    early: list = field(default_factory=list)
    """What was said although no row of it was durable."""

    def __call__(self, _kind, effect):
        match effect:
            case RespondToUtility(mrid=mrid):
                wanted, table = mrid, Table.COMMANDS
            case SendToStation(action="SetDERControl", payload=payload):
                wanted, table = payload["controlId"], Table.LEDGER
            case _:
                return
        self.seen += 1
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as reading:
            query = "SELECT 1 FROM documents WHERE kind = ? AND instr(key || document, ?)"
            if reading.execute(query, (table.value, wanted)).fetchone() is None:
                self.early.append(f"{effect}")


@dataclass
class Played:
    """What came of all commands."""

    struck: Counter = field(default_factory=Counter)
    """How often the gateway said, by kind, that its database refuses."""
    commands: int = 0
    judged: int = 0
    early: list = field(default_factory=list)


async def played(folder, book, count, draws, *, small=False):
    """Let so many commands come while the database has trouble."""
    result = Played()
    while result.commands < count:
        site = Site(folder, book, utility=UtilityInMemory())
        judge = site.utility.witness = site.stations.witness = Judge(folder / "state.db")
        async with site.at_work() as runtime:
            await until(lambda: not runtime.refusal)
            with closing(Other(folder / "state.db")) as other:
                for number in range(min(A_LIFE, count - result.commands)):
                    kind = draws.choice(KINDS)
                    result.struck[kind] += await _one(
                        site, other, Disk(folder, small), number, kind
                    )
                    result.commands += 1
        result.judged += judge.seen
        result.early += judge.early
        _clear(folder)
    return result


async def _one(site, other, disk, number, kind):
    """Let one command come during one trouble; return whether the database was seen to refuse."""
    mrid = f"M{number}"
    _begin(kind, site, other, disk)
    command = a_command_now(mrid, pf(), start_s=600 + 4000.0 * number)
    site.runtime.post(CommandReceived(command))
    await asyncio.sleep(_STRIKES_S)
    refused = bool(site.runtime.refusal)
    _end(kind, site, other, disk)
    await until(lambda: any(said.mrid == mrid for said in site.utility.responses), within_s=60)
    await until(lambda: not site.runtime.refusal, within_s=60)
    return refused or kind == "slow"


def _begin(kind, site, other, disk):
    match kind:
        case "full":
            disk.fill(site.store)
        case "locked":
            other.tell("lock")
        case "read_only":
            site.store._db.execute("PRAGMA query_only = 1")
        case "slow":
            other.tell(f"lock {_SLOW_S}")


def _end(kind, site, other, disk):
    match kind:
        case "full":
            disk.free(site.store)
        case "locked":
            other.tell("free")
        case "read_only":
            site.store._db.execute("PRAGMA query_only = 0")


def _clear(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
