"""What a station has been given or has shown since it was enrolled: one private file for each.

The settings stay the operator's: a password that was changed over the air counts only in the place
of the verifier that it replaced, so that a new one in the settings wins.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from gateway.errors import IdentityError
from gateway.security.files import make_folder, replace_private


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of one station beyond the settings."""

    verifier: str = ""
    instead_of: str = ""
    """SHA-256 (hex) of the verifier that it replaced."""
    certificate_begin: str = ""
    """When the newest certificate begins that it came with (ISO 8601); older ones are over."""
    certificate_end: str = ""
    profile: int = 0
    """The highest security profile that it came by since one is wanted."""
    target: int = 0
    """The security profile that it was moved to; 0: none."""
    moved_at: str = ""
    """When it was moved to a slot with a password of its own that it has not shown yet (ISO 8601)."""

    @property
    def ends(self) -> datetime | None:
        """Return when its certificate ends."""
        return datetime.fromisoformat(self.certificate_end) if self.certificate_end else None

    @property
    def begins(self) -> datetime | None:
        """Return when its certificate begins."""
        return datetime.fromisoformat(self.certificate_begin) if self.certificate_begin else None

    @property
    def moved(self) -> datetime | None:
        """Return when it was moved to a slot whose password it has not shown yet."""
        return datetime.fromisoformat(self.moved_at) if self.moved_at else None


class Vault:
    """The files of a folder, read once each; not for two processes at a time.

    Without a folder all is known as long as the process lives.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Make nothing yet."""
        self._folder = folder
        self._known: dict[str, Kept] = {}

    def of(self, station: str) -> Kept:
        """Return what is known; IdentityError where the file cannot be read."""
        known = self._known.get(station)
        if known is None:
            path = self._path(station)
            known = self._known[station] = Kept() if path is None else self._read(path)
        return known

    def keep(self, station: str, **changes: str | int) -> Kept:
        """Change what is known, on the disk before it counts; IdentityError changes nothing."""
        before = self.of(station)
        after = replace(before, **changes)  # type: ignore[arg-type]  # the fields are text and numbers
        path = self._path(station)
        if after != before and path is not None:
            make_folder(path.parent)
            replace_private(path, json.dumps(asdict(after), indent=1).encode())
        self._known[station] = after
        return after

    def forget(self, station: str) -> None:
        """Know nothing of a station but what the settings say; IdentityError changes nothing."""
        path = self._path(station)
        try:
            if path is not None:
                path.unlink(missing_ok=True)
        except OSError as exc:
            problem = f"cannot remove the file: {exc.strerror}"
            raise IdentityError(problem, where=str(path), code="DG-1102") from exc
        self._known.pop(station, None)

    def verifier(self, station: str, settings: str) -> str:
        """Return the verifier that counts; `settings` is the one that the settings give."""
        known = self.of(station)
        return (
            known.verifier if known.verifier and known.instead_of == digest(settings) else settings
        )

    def _path(self, station: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{quote(station, safe='')}.json"

    @staticmethod
    def _read(path: Path) -> Kept:
        try:
            return Kept(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Kept()
        except (OSError, ValueError, TypeError) as exc:
            raise IdentityError("cannot be read", where=str(path), code="DG-1116") from exc


def digest(verifier: str) -> str:
    """Return how a verifier is named where it is not repeated."""
    return hashlib.sha256(verifier.encode()).hexdigest()
