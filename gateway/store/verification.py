"""Whether an audit chain is whole: streams the segments and names the first record that is not.

A chain alone does not show that its newest records were cut off, nor that whoever holds the files
wrote all of it anew: compare it with a head or with signed checkpoints that were kept elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.errors import StoreError
from gateway.ports import AuditHead
from gateway.store import chain
from gateway.store.audit import segments
from gateway.store.checkpoints import Seals

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain breaks: the first sequence that cannot be trusted, and why."""

    sequence: int
    problem: str
    where: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: the records before `fault` are whole and end at `head`."""

    records: int
    head: AuditHead
    fault: Fault | None = None


def verify(
    path: Path,
    *,
    after: AuditHead = chain.GENESIS,
    head: AuditHead | None = None,
    seals: Seals | None = None,
) -> Verdict:
    """Check a folder of segments, or one segment; `StoreError` where nothing can be read.

    `after` is what a folder's first record has to follow: the head of what was archived. A segment
    alone is taken at its name and first record. `head` is a record noted elsewhere, which the
    chain has to contain as it was; `seals` are checkpoints, which it has to agree with.
    """
    try:
        files = segments(path) if path.is_dir() else [path]
        last = after if path.is_dir() else _before(path)
        if seals is not None:
            seals.begin(last.sequence)
        check = _Check(last, head, seals)
        for file in files:
            with file.open("rb") as lines:
                for number, text in enumerate(lines, start=1):
                    problem = check.problem(text)
                    if problem:
                        where = f"{file.name}:{number}"
                        fault = Fault(check.last.sequence + 1, problem, where)
                        return Verdict(check.records, check.last, fault)
    except OSError as exc:
        raise StoreError(
            "cannot be read", where=str(path), code="DG-1311", advice=exc.strerror or str(exc)
        ) from exc
    noted = 0 if head is None else head.sequence
    reach = max(noted, 0 if seals is None else seals.missing(check.last.sequence))
    if check.last.sequence >= reach:
        return Verdict(check.records, check.last)
    problem = f"is missing: the chain has to reach record {reach}"
    fault = Fault(check.last.sequence + 1, problem, path.name)
    return Verdict(check.records, check.last, fault)


class _Check:
    """The chain as far as it is whole."""

    def __init__(self, after: AuditHead, head: AuditHead | None, seals: Seals | None) -> None:
        self.last = after
        self.records = 0
        self._head, self._seals = head, seals

    def problem(self, text: bytes) -> str:
        """Take one line; return what is wrong with it, or nothing and move on."""
        if not text.endswith(b"\n"):
            return "is cut short: the gateway writes it anew at its next start"
        found = chain.parts(text)
        record = None if found is None else _record(found[1])
        if found is None or record is None:
            return "is no audit record"
        if record.get("seq") != self.last.sequence + 1:
            return f"is missing here: found record {record.get('seq')}"
        if record.get("prev") != self.last.digest:
            return "does not follow the record before it"
        now = chain.chained(self.last, found[1])
        if now.digest != found[0]:
            return "was changed: its hash does not agree"
        if self._head is not None and now.sequence == self._head.sequence and now != self._head:
            return "is not the record that was noted elsewhere"
        sealed = "" if self._seals is None else self._seals.problem(now, found[1])
        if sealed:
            return sealed
        self.last = now
        self.records += 1
        return ""


def _before(path: Path) -> AuditHead:
    """Return what the first record of a single segment has to follow, by name and own word."""
    with path.open("rb") as lines:
        found = chain.parts(lines.readline())
    record = (None if found is None else _record(found[1])) or {}
    prev, name = record.get("prev"), path.name[:12]
    sequence = int(name) if name.isdigit() else record.get("seq")
    if not (isinstance(prev, str) and _DIGEST.fullmatch(prev) and isinstance(sequence, int)):
        return chain.GENESIS
    return AuditHead(sequence - 1, prev)


def _record(body: bytes) -> dict[str, object] | None:
    try:
        record = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None
