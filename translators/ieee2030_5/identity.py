"""LFDI and SFDI: the two names that IEEE 2030.5 derives from a certificate (6.3.3, 6.3.4)."""

from __future__ import annotations

import hashlib

_LFDI_DIGITS = 40
_SFDI_DIGITS = 9


def lfdi(certificate: bytes) -> str:
    """Return the LFDI of a DER certificate: the left 160 bits of its SHA-256, 40 upper-case digits."""
    return hashlib.sha256(certificate).hexdigest()[:_LFDI_DIGITS].upper()


def sfdi(lfdi: str) -> int:
    """Return the SFDI of an LFDI: its left 36 bits, and a digit that makes the digit sum end in 0."""
    head = int(lfdi[:_SFDI_DIGITS], 16)
    return head * 10 + -sum(int(digit) for digit in str(head)) % 10
