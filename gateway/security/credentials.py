"""Basic-authentication passwords as scrypt verifiers, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

_N, _R, _P, _LENGTH = 2**14, 8, 1, 32
_OR = "|"
_MAXMEM = 64 * 1024 * 1024


def make_verifier(password: str) -> str:
    """Return `scrypt$N$r$p$salt$hash` (base64) for a password; the password cannot be got back."""
    salt = os.urandom(16)
    parts = (_encode(salt), _encode(_derive(password, salt, _N, _R, _P)))
    return f"scrypt${_N}${_R}${_P}${parts[0]}${parts[1]}"


def either(first: str, second: str) -> str:
    """Return a verifier that both passwords open: nobody knows which of them a station has."""
    return f"{first}{_OR}{second}"


def in_doubt(verifier: str) -> bool:
    """Say whether more than one password opens a verifier."""
    return _OR in verifier


def alternatives(verifier: str) -> list[str]:
    """Return the verifiers of which one counts, the oldest first."""
    return verifier.split(_OR)


def opened_by(password: str, verifier: str) -> str:
    """Return which of its alternatives a password opens, nothing where none; costs as `verify`."""
    return next((one for one in alternatives(verifier) if _verify(password, one)), "")


def verify(password: str, verifier: str) -> bool:
    """Say whether the password is the one of the verifier; False for a verifier that is none.

    Costs some tens of milliseconds: call it off the event loop.
    """
    return bool(opened_by(password, verifier))


def _verify(password: str, verifier: str) -> bool:
    try:
        scheme, n, r, p, salt, expected = verifier.split("$")
        wanted = base64.b64decode(expected, validate=True)
        got = _derive(password, base64.b64decode(salt, validate=True), int(n), int(r), int(p))
    except (TypeError, ValueError):
        return False
    return scheme == "scrypt" and hmac.compare_digest(got, wanted)


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, dklen=_LENGTH, maxmem=_MAXMEM
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
