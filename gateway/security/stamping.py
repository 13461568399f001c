"""Time stamps of an authority (RFC 3161): somebody else's word that octets existed at an instant.

The extra `stamps` (rfc3161-client) reads and verifies tokens; what is sent is a hash, never the octets.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import httpx
from cryptography import x509

from gateway.errors import IdentityError, PeerError, SettingsError

_TIMEOUT_S = 30.0
_MOST_OCTETS = 65_536
"""What an answer may hold: a token with its certificates is some 6 KiB."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """An authority's answer as it came (DER), and the instant that it names."""

    answer: bytes
    at: datetime


def roots_at(path: Path) -> list[x509.Certificate]:
    """Return the authorities of a PEM file; IdentityError where there are none."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as exc:
        problem = f"cannot be read: {exc.strerror or exc}"
        raise IdentityError(problem, where=str(path), code="DG-1140") from exc
    except ValueError as exc:
        raise IdentityError("holds no certificate", where=str(path), code="DG-1141") from exc


def stamp(url: str, text: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Let the authority at `url` stamp `text`; PeerError where it does not, or not as it should.

    The nonce of the request has to come back (RFC 3161, 2.4.2), signed by one whom `roots` vouch for.
    """
    _need_extra()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415 - an extra

    asked = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = _posted(url, asked.as_bytes())
    at = verified(answer, text, roots, nonce=asked.nonce, where=url)
    return Stamp(answer, at)


def verified(
    answer: bytes,
    text: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    where: str = "",
) -> datetime:
    """Return when `text` was stamped, UTC; PeerError where the answer does not prove it."""
    _need_extra()
    from rfc3161_client import (  # noqa: PLC0415 - an extra
        VerificationError,
        VerifierBuilder,
        decode_timestamp_response,
    )

    verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
    try:
        found = decode_timestamp_response(answer)
        verifier.verify_message(found, text)
        return found.tst_info.gen_time.astimezone(UTC)
    except (VerificationError, ValueError) as exc:
        problem = f"is no time stamp of this: {exc}"
        raise PeerError(problem, where=where, code="DG-1240") from exc


def as_text(answer: bytes) -> str:
    """Return an answer as it stands in a file."""
    return base64.b64encode(answer).decode()


def _posted(url: str, body: bytes) -> bytes:
    """Return the answer to a request over HTTP (RFC 3161, 3.4)."""
    kind = "application/timestamp-reply"
    headers = {"content-type": "application/timestamp-query", "accept": kind}
    try:
        with httpx.Client(timeout=_TIMEOUT_S) as client:
            answer = client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise PeerError(f"cannot be reached: {exc}", where=url, code="DG-1241") from exc
    found = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code != httpx.codes.OK or found != kind or len(answer.content) > _MOST_OCTETS:
        problem = (
            f"answers {answer.status_code} {found}, {len(answer.content)} octets: no time stamp"
        )
        raise PeerError(problem, where=url, code="DG-1241")
    return answer.content


def _need_extra() -> None:
    if find_spec("rfc3161_client") is None:
        raise SettingsError(
            "rfc3161-client is not installed", code="DG-1069", advice="install dergate[stamps]"
        )
