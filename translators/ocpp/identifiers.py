"""Ids of what we set at stations: derived, so that the same command always has the same ones."""

from __future__ import annotations

import hashlib
import uuid

_NAMESPACE = uuid.UUID("6b1d1c5e-52b1-5d0c-9f1c-3f0d3a1a7c44")
PROFILE_IDS = range(1_000_000_000, 2_000_000_000)
"""Our own charging-profile ids; foreign ones lie below."""


def control_id(mrid: str, station: str, control_type: str) -> str:
    """Return the controlId (36 characters) of one control type of one command at one station.

    It is a UUID of version 5 (RFC 9562, 5.5), written without the detour over `uuid.UUID`: each of
    thousands of stations gets one of its own for every event.
    """
    name = _NAMESPACE.bytes + f"{mrid.upper()}|{station}|{control_type}".encode()
    number = bytearray(hashlib.sha1(name, usedforsecurity=False).digest()[:16])
    number[6] = number[6] & 0x0F | 0x50
    number[8] = number[8] & 0x3F | 0x80
    text = number.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def profile_id(mrid: str, station: str, purpose: str, evse: int) -> int:
    """Return the charging-profile id of one purpose of one command at one EVSE."""
    digest = hashlib.sha256(f"{mrid.upper()}|{station}|{purpose}|{evse}".encode()).digest()
    return PROFILE_IDS.start + int.from_bytes(digest[:8], "big") % len(PROFILE_IDS)
