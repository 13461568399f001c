"""Signed checkpoints of the audit chain: what was there at an instant, provable without the gateway.

    {"checkpoint":{"first":1,"head":"…","key":"…","last":1000,"prev":"…","root":"…","ts_utc":"…"},
     "signature":"…"}

`head` is the chain's hash at record `last`; `root` is the Merkle tree hash (RFC 6962, 2.1) over the
records `first` to `last`; `prev` is the SHA-256 of the checkpoint before, zeros for the first; `key` the
fingerprint of the Ed25519 key that signed the checkpoint's RFC 8785 JSON. Whoever keeps a checkpoint
elsewhere can show later that records up to it were cut or written anew; one in the same folder proves
nothing against the holder of key and folder.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from gateway.errors import StoreError
from gateway.ports import AuditHead
from gateway.security.signing import PublicKey, Signer
from gateway.store import chain
from gateway.store.audit import segments

FILE = "checkpoints.ndjson"
PUBLIC_KEY = "checkpoints.pub"
EVERY = 1_000
"""Records after which there is a checkpoint, however quickly they came."""
INTERVAL = timedelta(seconds=60)
"""After which there is one for whatever came since."""
_NONE = "0" * 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed."""

    first: int
    last: int
    head: str
    root: str
    prev: str
    key: str
    ts_utc: str

    def text(self) -> bytes:
        """Return the RFC 8785 JSON that is signed."""
        return chain.canonical(asdict(self))

    def digest(self) -> str:
        """Return what the next one calls `prev`."""
        return hashlib.sha256(self.text()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint with its signature (base64)."""

    checkpoint: Checkpoint
    signature: str

    def line(self) -> bytes:
        """Return its line in a file."""
        return b'{"checkpoint":%b,"signature":"%b"}\n' % (
            self.checkpoint.text(),
            self.signature.encode(),
        )

    def valid(self, key: PublicKey) -> bool:
        """Say whether this key signed it."""
        named = self.checkpoint.key == key.fingerprint
        return named and key.verifies(self.signature, self.checkpoint.text())


def read(path: Path) -> list[Sealed]:
    """Return the checkpoints of a file, oldest first; `StoreError` where a line is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise StoreError(
            "cannot be read", where=str(path), code="DG-1313", advice=exc.strerror or str(exc)
        ) from exc
    return [_parsed(text, f"{path}:{number}") for number, text in enumerate(lines, start=1)]


def leaf(body: bytes) -> bytes:
    """Return the hash of a record as a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\0" + body).digest()


def root(leaves: Sequence[bytes]) -> str:
    """Return the Merkle tree hash over leaves (RFC 6962, 2.1), hex; of none the hash of nothing."""
    if not leaves:
        return hashlib.sha256().hexdigest()
    peaks: list[tuple[int, bytes]] = []
    for hashed in leaves:
        peak = (1, hashed)
        while peaks and peaks[-1][0] == peak[0]:
            size, left = peaks.pop()
            peak = (2 * size, _node(left, peak[1]))
        peaks.append(peak)
    top = peaks.pop()[1]
    while peaks:
        top = _node(peaks.pop()[1], top)
    return top.hex()


class Seals:
    """Checkpoints as a verification meets them, record by record."""

    def __init__(self, sealed: Sequence[Sealed], key: PublicKey | None) -> None:
        """Take the checkpoints of a file; without a key their signatures are not looked at."""
        self._key = key
        self._before: Sealed | None = None
        self._ahead = deque(sealed)
        self._leaves: list[bytes] = []
        self.seen = 0
        """Checkpoints that agreed."""

    def begin(self, after: int) -> None:
        """Pass over those that end at a record, or before it."""
        while self._ahead and self._ahead[0].checkpoint.last <= after:
            self._before = self._ahead.popleft()

    def problem(self, now: AuditHead, body: bytes) -> str:
        """Take one record of a whole chain; return what does not agree with what was sealed."""
        if not self._ahead or now.sequence < self._ahead[0].checkpoint.first:
            return ""
        self._leaves.append(leaf(body))
        made = self._ahead[0].checkpoint
        if now.sequence < made.last:
            return ""
        fault = self._fault(now)
        self._leaves, self._before = [], self._ahead.popleft()
        self.seen += not fault
        return fault

    def missing(self, last: int) -> int:
        """Return up to which record the chain has to reach, 0 where it does."""
        reached = max((sealed.checkpoint.last for sealed in self._ahead), default=0)
        return reached if reached > last else 0

    def _fault(self, now: AuditHead) -> str:
        sealed, before = self._ahead[0], self._before
        made = sealed.checkpoint
        span = f"ends the records {made.first} to {made.last}"
        if self._key is not None and not sealed.valid(self._key):
            return f"{span}, whose checkpoint this key did not sign"
        if before is not None and made.prev != before.checkpoint.digest():
            return f"{span}, whose checkpoint does not follow the one before it"
        # Where a verification begins inside, the head alone shows it: it is bound to all before it.
        whole = len(self._leaves) == made.last + 1 - made.first
        if made.head != now.digest or (whole and made.root != root(self._leaves)):
            return f"{span}, which are not those that were sealed"
        return ""


class Notary:
    """Signs checkpoints of one folder's segments, and copies each to where others keep it."""

    def __init__(self, folder: Path, signer: Signer, copy_to: Path | None = None) -> None:
        """Read nothing yet."""
        self._folder, self._signer, self._copy_to = folder, signer, copy_to
        self._tail: _Tail | None = None
        self._leaves: list[bytes] = []
        self._last: Sealed | None = None
        self._since: datetime | None = None
        self._first = 1
        self._copied = b""

    def seal(self, now: datetime, *, final: bool = False) -> int:
        """Sign what is due, or at the `final` call all; return how many checkpoints that were.

        `StoreError` where a disk refuses: nothing is lost, the next call signs or copies it.
        """
        try:
            tail = self._begin() if self._tail is None else self._tail
            signed = 0
            for body, head in tail.new():
                self._leaves.append(leaf(body))
                self._since = self._since or now
                if len(self._leaves) >= EVERY:
                    self._sign(head, now)
                    signed += 1
            overdue = self._since is not None and now - self._since >= INTERVAL
            if self._leaves and (overdue or final):
                self._sign(tail.head, now)
                signed += 1
        except OSError as exc:
            self._tail = None
            raise _refused(self._folder, exc) from exc
        self._copy()
        return signed

    def _begin(self) -> _Tail:
        """Go on after the last checkpoint of the folder."""
        path = self._folder / FILE
        newest = last_line(path)
        self._last = _parsed(newest[:-1], f"{path}, last line") if newest else None
        before = chain.GENESIS
        if self._last is not None:
            before = AuditHead(self._last.checkpoint.last, self._last.checkpoint.head)
        self._leaves, self._since, self._first = [], None, before.sequence + 1
        self._publish()
        self._tail = _Tail(self._folder, before)
        return self._tail

    @property
    def key_is_new(self) -> bool:
        """Say whether this folder has not seen the key before: the chain should tell of it."""
        path = self._folder / PUBLIC_KEY
        return not path.exists() or self._signer.public.pem not in path.read_text(encoding="ascii")

    def _publish(self) -> None:
        """Keep the public key beside the checkpoints, for whoever verifies without a copy."""
        if self.key_is_new:
            with (self._folder / PUBLIC_KEY).open("a", encoding="ascii") as file:
                file.write(self._signer.public.pem)

    def _sign(self, head: AuditHead, now: datetime) -> None:
        made = Checkpoint(
            first=self._first,
            last=head.sequence,
            head=head.digest,
            root=root(self._leaves),
            prev=_NONE if self._last is None else self._last.checkpoint.digest(),
            key=self._signer.public.fingerprint,
            ts_utc=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
        sealed = Sealed(made, self._signer.sign(made.text()))
        append(self._folder / FILE, sealed.line())
        self._last, self._leaves, self._since = sealed, [], None
        self._first = head.sequence + 1

    def _copy(self) -> None:
        """Add to the copy what it lacks, also of an earlier run: a gap there looks like forgery."""
        newest = b"" if self._last is None else self._last.line()
        if self._copy_to is None or self._copied == newest:
            return
        known, self._copied = self._copied, b""
        try:
            append(self._copy_to, _after(self._folder / FILE, known or last_line(self._copy_to)))
        except OSError as exc:
            raise _refused(self._copy_to, exc) from exc
        self._copied = newest


class _Tail:
    """The records of a folder as they are appended."""

    def __init__(self, folder: Path, after: AuditHead) -> None:
        self._folder, self.head = folder, after
        begun = [path for path in segments(folder) if path.name < f"{after.sequence + 2:012d}"]
        self._path = begun[-1] if begun else None  # those before hold nothing new
        self._offset = 0

    def new(self) -> Iterator[tuple[bytes, AuditHead]]:
        """Yield each whole record that is new, with the head of the chain after it."""
        for path in segments(self._folder):
            if self._path is not None and path.name < self._path.name:
                continue
            if path != self._path:
                self._path, self._offset = path, 0
            with path.open("rb") as file:
                file.seek(self._offset)
                for text in file:
                    found = chain.parts(text)
                    if found is None:
                        break  # it is being written
                    self._offset += len(text)
                    if self._skips(found[1]):
                        continue
                    self.head = AuditHead(self.head.sequence + 1, found[0])
                    yield found[1], self.head

    def _skips(self, body: bytes) -> bool:
        """Say whether a record was sealed before."""
        return bool(orjson.loads(body)["seq"] <= self.head.sequence)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _refused(where: Path, exc: OSError) -> StoreError:
    return StoreError(
        "checkpoints cannot be written",
        where=str(where),
        code="DG-1313",
        advice=exc.strerror or str(exc),
    )


def last_line(path: Path) -> bytes:
    """Return the last whole line of a file, nothing where none is; a part of one after it is cut."""
    size = path.stat().st_size if path.exists() else 0
    if not size:
        return b""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = data.rfind(b"\n") + 1
        text = data[data.rfind(b"\n", 0, max(0, end - 1)) + 1 : end]
    if end < size:
        os.truncate(path, end)
    return text


def _after(path: Path, line: bytes) -> bytes:
    """Return what stands in a file after a line: all where that is not there."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.rfind(line) if line else -1
        return data[at + len(line) if at >= 0 else 0 :]


def append(path: Path, text: bytes) -> None:
    """Write lines, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        left = memoryview(text)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parsed(text: bytes, where: str) -> Sealed:
    try:
        value = orjson.loads(text)
        sealed = Sealed(Checkpoint(**value["checkpoint"]), value["signature"])
        sound = sealed.line() == text + b"\n"
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise StoreError("is no checkpoint", where=where, code="DG-1314") from exc
    if not sound:
        raise StoreError("is no checkpoint", where=where, code="DG-1314")
    return sealed
