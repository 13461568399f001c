"""`dergate plan` and `apply`: what stations would be told, read by people before it is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.cli.answers import put
from gateway.cli.asking import gateway_of
from gateway.cli.config import DEFAULT, Config
from gateway.errors import SettingsError
from translators.ocpp.wire import leaves


def plan(
    config: Config = DEFAULT,
    *,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="table|json|FILE", help="For people, programs, or `apply`."
        ),
    ] = "table",
) -> None:
    """Show desired against reported: what each station would be told, and why; it sends nothing."""
    found = gateway_of(config).get("plan")
    document = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"
    if output == "json":
        put(document, None)
        return
    if output != "table":
        put(document, Path(output))
    for line in _lines(found):
        typer.echo(line)


def apply(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A plan, of `dergate plan -o FILE`.")
    ],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit.")],
    config: Config = DEFAULT,
) -> None:
    """Send exactly what a plan says: the hold ends; refused where it would be another plan by now."""
    wanted = _read(file)
    words = {"digest": wanted["digest"], "reason": reason, "actor": getuser()}
    told = gateway_of(config).order("plan", **words)
    typer.echo(f"applied {told['applied'][:12]}: {told['changes']} changes")


def _read(file: Path) -> Any:
    """Return a plan; `SettingsError` where a file is none."""
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as exc:
        raise SettingsError("cannot be read", where=str(file), code="DG-1096") from exc
    if not isinstance(found, dict) or not isinstance(found.get("digest"), str):
        raise SettingsError("is no plan", where=str(file), code="DG-1096")
    return found


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a plan for people: station by station what, why, and each member that changes."""
    for change in found["changes"]:
        functions = ", ".join(change["functions"])
        yield f"{change['station']}  {change['what']:<6}  {functions}  ({change['action']})"
        yield f"    control  {change['control']}"
        yield f"    for      {change['command']}: {change['why']}"
        yield from (f"    {line}" for line in _members(change["before"], change["after"]))
    yield from (f"{name}  takes part again" for name in found["rejoined"])
    yield from (f"{station}  waits: {note}" for station, note in found["notes"].items())
    counts = Counter(change["what"] for change in found["changes"])
    told = ", ".join(f"{counts[what]} to {what}" for what in ("set", "change", "clear"))
    yield f"{told}; plan {found['digest'][:12]}"
    if not found["waits"]:
        yield "nothing is held back: what is due is being sent"


def _members(before: Any, after: Any) -> Iterator[str]:
    was, becomes = dict(leaves(before or {})), dict(leaves(after or {}))
    for path in dict.fromkeys((*was, *becomes)):
        if was.get(path) != becomes.get(path):
            values = [orjson.dumps(v[path]).decode() for v in (was, becomes) if path in v]
            yield f"{'+' if path not in was else '-' if path not in becomes else ' '} {path}: " + (
                " -> ".join(values)
            )
