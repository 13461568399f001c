"""Files that a user names: bounded, as text, as the stations that bare documents are for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from gateway.errors import SettingsError
from translators.errors import DocumentError
from translators.vectors import KnownStation, read_stations

LARGEST_FILE = 4 << 20


def stations_of(path: Path) -> dict[str, KnownStation]:
    """Return the stations of a file; `SettingsError` where it cannot be read."""
    try:
        return _stations(read_text(path))
    except DocumentError as error:
        raise SettingsError(str(error), where=str(path), code="DG-1076") from error


@lru_cache(maxsize=8)
def _stations(text: str) -> dict[str, KnownStation]:
    """Return the stations of a text, read once however many documents are for them."""
    return read_stations(text)


def read_text(path: Path) -> str:
    """Return the text of a file; `SettingsError` where it is none."""
    return decoded(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; `SettingsError` where it cannot be read, or is too large."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise SettingsError(
            exc.strerror or "cannot be read", where=str(path), code="DG-1077"
        ) from exc
    if len(data) > LARGEST_FILE:
        raise SettingsError(f"is larger than {LARGEST_FILE} bytes", where=str(path), code="DG-1078")
    return data


def decoded(data: bytes, path: Path) -> str:
    """Return the text of a file's bytes; `SettingsError` where they are none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SettingsError("is no UTF-8 text", where=str(path), code="DG-1079") from exc
