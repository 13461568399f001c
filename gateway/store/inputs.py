"""The input log as files: what the engine heard, so that a day can be decided once more.

A run of the gateway is a series of parts, one for each day (UTC): `20261201T115900123456-0001.jsonl`, in
lines of JSON. The first part begins with what the run began with. Beside them lie the texts of the mapping
rules, `rules-<digest>.json`. Lines are with the operating system before what they led to is committed, so
that no kill of the process loses one; they are not forced to the disk, for the log is not the truth: the
database is. A run is kept until it ended so many days ago.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import structlog

from gateway.core.effects import Effect, Table
from gateway.core.engine import Documents
from gateway.core.events import Event, Now
from gateway.core.inputs import (
    Books,
    Setup,
    digest,
    event_document,
    event_from,
    now_document,
    now_from,
    offsets_document,
    setup_document,
    setup_from,
)
from gateway.core.replaying import Beginning, Input
from gateway.errors import StoreError
from translators.errors import ModelError
from translators.rules.book import digest_of

log = structlog.get_logger()

FORM = 1
"""Of the log; a reader knows the forms up to its own."""
MOST_WAITING = 64 * 1024 * 1024
"""Octets that wait for a disk which refuses, before the log of a run ends."""

_AT_ONCE = 1024 * 1024


class InputSegments:
    """An `InputLog` in one folder; only the holder of the store's lock may write it."""

    def __init__(self, folder: Path, setup: Setup, keep: timedelta) -> None:
        """Open nothing yet; runs that ended longer ago than `keep` are removed."""
        self._folder, self._setup, self._keep = folder, setup, keep
        self._run, self._part, self._day = "", 0, date.min
        self._file = -1
        self._waiting = bytearray()
        self._open = False
        """Whether the last line waits for what was decided."""
        self._offsets: dict[str, timedelta] | None = None
        self._number = 0
        self._ended = False
        self._refused = False

    def keep_rules(self, files: Mapping[str, str]) -> None:
        """Keep the texts of mapping rules, each set of them once."""
        path = self._folder / f"rules-{digest_of(files)}.json"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                made = path.with_suffix(".new")
                made.write_bytes(orjson.dumps(files))
                made.replace(path)
        except OSError as exc:
            log.warning("inputs.refused", problem=str(exc))

    def begin(self, kept: Documents, now: Now, effects: Sequence[Effect]) -> None:
        """Begin a run: with these documents, and these effects at once."""
        self._run = f"{now.utc:%Y%m%dT%H%M%S%f}"
        self._day = now.utc.date()
        self._forget(now.utc)
        head = {"form": FORM, "dergate": version("dergate"), "setup": setup_document(self._setup)}
        self._line({"run": head})
        for table, documents in kept.items():
            for key, document in documents.items():
                self._line({"kept": [table.value, key, document]})
        self._line({"began": now_document(now), "effects": digest(effects)})
        self.write()

    def hear(self, event: Event, now: Now) -> None:
        """Take an event in that is about to be handled."""
        if self._ended:
            return
        self._complete()
        day = now.utc.date()
        if day != self._day:
            self._turn(day, now.utc)
        self._number += 1
        instant: list[Any] = [now.utc, now.monotonic]
        if now.offsets != self._offsets:
            self._offsets = dict(now.offsets)
            instant.append(offsets_document(now.offsets))
        try:
            line = {"n": self._number, "now": instant, "event": event_document(event)}
            self._waiting += orjson.dumps(line)[:-1]
        except (orjson.JSONEncodeError, ModelError) as exc:  # the log has a gap then: it ends here
            self.write()
            self._end(f"{type(event).__name__} cannot be written: {exc}")
        else:
            self._open = True

    def decided(self, effects: Sequence[Effect]) -> None:
        """Say what came of the event that was heard last."""
        if self._open:
            self._waiting += b',"effects":"%b"}\n' % digest(effects).encode()
            self._open = False

    def write(self) -> None:
        """Hand the operating system all lines that are whole; what it refuses waits for the next time."""
        while (whole := self._waiting.rfind(b"\n") + 1) and not self._ended:
            try:
                if self._file < 0:
                    self._file = self._opened()
                written = os.write(self._file, bytes(self._waiting[: min(whole, _AT_ONCE)]))
            except OSError as exc:
                self._refuse(str(exc))
                return
            self._refused = False
            del self._waiting[:written]

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self._complete()
        self.write()
        self._let_go()

    def _complete(self) -> None:
        """Let a line be whole although nobody said what was decided."""
        if self._open:
            self._waiting += b"}\n"
            self._open = False

    def _line(self, value: Any) -> None:
        self._waiting += orjson.dumps(value) + b"\n"

    def _opened(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._part += 1
        path = self._folder / f"{self._run}-{self._part:04d}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        return os.open(path, flags, 0o600)

    def _turn(self, day: date, now: datetime) -> None:
        """Go on in a new part, for a new day."""
        self.write()
        if not self._waiting:  # else the old part takes what its disk refuses yet
            self._let_go()
            self._day, self._offsets = day, None
            self._forget(now)

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _refuse(self, problem: str) -> None:
        if not self._refused:
            log.warning("inputs.refused", problem=problem)
        self._refused = True
        if len(self._waiting) > MOST_WAITING:
            self._end(problem)

    def _end(self, problem: str) -> None:
        """Write no more of this run: what is there of it stays good."""
        log.error("inputs.ended", problem=problem)
        self._ended, self._open = True, False
        self._waiting.clear()

    def _forget(self, now: datetime) -> None:
        """Remove runs that ended long enough ago."""
        oldest = (now - self._keep).timestamp()
        with suppress(OSError):
            for run in runs(self._folder):
                if run.name != self._run and run.parts[-1].stat().st_mtime < oldest:
                    for part in run.parts:
                        part.unlink()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One run of a gateway in a log, part by part."""

    name: str
    parts: tuple[Path, ...]

    def beginning(self) -> Beginning:
        """Return what it began with; `StoreError` where that is not there."""
        lines = self._lines()
        where, first = next(lines, (str(self.parts[0]), {}))
        head = first.get("run")
        if head is None:
            raise StoreError("its beginning is not there", where=where, code="DG-1340")
        if head["form"] > FORM:
            raise StoreError(
                f"has form {head['form']}, this dergate knows up to {FORM}",
                where=where,
                code="DG-1341",
                advice="use the newer dergate that made it",
            )
        kept: dict[Table, dict[str, Any]] = {table: {} for table in Table}
        for _, line in lines:
            if "kept" in line:
                table, key, document = line["kept"]
                kept[Table(table)][key] = document
            else:
                began = now_from(line["began"])
                return Beginning(setup_from(head["setup"]), kept, began, line["effects"])
        raise StoreError("its beginning is not whole", where=where, code="DG-1340")

    def inputs(self, books: Books) -> Iterator[Input]:
        """Yield what it heard, in order; `StoreError` where a line or a part is missing or broken."""
        number, offsets = 0, dict[str, timedelta]()
        for where, line in self._lines():
            if "event" not in line:
                continue
            number += 1
            if line["n"] != number:
                problem = f"event {line['n']} follows event {number - 1}"
                raise StoreError(problem, where=where, code="DG-1342")
            try:
                now = now_from(line["now"], offsets)
                event = event_from(line["event"], books)
            except (ModelError, TypeError, ValueError) as exc:
                raise StoreError(f"is no event: {exc}", where=where, code="DG-1343") from exc
            offsets = now.offsets
            yield Input(number, now, event, line.get("effects"))

    def _lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each line with its place; a line that a crash cut off at the end is passed over."""
        for path in self.parts:
            with path.open("rb") as part:
                for number, line in enumerate(part, 1):
                    where = f"{path}:{number}"
                    if not line.endswith(b"\n") and path == self.parts[-1]:
                        return
                    try:
                        yield where, orjson.loads(line)
                    except orjson.JSONDecodeError as exc:
                        raise StoreError("is no JSON", where=where, code="DG-1343") from exc


def runs(path: Path) -> list[Recorded]:
    """Return the runs of a folder, or the one of which a file is a part, oldest first."""
    folder, wanted = (path, "") if path.is_dir() else (path.parent, path.name.partition("-")[0])
    found: dict[str, list[Path]] = {}
    for part in sorted(folder.glob("[0-9]*T[0-9]*-[0-9]*.jsonl")):
        found.setdefault(part.name.partition("-")[0], []).append(part)
    return [Recorded(name, tuple(parts)) for name, parts in found.items() if wanted in {"", name}]


def rule_texts(folder: Path, wanted: str) -> dict[str, str]:
    """Return the texts of the rules of that digest; `StoreError` where they are not kept, or others."""
    path = folder / f"rules-{wanted}.json"
    try:
        files: dict[str, str] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as exc:
        raise StoreError("cannot be read", where=str(path), code="DG-1344") from exc
    if digest_of(files) != wanted:
        raise StoreError("is not what its name says", where=str(path), code="DG-1344")
    return files
