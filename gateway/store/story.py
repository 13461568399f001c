"""The whole story of one command or control, out of the audit segments, as people read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import StoreError
from gateway.store import chain
from gateway.store.audit import segments

type Record = Mapping[str, Any]


def records(folder: Path) -> Iterator[Record]:
    """Yield the records of a folder of segments, or of one segment; `StoreError` where one is none."""
    for path in segments(folder) if folder.is_dir() else [folder]:
        try:
            with path.open("rb") as lines:
                for number, text in enumerate(lines, start=1):
                    found = chain.parts(text)
                    if found is None:
                        problem = "is no audit record"
                        raise StoreError(problem, where=f"{path.name}:{number}", code="DG-1315")
                    yield orjson.loads(found[1])
        except OSError as exc:
            raise StoreError(
                "cannot be read", where=str(path), code="DG-1311", advice=exc.strerror or str(exc)
            ) from exc


def story(read: Callable[[], Iterable[Record]], name: str) -> Iterator[Record]:
    """Yield what concerns a command (mRID, or utility/station/mRID) or one of its controls, in order.

    `read` returns all records anew: they are gone through twice, and never held.
    """
    commands = set(_commands(read(), name))
    controls: set[tuple[str, str]] = set()
    for record in read():
        about = record["details"].get("command")
        about = about if isinstance(about, str) else None  # of a receipt it is the command itself
        station = record["details"].get("station") or record["actor"]
        if record["kind"] == "control.dispatched" and about in commands:
            controls.add((station, record["subject"]))
        known = (station, record["subject"]) in controls or _withdrawn(record, controls)
        if record["subject"] in commands or about in commands or known:
            yield record


def as_text(told: Iterable[Record]) -> Iterator[str]:
    """Yield a story line by line: when, who, what, of what, and what a person asks next."""
    for record in told:
        mark = "  (shadow: not sent)" if record["details"].get("shadow") else ""
        yield f"{record['ts_utc']}  {record['actor']}  {record['kind']}  {record['subject']}{mark}"
        yield from (f"    {line}" for line in _told(record))


def _commands(everything: Iterable[Record], name: str) -> Iterator[str]:
    """Yield the keys of the commands that a name stands for."""
    for record in everything:
        subject = record["subject"]
        if record["kind"].startswith("command.") and name in {subject, subject.rpartition("/")[2]}:
            yield subject
        elif record["kind"] == "control.dispatched" and subject == name:
            yield record["details"]["command"]


def _withdrawn(record: Record, controls: set[tuple[str, str]]) -> bool:
    """Say whether the gateway itself acts on a control: such records name no station."""
    ids = {control for _, control in controls}
    return record["actor"] == "gateway" and record["subject"] in ids


def _told(record: Record) -> Iterator[str]:
    details = record["details"]
    match record["kind"]:
        case "command.received" | "command.updated":
            yield from _command(details["command"])
            yield from (f"document  SHA-256 {digest}" for digest in record["raw"])
        case "control.dispatched":
            yield f"{details['action']} to {details['station']}, rules {details['book'][:12]}"
            yield f"payload   {orjson.dumps(details['payload']).decode()}"
            for loss in details.get("losses", ()):
                yield f"loss      {loss['kind']}: {loss['where']}: {loss['detail']} ({loss['rule']})"
        case "command.refused" if "refusals" in details:
            for refusal in details["refusals"]:
                yield f"refused   {refusal['function']}: {refusal['problem']} ({refusal['rule']})"
        case _:
            shown = {
                key: value
                for key, value in details.items()
                if key not in {"book", "command", "shadow"}
            }
            for key, value in shown.items():
                yield f"{key:<9} {value if isinstance(value, str) else orjson.dumps(value).decode()}"


def _command(command: Record) -> Iterator[str]:
    span = command.get("interval")
    when = "default" if span is None else f"{span['start']} to {span['end'] or 'no end'}"
    origin = command["origin"]
    yield f"{origin['protocol']} {origin['revision']}, primacy {command['primacy']}, {when}"
    for control in command["controls"]:
        members = {key: value for key, value in control.items() if key != "$type"}
        yield f"control   {control['$type']} {orjson.dumps(members).decode()}"
