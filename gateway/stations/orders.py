"""Orders of an operator to the running gateway: files in a folder that nobody else may write to.

`place` lays an errand there, the gateway takes it and reports; whoever placed it reads the outcome.
An order that waits while no gateway runs, or that one took and did not begin, is carried out when the
next one starts.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import structlog

from gateway.errors import IdentityError, SettingsError
from gateway.security.files import make_folder, replace_private
from gateway.stations.errands import Errand, Outcome, from_document, to_document

log = structlog.get_logger()

_LONGEST = 64 * 1024
_OPEN, _TAKEN, _DONE = ".order", ".taken", ".outcome"


class Orders:
    """The folder, from either side."""

    def __init__(self, folder: Path) -> None:
        """Make nothing yet."""
        self._folder = folder

    def place(self, errand: Errand) -> str:
        """Order something; return the name under which its outcome will be found."""
        name = secrets.token_hex(8)
        make_folder(self._folder)
        replace_private(self._path(name, _OPEN), json.dumps(to_document(errand)).encode())
        return name

    def outcome(self, name: str) -> Outcome | None:
        """Return how an order ended, once; None while it has not."""
        path = self._path(name, _DONE)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        path.unlink()
        return Outcome(**found)

    def withdraw(self, name: str) -> bool:
        """Take an order back; False where the gateway has taken it already."""
        path = self._path(name, _OPEN)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        return True

    def take(self) -> list[tuple[str, Errand]]:
        """Take all orders that lie there, the oldest first; what is none is refused and removed."""
        return list(self._found(_OPEN))

    def left(self) -> list[tuple[str, Errand]]:
        """Take the orders that an earlier gateway took and did not begin, the oldest first."""
        return list(self._found(_TAKEN))

    def begin(self, name: str) -> bool:
        """Let go of an order that is about to be carried out, so that it is not a second time.

        False where it is gone, or cannot be removed: it is not carried out, then.
        """
        try:
            self._path(name, _TAKEN).unlink()
        except OSError as error:
            log.warning("order.refused", order=name, problem=str(error))
            return False
        return True

    def report(self, name: str, outcome: Outcome) -> None:
        """Say how an order ended."""
        with suppress(OSError):
            self._path(name, _TAKEN).unlink(missing_ok=True)
        try:
            replace_private(self._path(name, _DONE), json.dumps(asdict(outcome)).encode())
        except IdentityError as error:
            log.warning("order.unreported", order=name, problem=str(error))

    def prune(self, before: datetime) -> None:
        """Forget outcomes that nobody has read since an instant; the audit has them."""
        for path in self._waiting(_DONE):
            with suppress(OSError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()

    def _path(self, name: str, state: str) -> Path:
        return self._folder / f"{name}{state}"

    def _found(self, state: str) -> Iterator[tuple[str, Errand]]:
        for path in self._waiting(state):
            name = path.name.removesuffix(state)
            try:
                errand = from_document(_document(path))
                path.replace(self._path(name, _TAKEN))  # else it would be taken for ever
            except SettingsError as error:
                log.warning("order.refused", order=name, problem=str(error))
                self.report(name, Outcome(done=False, words=str(error)))
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("order.refused", order=name, problem=str(error))
            else:
                yield name, errand

    def _waiting(self, state: str) -> list[Path]:
        try:
            with os.scandir(self._folder) as found:
                entries = [entry for entry in found if entry.name.endswith(state)]
                dated = [
                    (entry.stat(follow_symlinks=False).st_mtime_ns, entry) for entry in entries
                ]
        except FileNotFoundError:
            return []
        except OSError as error:
            log.warning("orders.unreadable", folder=str(self._folder), problem=str(error))
            return []
        return [Path(entry.path) for _, entry in sorted(dated, key=lambda item: item[0])]


def _document(path: Path) -> dict[str, object]:
    """Read a file that only its owner, who is this user, can have written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, encoding="utf-8") as file:
            about = os.fstat(file.fileno())
            if about.st_uid not in {os.geteuid(), 0} or about.st_mode & (
                stat.S_IWGRP | stat.S_IWOTH
            ):
                problem = "others than this user may have written the order"
                raise SettingsError(problem, where=str(path), code="DG-1082")
            found = json.loads(file.read(_LONGEST))
    except (OSError, ValueError) as exc:
        raise SettingsError("the order cannot be read", where=str(path), code="DG-1082") from exc
    if not isinstance(found, dict):
        raise SettingsError("the order is no object", where=str(path), code="DG-1082")
    return found
