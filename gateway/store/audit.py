"""The audit chain as files: append-only JSONL segments, one a day, that follow from the store.

They hold the lines of the store's groups, one after the other. A segment is named after its first
sequence and day, `000000000001-2026-12-01.jsonl`.
Records are on the disk in the store first; a crash between the two loses nothing: the next drain
writes what is missing.
"""

from __future__ import annotations

import mmap
import os
from itertools import groupby
from pathlib import Path

import structlog

from gateway.errors import StoreError
from gateway.ports import AuditGroup, AuditHead, CommandStore
from gateway.store import chain

log = structlog.get_logger()

KEPT_IN_STORE = 10_000
"""Newest records that stay in the store although the segments hold them."""
RELEASED = 1_000
"""Records that the store forgets together: it takes a transaction, and the loop waits for the disk."""
_GROUPS = 100
"""Of the store's groups, as many as are read and made durable at one time."""


class AuditSegments:
    """An `AuditLog` in one folder; only the holder of the store's lock may write it."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet."""
        self._folder = folder
        self._head: AuditHead | None = None
        self._file = -1
        self._day = ""
        self._released = -RELEASED

    def drain(self, store: CommandStore) -> int:
        """Append what the store has and the segments lack, with one fdatasync for each group."""
        try:
            head = self._recover(store) if self._head is None else self._head
            written = 0
            while groups := store.audit_after(head.sequence, _GROUPS):
                written += self._append(head, groups)
                head = groups[-1].head
        except OSError as exc:
            self.close()
            raise StoreError(
                "the audit segment cannot be written",
                where=str(self._folder),
                code="DG-1311",
                advice=exc.strerror or str(exc),
            ) from exc
        spare = head.sequence - KEPT_IN_STORE
        if written and spare >= self._released + RELEASED:
            store.release_audit(spare)
            self._released = spare
        return written

    def close(self) -> None:
        """Let go of the segment; the next drain reads anew where the segments end."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._head, self._day = -1, None, ""

    def _append(self, head: AuditHead, groups: list[AuditGroup]) -> int:
        """Write groups, a day at a time, and make them durable; return how many records that are."""
        groups = [chain.rest(groups[0], head.sequence), *groups[1:]]  # a crash may have left a part
        for day, part in groupby(groups, key=lambda group: chain.day(group.lines)):
            together = list(part)
            if day != self._day:
                self._begin(together[0].first, day)
            self._write(b"".join(group.lines for group in together))
        self._head = groups[-1].head
        return self._head.sequence + 1 - groups[0].first

    def _begin(self, sequence: int, day: str) -> None:
        if self._file >= 0:
            os.close(self._file)
        path = self._folder / f"{sequence:012d}-{day}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._day = day
        _sync_folder(self._folder)

    def _write(self, lines: bytes) -> None:
        left = memoryview(lines)
        while left:
            left = left[os.write(self._file, left) :]
        os.fdatasync(self._file)

    def _recover(self, store: CommandStore) -> AuditHead:
        """Find where the segments end, cut a torn tail, and open the last one to go on."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = chain.GENESIS
        for path in reversed(segments(self._folder)):
            found = _cut_torn_tail(path)
            if found is not None:
                head = found
                flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
                self._file, self._day = os.open(path, flags), path.stem[13:]
                break
            path.unlink()
        _same_chain(self._folder, head, store)
        self._head = head
        return head


def segments(folder: Path) -> list[Path]:
    """Return the segments of a folder, oldest first."""
    return sorted(folder.glob("[0-9]*-*.jsonl"))


def _cut_torn_tail(path: Path) -> AuditHead | None:
    """Return where a segment ends, None where it holds no whole record; a torn tail goes aside.

    A crash can leave a part of the last group; what was cut lies in `….torn`, as evidence.
    """
    if not path.stat().st_size:
        return None
    with path.open("r+b") as segment:
        with mmap.mmap(segment.fileno(), 0, access=mmap.ACCESS_READ) as data:
            end, head = len(data), None
            while end and head is None:
                begin = data.rfind(b"\n", 0, end - 1) + 1
                head = chain.head_of(data[begin:end])
                end = end if head is not None else begin
            torn = data[end:]
        if torn:
            log.warning("audit.torn_tail_cut", segment=path.name, octets=len(torn))
            with path.with_suffix(".torn").open("ab") as aside:
                aside.write(torn)
            segment.truncate(end)
            os.fsync(segment.fileno())
    return head


def _same_chain(folder: Path, head: AuditHead, store: CommandStore) -> None:
    """Refuse segments that the store's chain does not continue: nothing may be hidden by a gap."""
    if head == chain.GENESIS:
        return
    for group in store.audit_after(head.sequence - 1, 1):
        first = chain.rest(group, head.sequence - 1).lines.partition(b"\n")[0] + b"\n"
        if chain.head_of(first) == head:
            return
    raise StoreError(
        f"the audit segments end at record {head.sequence}, which the database does not continue",
        where=str(folder),
        code="DG-1312",
        advice="move the segments aside, or give back the database that they belong to",
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
