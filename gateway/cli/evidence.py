"""`dergate audit`: what can be proved from the audit chain, and read in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer

from gateway.errors import StoreError
from gateway.ports import AuditHead
from gateway.security.signing import public_key_at
from gateway.security.stamping import roots_at
from gateway.store import chain
from gateway.store.checkpoints import FILE, Seals, read
from gateway.store.evidence import export
from gateway.store.sqlite import stored_head
from gateway.store.stamps import FILE as STAMPS
from gateway.store.stamps import prove, read_stamps, stamp_newest
from gateway.store.story import as_text, records, story
from gateway.store.verification import verify

app = typer.Typer(
    name="audit",
    no_args_is_help=True,
    add_completion=False,
    help="The audit chain: verify, show, export, anchor, stamp, stamps; all offline but stamp.",
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
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Signed checkpoints, kept elsewhere.")
    ] = None,
    pubkey: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The key (PEM) that has to have signed them."),
    ] = None,
) -> None:
    """Check that no record was changed, cut, added or moved; exit 1 names the first that was."""
    if database is not None and head is None:
        head = stored_head(database)
    seals = _seals(checkpoint, pubkey)
    verdict = verify(path, after=after or chain.GENESIS, head=head, seals=seals)
    typer.echo(f"records  {verdict.records}")
    typer.echo(f"head     {verdict.head.sequence}:{verdict.head.digest}")
    if verdict.fault is not None:
        fault = verdict.fault
        typer.echo(f"broken   record {fault.sequence} {fault.problem} ({fault.where})")
        raise typer.Exit(1)
    typer.echo("whole    every record follows the one before it")
    if seals is not None:
        signed = "not looked at: no --pubkey" if pubkey is None else "signed by that key"
        typer.echo(f"sealed   {seals.seen} checkpoints agree, {signed}")
    elif head is None:
        typer.echo(
            "         (a cut at the end shows only against what was kept elsewhere: --head, --checkpoint)"
        )


def _seals(checkpoint: Path | None, pubkey: Path | None) -> Seals | None:
    if checkpoint is None:
        if pubkey is not None:
            raise typer.BadParameter("goes with --checkpoint", param_hint="--pubkey")
        return None
    key = None if pubkey is None else public_key_at(pubkey)
    return Seals(read(checkpoint), key)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Audit folder, or one segment.")],
    name: Annotated[str, typer.Argument(metavar="ID", help="mRID of a command, or a control id.")],
    *,
    form: Annotated[
        Literal["text", "json"], typer.Option("-o", "--output", help="For people, or records.")
    ] = "text",
) -> None:
    """Tell the whole story of one command: from the document to what stations did; exit 1 for none."""
    found = list(story(lambda: records(path), name))
    if form == "json":
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        for line in as_text(found):
            typer.echo(line)
    if not found:
        typer.echo(f"no record is about {name}", err=True)
        raise typer.Exit(1)


@app.command("export")
def export_command(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="Audit folder.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A new zip file.")],
    *,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="YYYY-MM-DD.")] = "0000",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="YYYY-MM-DD.")] = "9999",
    database: Annotated[
        Path | None, typer.Option(help="The gateway's database: documents as they came.")
    ] = None,
) -> None:
    """Pack segments, checkpoints and documents for an auditor on another machine."""
    count = export(path, out, first, last, database)
    typer.echo(f"{out} holds {count} segments")


@app.command()
def anchor(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="Audit folder.")],
) -> None:
    """Print the newest signed checkpoint: one line to keep where nobody here can change it."""
    known = read(path / FILE)
    if not known:
        raise StoreError("has no checkpoint yet", where=str(path / FILE), code="DG-1314")
    typer.echo(known[-1].line(), nl=False)


@app.command("stamp")
def stamp_command(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="Audit folder.")],
    *,
    tsa: Annotated[str, typer.Option(metavar="URL", help="Time stamping authority (RFC 3161).")],
    tsa_ca: Annotated[
        Path, typer.Option("--tsa-ca", metavar="FILE", help="Authorities (PEM) that vouch for it.")
    ],
) -> None:
    """Let an authority stamp the newest signed checkpoint; only its hash leaves this machine."""
    last, at = stamp_newest(path / FILE, path / STAMPS, tsa, roots_at(tsa_ca))
    said = "has a stamp already" if at is None else f"stamped at {at.isoformat()}"
    typer.echo(f"checkpoint of record {last} {said}")


@app.command("stamps")
def stamps_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Time stamps: audit/stamps.ndjson.")],
    *,
    checkpoint: Annotated[Path, typer.Option(metavar="FILE", help="The checkpoints stamped.")],
    tsa_ca: Annotated[
        Path, typer.Option("--tsa-ca", metavar="FILE", help="Authorities (PEM) of who stamped.")
    ],
) -> None:
    """Check that each time stamp is of one of these checkpoints; exit 1 names the first that is not."""
    held = read_stamps(path)
    newest, problem = prove(read(checkpoint), held, roots_at(tsa_ca))
    if problem:
        typer.echo(f"broken   {problem}")
        raise typer.Exit(1)
    until = "" if newest is None else f", the newest at {newest.isoformat()}"
    typer.echo(f"stamped  {len(held)} checkpoints{until}")
