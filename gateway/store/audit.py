"""The audit chain as files: append-only JSONL segments, one a day, that follow from the store.

A line is `{"hash":"…","record":{…}}`: the record byte for byte as the store chained it, and its
hash. A segment is named after its first sequence and day, `000000000001-2026-12-01.jsonl`.
Records are on the disk in the store first; a crash between the two loses nothing: the next drain
writes what is missing.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import orjson
import structlog

from gateway.errors import StoreError
from gateway.ports import AuditHead, CommandStore
from gateway.store import chain

log = structlog.get_logger()

KEPT_IN_STORE = 10_000
"""Newest records that stay in the store although the segments hold them."""
_GROUP = 1_000
_OPEN = b'{"hash":"'
_MIDDLE = b'","record":'
_BODY = len(_OPEN) + 64 + len(_MIDDLE)


class AuditSegments:
    """An `AuditLog` in one folder; only the holder of the store's lock may write it."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet."""
        self._folder = folder
        self._head: AuditHead | None = None
        self._file = -1
        self._day = ""

    def drain(self, store: CommandStore) -> int:
        """Append what the store has and the segments lack, with one fdatasync for each group."""
        try:
            head = self._recover(store) if self._head is None else self._head
            written = 0
            while group := store.audit_after(head.sequence, _GROUP):
                head = self._append(head, group)
                written += len(group)
        except OSError as exc:
            self.close()
            raise StoreError(
                "the audit segment cannot be written",
                where=str(self._folder),
                code="DG-1311",
                advice=exc.strerror or str(exc),
            ) from exc
        if written:
            store.release_audit(head.sequence - KEPT_IN_STORE)
        return written

    def close(self) -> None:
        """Let go of the segment; the next drain reads anew where the segments end."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._head, self._day = -1, None, ""

    def _append(self, head: AuditHead, group: list[tuple[int, bytes]]) -> AuditHead:
        """Write one group, a day at a time, and make it durable."""
        lines: list[bytes] = []
        for sequence, body in group:
            record = orjson.loads(body)
            day = record["ts_utc"][:10]
            if day != self._day:
                self._write(lines)
                lines = []
                self._begin(sequence, day)
            head = chain.chained(AuditHead(sequence - 1, record["prev"]), body)
            lines.append(line(head.digest, body))
        self._write(lines)
        self._head = head
        return head

    def _begin(self, sequence: int, day: str) -> None:
        if self._file >= 0:
            os.close(self._file)
        path = self._folder / f"{sequence:012d}-{day}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._day = day
        _sync_folder(self._folder)

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        left = memoryview(b"".join(lines))
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


def line(digest: str, body: bytes) -> bytes:
    """Return the line of one record."""
    return b"".join((_OPEN, digest.encode(), _MIDDLE, body, b"}\n"))


def parts(text: bytes) -> tuple[str, bytes] | None:
    """Return hash and record of a line, or None where it has another form."""
    whole = text.startswith(_OPEN) and text.endswith(b"}\n") and text[_BODY - 11 : _BODY] == _MIDDLE
    return (text[9:73].decode("latin-1"), text[_BODY:-2]) if whole else None


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
                head = _self_consistent(data[begin:end])
                end = end if head is not None else begin
            torn = data[end:]
        if torn:
            log.warning("audit.torn_tail_cut", segment=path.name, octets=len(torn))
            with path.with_suffix(".torn").open("ab") as aside:
                aside.write(torn)
            segment.truncate(end)
            os.fsync(segment.fileno())
    return head


def _self_consistent(text: bytes) -> AuditHead | None:
    """Return the head that a line says it is, where its hash agrees with its record."""
    found = parts(text)
    if found is None:
        return None
    digest, body = found
    try:
        record = orjson.loads(body)
        head = chain.chained(AuditHead(record["seq"] - 1, record["prev"]), body)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return head if head.digest == digest else None


def _same_chain(folder: Path, head: AuditHead, store: CommandStore) -> None:
    """Refuse segments that the store's chain does not continue: nothing may be hidden by a gap."""
    if head == chain.GENESIS:
        return
    for sequence, body in store.audit_after(head.sequence - 1, 1):
        before = AuditHead(sequence - 1, orjson.loads(body)["prev"])
        if chain.chained(before, body) == head:
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
