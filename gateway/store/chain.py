"""One record of the audit chain: its canonical form and the hash that binds it to the one before.

    h(n) = SHA-256(0x00 || h(n-1) || record(n)),  h(0) = 32 zero bytes

A record is RFC 8785 JSON `{actor, details, kind, prev, raw, seq, subject, ts_utc}`; `raw` are the
SHA-256 digests of the documents kept beside the chain: these may be pruned, the chain stays whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import rfc8785

from gateway.core.effects import Audit
from gateway.ports import AuditHead

GENESIS = AuditHead(0, "0" * 64)
"""What the first record follows."""
_SAFE = 2**53 - 1
"""Integers beyond it are no JSON numbers by RFC 8785; they are kept as texts."""
_QUICK = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_INTEGRAL = (b".0,", b".0}", b".0]")
_EXPONENT = re.compile(rb"[0-9]e[-+][0-9]+[,}\]]")


def record(audit: Audit, after: AuditHead, at: datetime) -> bytes:
    """Return the canonical record that follows `after`."""
    return canonical(
        {
            "seq": after.sequence + 1,
            "ts_utc": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "actor": audit.actor,
            "kind": audit.kind,
            "subject": audit.subject,
            "details": audit.details,
            "raw": [raw_digest(body) for body in audit.raw],
            "prev": after.digest,
        }
    )


def chained(after: AuditHead, body: bytes) -> AuditHead:
    """Return the head of the chain once the record `body` follows `after`."""
    digest = hashlib.sha256(b"\0" + bytes.fromhex(after.digest) + body).hexdigest()
    return AuditHead(after.sequence + 1, digest)


def raw_digest(body: bytes) -> str:
    """Return the name under which a raw document is kept."""
    return hashlib.sha256(body).hexdigest()


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return RFC 8785 JSON; an integer beyond its range becomes a text: peers may have sent one."""
    try:
        quick = orjson.dumps(value, option=_QUICK)
    except orjson.JSONEncodeError:
        return rfc8785.dumps(_plain(value))
    return quick if _agrees(quick) else rfc8785.dumps(_plain(value))


def _agrees(quick: bytes) -> bool:
    """Say whether orjson wrote what RFC 8785 asks for: it is thirty times faster.

    They differ in whole floats, in exponents, and in the order of keys beyond ASCII.
    """
    return (
        quick.isascii()
        and not any(form in quick for form in _INTEGRAL)
        and not ((b"e-" in quick or b"e+" in quick) and _EXPONENT.search(quick))
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and abs(value) > _SAFE:
        return str(value)
    return value
