"""One record of the audit chain: its canonical form and the hash that binds it to the one before.

    h(n) = SHA-256(0x00 || h(n-1) || record(n)),  h(0) = 32 zero bytes

A record is RFC 8785 JSON `{actor, details, kind, prev, raw, seq, subject, ts_utc}`; `raw` are the
SHA-256 digests of the documents kept beside the chain: these may be pruned, the chain stays whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

from gateway.core.effects import Audit
from gateway.ports import AuditHead

GENESIS = AuditHead(0, "0" * 64)
"""What the first record follows."""
_SAFE = 2**53 - 1
"""Integers beyond it are no JSON numbers by RFC 8785; they are kept as texts."""


def record(audit: Audit, after: AuditHead, at: datetime) -> bytes:
    """Return the canonical record that follows `after`."""
    return rfc8785.dumps(
        {
            "seq": after.sequence + 1,
            "ts_utc": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "actor": audit.actor,
            "kind": audit.kind,
            "subject": audit.subject,
            "details": _plain(audit.details),
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


def _plain(value: Any) -> Any:
    """Return JSON that every canonicaliser writes alike; peers may have sent larger numbers."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and abs(value) > _SAFE:
        return str(value)
    return value
