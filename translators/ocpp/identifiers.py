"""Ids of what we set at stations: derived, so that the same command always has the same ones."""

from __future__ import annotations

import hashlib
import uuid

_NAMESPACE = uuid.UUID("6b1d1c5e-52b1-5d0c-9f1c-3f0d3a1a7c44").bytes
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
"""The digit in which the variant of RFC 9562 stands, by what the hash has there."""
PROFILE_IDS = range(1_000_000_000, 2_000_000_000)
"""Our own charging-profile ids; foreign ones lie below."""


def control_id(mrid: str, station: str, control_type: str) -> str:
    """Return the controlId (36 characters) of one control type of one command at one station.

    It is a UUID of version 5 (RFC 9562, 5.5), written without the detour over `uuid.UUID`: each of
    thousands of stations gets one of its own for every event.
    """
    name = f"{mrid.upper()}|{station}|{control_type}".encode()
    text = hashlib.sha1(_NAMESPACE + name, usedforsecurity=False).hexdigest()
    variant = _VARIANT[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def profile_id(mrid: str, station: str, purpose: str, evse: int) -> int:
    """Return the charging-profile id of one purpose of one command at one EVSE."""
    digest = hashlib.sha256(f"{mrid.upper()}|{station}|{purpose}|{evse}".encode()).digest()
    return PROFILE_IDS.start + int.from_bytes(digest[:8], "big") % len(PROFILE_IDS)
