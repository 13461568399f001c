"""Random tampering with an audit folder, from one seed: what it touched first, and whether it is found."""

import random
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.security.signing import signer_at
from gateway.store import chain, checkpoints
from gateway.store.checkpoints import FILE, Notary, Seals, read
from gateway.store.verification import verify
from support.store_builders import NOON, a_chain, an_audit


@dataclass
class Archive:
    """A whole chain of several days with its checkpoints, and the copy that is tampered with."""

    folder: Path
    records: int = 60

    def __post_init__(self):
        self.whole, self.copy = self.folder / "whole", self.folder / "copy"
        a_chain(self.whole, self.records, every=timedelta(hours=1))
        self.signer = signer_at(self.folder / "audit.key")
        self.other = signer_at(self.folder / "other.key")
        Notary(self.whole, self.signer).seal(NOON, final=True)
        self.kept = read(self.whole / FILE)
        self.files = sorted(self.whole.glob("0*.jsonl"))
        self.lines = [line for path in self.files for line in path.read_bytes().splitlines(True)]

    def fresh(self):
        """Return a copy to tamper with."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.whole, self.copy)
        return self.copy

    def found(self):
        """Return the fault of the copy against the checkpoints that were kept elsewhere."""
        return verify(self.copy, seals=Seals(self.kept, self.signer.public)).fault

    def lay(self, lines):
        """Write other lines over the copy, split as the files were."""
        left = list(lines)
        for path in sorted(self.copy.glob("0*.jsonl")):
            count = len(path.read_bytes().splitlines())
            path.write_bytes(b"".join(left[:count]))
            left = left[count:]
        if left:
            with path.open("ab") as file:
                file.write(b"".join(left))


def tamper(archive, draw):
    """Do something to a fresh copy; return what, and the first record of which it must be said."""
    archive.fresh()
    lines = list(archive.lines)
    at = draw.randrange(len(lines))
    kind = draw.choice(list(KINDS))
    return kind, KINDS[kind](archive, draw, lines, at)


def _edit(archive, draw, lines, at):
    data = bytearray(lines[at])
    where = draw.randrange(len(data) - 1)
    data[where] ^= 1 << draw.randrange(7)
    lines[at] = bytes(data)
    archive.lay(lines)
    return at + 1


def _delete(archive, draw, lines, at):
    del lines[at]
    archive.lay(lines)
    return at + 1


def _insert(archive, draw, lines, at):
    lines.insert(at, lines[draw.randrange(len(lines))])
    archive.lay(lines)
    return at + (2 if lines[at] == lines[at + 1] else 1)


def _reorder(archive, draw, lines, at):
    other = draw.choice([n for n in range(len(lines)) if n != at])
    lines[at], lines[other] = lines[other], lines[at]
    archive.lay(lines)
    return min(at, other) + 1


def _cut(archive, draw, lines, at):
    archive.lay(lines[:at])
    return at + 1


def _forge(archive, draw, lines, at):
    """Write the chain anew from a record on, whole in itself, and sign it with another key."""
    head = chain.head_of(lines[at - 1]) if at else chain.GENESIS
    for number in range(at, len(lines)):
        body = chain.record(an_audit(subject=f"forged {number}"), head, NOON)
        head = chain.chained(head, body)
        lines[number] = chain.line(head.digest, body)
    archive.lay(lines)
    (archive.copy / FILE).unlink()
    Notary(archive.copy, archive.other).seal(NOON, final=True)
    # a checkpoint tells of its span alone: that of the first record that is another
    return next(s.checkpoint.last for s in archive.kept if s.checkpoint.last >= at + 1)


KINDS = {
    "edit": _edit,
    "delete": _delete,
    "insert": _insert,
    "reorder": _reorder,
    "cut": _cut,
    "forge": _forge,
}


def played(folder, count, seed):
    """Yield (kind, expected record, fault) of each tampering, and of as many untouched copies."""
    before, checkpoints.EVERY = checkpoints.EVERY, 25
    try:
        archive, draw = Archive(folder), random.Random(seed)  # noqa: S311 - to be drawn again
        for _ in range(count):
            kind, first = tamper(archive, draw)
            yield kind, first, archive.found()
            archive.fresh()
            yield "untouched", 0, archive.found()
    finally:
        checkpoints.EVERY = before
