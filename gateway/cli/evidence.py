"""`dergate audit`: what can be proved from the audit chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from gateway.ports import AuditHead
from gateway.store import chain
from gateway.store.sqlite import stored_head
from gateway.store.verification import verify

app = typer.Typer(
    name="audit",
    no_args_is_help=True,
    add_completion=False,
    help="The audit chain: verify it offline.",
)

_HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")


def _head(text: str) -> AuditHead:
    """Return the head that `SEQUENCE:HASH` says."""
    found = _HEAD.fullmatch(text)
    if found is None:
        raise typer.BadParameter("is no SEQUENCE:HASH of 64 hexadecimal digits")
    return AuditHead(int(found[1]), found[2])


@app.callback()
def group() -> None:
    """Read the audit chain; nothing here changes it."""


@app.command("verify")
def verify_command(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Audit folder, or one segment.")],
    *,
    head: Annotated[
        AuditHead | None,
        typer.Option(parser=_head, metavar="SEQ:HASH", help="A head noted elsewhere."),
    ] = None,
    after: Annotated[
        AuditHead | None,
        typer.Option(parser=_head, metavar="SEQ:HASH", help="Head of what was archived before."),
    ] = None,
    database: Annotated[
        Path | None, typer.Option(help="Take the head from the gateway's database.")
    ] = None,
) -> None:
    """Check that no record was changed, cut, added or moved; exit 1 names the first that was."""
    if database is not None and head is None:
        head = stored_head(database)
    verdict = verify(path, after=after or chain.GENESIS, head=head)
    typer.echo(f"records  {verdict.records}")
    typer.echo(f"head     {verdict.head.sequence}:{verdict.head.digest}")
    if verdict.fault is not None:
        fault = verdict.fault
        typer.echo(f"broken   record {fault.sequence} {fault.problem} ({fault.where})")
        raise typer.Exit(1)
    typer.echo("whole    every record follows the one before it")
    if head is None:
        typer.echo("         (a cut at the end shows only against a head noted elsewhere: --head)")
