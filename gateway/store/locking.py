"""The lock of a state folder: one gateway works on it, and the kernel frees it with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from gateway.errors import LockedError, StoreError


class StateLock:
    """Held from the beginning until it is closed; a second one on the same state is a `LockedError`."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside the file `path`, in a folder that only its owner may enter."""
        where = path.with_name(f"{path.name}.lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(where, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise StoreError(
                "cannot be opened",
                where=str(where),
                code="DG-1303",
                advice=exc.strerror or str(exc),
            ) from exc
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            self.close()
            raise LockedError(
                "another gateway works on this state",
                where=str(path),
                advice="end it, or give this one its own `state_dir`",
            ) from exc

    def close(self) -> None:
        """Free the state; twice is harmless."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
