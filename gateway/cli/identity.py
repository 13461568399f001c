"""`dergate certs`: the development PKI, requests to a foreign authority, LFDI and SFDI, expiry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.security.certificates import hardware_serial
from gateway.security.identities import Identity, certificate_lfdi, expiries, read_chain
from gateway.security.pki import (
    LOOPBACK,
    create_authorities,
    create_endpoint_authority,
    issue_device,
    issue_endpoint,
    issue_server,
    load_authorities,
    load_endpoint_authority,
    request_device,
)
from translators.ieee2030_5.identity import sfdi

app = typer.Typer(
    name="certs",
    no_args_is_help=True,
    add_completion=False,
    help="Certificates: development PKI, requests, LFDI and SFDI, expiry.",
)
issue = typer.Typer(no_args_is_help=True, help="Issue an identity from the development PKI.")
app.add_typer(issue, name="issue")

WARN_DAYS = 30

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the development PKI.")]
Serial = Annotated[
    str, typer.Argument(metavar="SERIAL", help="Serial number of the device; it names the files.")
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="DNS name or address, repeatable. [127.0.0.1, localhost]"),
]


@app.command("ca-init")
def ca_init(folder: Folder) -> None:
    """Make SERCA, MCA and MICA for 2030.5, and the root of the OCPP endpoint."""
    authorities = create_authorities(folder)
    endpoint = create_endpoint_authority(folder)
    typer.echo(f"2030.5 trust anchor  {authorities.trust_anchor}")
    typer.echo(f"OCPP trust anchor    {endpoint.certificate_path}")


@issue.command("device")
def issue_device_command(folder: Folder, serial: Serial) -> None:
    """Issue a 2030.5 device certificate; SERIAL goes into its hardwareModuleName."""
    _show(issue_device(load_authorities(folder), serial))


@issue.command("server")
def issue_server_command(folder: Folder, name: str = "server", host: Hosts = None) -> None:
    """Issue the certificate of a 2030.5 server."""
    _show(issue_server(load_authorities(folder), name=name, hosts=_hosts(host)))


@issue.command("endpoint")
def issue_endpoint_command(
    folder: Folder,
    name: str = "csms",
    host: Hosts = None,
    *,
    rsa: Annotated[bool, typer.Option("--rsa", help="RSA 2048 in place of P-256.")] = False,
) -> None:
    """Issue the TLS identity of the OCPP endpoint."""
    identity = issue_endpoint(
        load_endpoint_authority(folder),
        name=name,
        hosts=_hosts(host),
        key_kind="rsa2048" if rsa else "p256",
    )
    typer.echo(f"certificate  {identity.certificate_path}")
    typer.echo(f"key          {identity.key_path}")


@app.command()
def csr(folder: Folder, serial: Serial) -> None:
    """Make a key and a certificate request for a foreign authority."""
    request, key = request_device(folder, serial)
    typer.echo(f"request  {request}")
    typer.echo(f"key      {key}")


@app.command("lfdi")
def lfdi_command(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Print the LFDI and SFDI of the first certificate in FILE (PEM or DER)."""
    name = certificate_lfdi(file)
    typer.echo(f"LFDI  {name}")
    typer.echo(f"SFDI  {sfdi(name)}")


@app.command()
def expiry(
    folder: Folder,
    days: Annotated[
        int, typer.Option(help="Exit 1 when less than this many are left.")
    ] = WARN_DAYS,
) -> None:
    """List when the certificates of DIR end; exit 1 when one ends soon."""
    found = expiries(folder)
    for item in found:
        typer.echo(f"{item.not_after:%Y-%m-%d}  {item.days_left:>8} days  {item.path}")
    if any(item.days_left < days for item in found):
        raise typer.Exit(1)


def _hosts(given: list[str] | None) -> tuple[str, ...]:
    return tuple(given) if given else LOOPBACK


def _show(identity: Identity) -> None:
    typer.echo(f"certificate  {identity.certificate_path}")
    typer.echo(f"key          {identity.key_path}")
    serial = hardware_serial(read_chain(identity.certificate_path)[0])
    typer.echo(f"serial       {serial}")
    typer.echo(f"LFDI         {identity.lfdi}")
    typer.echo(f"SFDI         {identity.sfdi}")
