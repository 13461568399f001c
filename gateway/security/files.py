"""Key and certificate files: private from the first byte, whole or absent, never overwritten."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from gateway.errors import IdentityError, SettingsError

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644
FOLDER_MODE = 0o700


def make_folder(folder: Path) -> Path:
    """Create `folder` (mode 0700) where it is missing and return it."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as exc:
        raise IdentityError(
            f"cannot create the folder: {exc.strerror}", where=str(folder), code="DG-1102"
        ) from exc
    return folder


def refuse_existing(*paths: Path) -> None:
    """Raise IdentityError when one of `paths` exists: an identity is replaced only on purpose."""
    for path in paths:
        if path.exists():
            raise IdentityError(
                "the file exists already",
                where=str(path),
                code="DG-1103",
                advice="move it away, or choose another name",
            )


def write_private(path: Path, content: bytes) -> Path:
    """Write a secret: mode 0600 from creation, complete or not at all, never over another file."""
    return _write(path, content, PRIVATE_MODE)


def write_public(path: Path, content: bytes) -> Path:
    """Write a certificate or request: complete or not at all, never over another file."""
    return _write(path, content, PUBLIC_MODE)


def replace_private(path: Path, content: bytes) -> Path:
    """Write a secret in the place of what is there: the old file or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, content)
    try:
        draft.replace(path)
    except OSError as exc:
        draft.unlink(missing_ok=True)
        problem = f"cannot write the file: {exc.strerror}"
        raise IdentityError(problem, where=str(path), code="DG-1102") from exc
    return path


def secret(path: Path) -> str:
    """Return the one line of a file that only its owner may read; `SettingsError` where it is not so."""
    try:
        with path.open(encoding="utf-8") as file:
            mode, text = os.fstat(file.fileno()).st_mode, file.readline().strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"cannot be read: {exc}", where=str(path), code="DG-1063") from exc
    if mode & 0o077:
        advice = f"chmod 600 {path}"
        raise SettingsError(
            "others may read this secret", where=str(path), code="DG-1083", advice=advice
        )
    if not text:
        raise SettingsError("holds no token", where=str(path), code="DG-1063")
    return text


def _write(path: Path, content: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # A hard link fails where the name is taken; a rename would replace the other file.
            path.hardlink_to(draft)
        finally:
            draft.unlink()
    except FileExistsError:
        refuse_existing(path)
        raise
    except OSError as exc:
        raise IdentityError(
            f"cannot write the file: {exc.strerror}", where=str(path), code="DG-1102"
        ) from exc
    return path
