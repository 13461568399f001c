"""An evidence pack: what an auditor takes away to check on another machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from gateway.errors import StoreError
from gateway.store.audit import segments
from gateway.store.checkpoints import FILE, PUBLIC_KEY
from gateway.store.story import records

_GUIDE = """\
audit/           segments of the chain, signed checkpoints, the public key that the gateway had
raw/             documents as they came, by SHA-256, where they were still kept

  dergate audit verify audit --checkpoint audit/checkpoints.ndjson --pubkey KEY
  dergate audit show audit MRID

KEY should have come to you by another way than this file, and so should a checkpoint: whoever holds
the gateway's disk can write all of this anew.
"""
_MADE = (1980, 1, 1, 0, 0, 0)


def export(folder: Path, out: Path, first: str, last: str, database: Path | None) -> int:
    """Write the segments of the days `first` to `last` (UTC, inclusive) as a zip; return how many.

    `database` has the documents beside the chain. `StoreError` where nothing is there, or `out` is.
    """
    chosen = [path for path in segments(folder) if first <= path.stem[13:] <= last]
    if not chosen:
        problem = f"holds no records from {first} to {last}"
        raise StoreError(problem, where=str(folder), code="DG-1316")
    try:
        with ZipFile(out, "x", ZIP_DEFLATED) as pack, _whole(out):
            pack.writestr(ZipInfo("README.txt", _MADE), _GUIDE)
            for name in (FILE, PUBLIC_KEY):
                if (folder / name).exists():
                    pack.write(folder / name, f"audit/{name}")
            for path in chosen:
                pack.write(path, f"audit/{path.name}")
            for digest, body in _documents(chosen, database):
                pack.writestr(ZipInfo(f"raw/{digest}", _MADE), body)
    except OSError as exc:
        raise StoreError(
            "cannot be written", where=str(out), code="DG-1317", advice=exc.strerror or str(exc)
        ) from exc
    return len(chosen)


@contextmanager
def _whole(out: Path) -> Iterator[None]:
    """Leave no pack behind that is not all of it."""
    try:
        yield
    except (OSError, StoreError):
        out.unlink(missing_ok=True)
        raise


def _documents(chosen: Iterable[Path], database: Path | None) -> Iterator[tuple[str, bytes]]:
    """Yield the documents that the records name, where the database still has them."""
    if database is None:
        return
    named = dict.fromkeys(
        digest for path in chosen for record in records(path) for digest in record["raw"]
    )
    uri = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            for digest in named:
                query = "SELECT body FROM raw WHERE digest = ?"
                row = db.execute(query, (digest,)).fetchone()
                if row is not None:
                    yield digest, row[0]
    except sqlite3.DatabaseError as exc:
        raise StoreError(f"cannot be read: {exc}", where=str(database), code="DG-1300") from exc
