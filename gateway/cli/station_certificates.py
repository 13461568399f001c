"""`dergate station certificate`: an authority of station certificates, by hand and at run time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from cryptography.x509.oid import NameOID

from gateway.cli.config import DEFAULT, Config
from gateway.cli.errands import PATIENCE_S, Ids, Wait, give
from gateway.errors import IdentityError
from gateway.security.files import write_public
from gateway.security.identities import read_chain
from gateway.security.issuing import KeyAuthority, wanted
from gateway.security.pki import (
    create_station_authority,
    issue_station,
    load_station_authority,
)
from gateway.stations.errands import Renew

app = typer.Typer(
    name="certificate",
    no_args_is_help=True,
    add_completion=False,
    help="Certificates of stations: an authority, issue, sign, show, renew.",
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the authority.")]
Operator = Annotated[
    str, typer.Option("--operator", metavar="O", help="O of the certificates: ocpp.operator.")
]
Name = Annotated[str, typer.Argument(metavar="CN", help="Id of the station, or its serial number.")]
_DAYS = 397


@app.command()
def init(folder: Folder, operator: Operator) -> None:
    """Make an authority of station certificates: station-ca.pem and station-ca.key."""
    made = create_station_authority(folder, organisation=operator)
    typer.echo(f"station_ca, issuer  {made.certificate_path}")
    typer.echo(f"issuer_key          {made.key_path}")


@app.command()
def issue(folder: Folder, name: Name, operator: Operator) -> None:
    """Make key and certificate of a station, for its first installation."""
    made = issue_station(load_station_authority(folder), name, operator=operator)
    typer.echo(f"certificate  {made.certificate_path}")
    typer.echo(f"key          {made.key_path}")


@app.command()
def sign(
    folder: Folder,
    request: Annotated[Path, typer.Argument(metavar="CSR", help="Request (PEM) of the station.")],
    name: Annotated[str, typer.Option("--station", metavar="CN", help="Whose it must be.")],
    operator: Operator,
    days: Annotated[int, typer.Option("--days", min=1, max=3650)] = _DAYS,
) -> None:
    """Check a request and put its certificate beside it, where the gateway looks for it."""
    try:
        text = request.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as exc:
        raise IdentityError("cannot be read", where=str(request), code="DG-1101") from exc
    found = load_station_authority(folder)
    authority = KeyAuthority(found.certificate_path, found.key_path, days)
    chain = authority.sign(wanted(name, text, operator))
    typer.echo(f"certificate  {write_public(request.with_suffix('.pem'), chain.encode())}")


@app.command()
def show(file: Annotated[Path, typer.Argument(metavar="PEM")]) -> None:
    """Print whom the first certificate of a file stands for, and until when."""
    leaf = read_chain(file)[0]
    for label, kind in (("O", NameOID.ORGANIZATION_NAME), ("CN", NameOID.COMMON_NAME)):
        for part in leaf.subject.get_attributes_for_oid(kind):
            typer.echo(f"{label:<8} {part.value!s}")
    typer.echo(f"issuer   {leaf.issuer.rfc4514_string()}")
    typer.echo(f"serial   {leaf.serial_number:x}")
    typer.echo(f"begins   {leaf.not_valid_before_utc:%Y-%m-%d %H:%M:%S} UTC")
    typer.echo(f"ends     {leaf.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC")


@app.command()
def renew(ids: Ids, config: Config = DEFAULT, wait: Wait = PATIENCE_S) -> None:
    """Have connected stations ask for new certificates, and give them (A02)."""
    give(config, ids, Renew, wait)
