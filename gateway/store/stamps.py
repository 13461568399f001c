"""Time stamps (RFC 3161) of signed checkpoints: when the audit chain was what it is, by a clock of others.

    {"last":1000,"checkpoint":"…","answer":"…"}

`checkpoint` is the SHA-256 of the checkpoint's line with its signature, which is what was stamped; `last`
the record that it ends at; `answer` the authority's answer, DER in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
from cryptography import x509

from gateway.errors import PeerError, StoreError
from gateway.security.stamping import as_text, stamp, verified
from gateway.store.checkpoints import Sealed, append, read

FILE = "stamps.ndjson"


@dataclass(frozen=True, slots=True)
class Stamped:
    """One line of a file of stamps."""

    last: int
    checkpoint: str
    answer: str


def read_stamps(path: Path) -> list[Stamped]:
    """Return the stamps of a file, oldest first; `StoreError` where a line is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise StoreError(
            "cannot be read", where=str(path), code="DG-1320", advice=exc.strerror or str(exc)
        ) from exc
    return [_parsed(text, f"{path}:{number}") for number, text in enumerate(lines, start=1)]


def stamp_newest(
    checkpoints: Path, stamps: Path, url: str, roots: Sequence[x509.Certificate]
) -> tuple[int, datetime | None]:
    """Let `url` stamp the newest checkpoint and keep the answer; return its record, and when it was stamped.

    Where the newest has a stamp already nobody is asked, and there is no instant. PeerError where the
    authority gives none.
    """
    known = read(checkpoints)
    if not known:
        raise StoreError("has no checkpoint yet", where=str(checkpoints), code="DG-1314")
    newest, held = known[-1], read_stamps(stamps) if stamps.exists() else []
    name, last = digest(newest), newest.checkpoint.last
    if any(one.checkpoint == name for one in held):
        return last, None
    made = stamp(url, newest.line(), roots)
    line = orjson.dumps(asdict(Stamped(last, name, as_text(made.answer)))) + b"\n"
    try:
        append(stamps, line)
    except OSError as exc:
        raise StoreError(
            "cannot be written", where=str(stamps), code="DG-1320", advice=exc.strerror or str(exc)
        ) from exc
    return last, made.at


def prove(
    sealed: Sequence[Sealed], stamps: Sequence[Stamped], roots: Sequence[x509.Certificate]
) -> tuple[datetime | None, str]:
    """Return until when stamps prove the checkpoints, and what is wrong with the first that does not."""
    by_digest = {digest(one): one for one in sealed}
    newest: datetime | None = None
    for one in stamps:
        found = by_digest.get(one.checkpoint)
        if found is None:
            return newest, f"the stamp of record {one.last} is of a checkpoint that is not here"
        try:
            at = verified(base64.b64decode(one.answer), found.line(), roots)
        except PeerError as exc:
            return newest, f"the stamp of record {one.last} {exc.problem}"
        newest = at if newest is None else max(newest, at)
    return newest, ""


def digest(sealed: Sealed) -> str:
    """Return the SHA-256 (hex) of a checkpoint's line with its signature."""
    return hashlib.sha256(sealed.line()).hexdigest()


def _parsed(text: bytes, where: str) -> Stamped:
    try:
        found = Stamped(**orjson.loads(text))
        base64.b64decode(found.answer, validate=True)
    except (orjson.JSONDecodeError, TypeError, binascii.Error) as exc:
        raise StoreError("is no time stamp", where=where, code="DG-1321") from exc
    return found
