"""Orders to the running gateway: what is to be done at a station for its security, and how it ended.

An order is a file in the folder of the site's state, which only the user who runs the gateway may write
to. It waits for a station that is away, and for a gateway that does not run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.config import DEFAULT, Config
from gateway.errors import SettingsError
from gateway.security.credentials import in_doubt
from gateway.security.vault import Vault
from gateway.settings import Settings, load
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    Errand,
    Forget,
    InstallRoot,
    ListRoots,
    Move,
)
from gateway.stations.orders import Orders

roots = typer.Typer(
    name="root",
    no_args_is_help=True,
    add_completion=False,
    help="The roots by which stations know the gateway.",
)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of stations.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the station.")]
Wait = Annotated[
    float, typer.Option("--wait", metavar="S", help="How long to wait for each; 0: not at all.")
]
PATIENCE_S = 180.0
_LOOK_S = 0.1


@roots.command("install")
def install_root(
    ids: Ids,
    root: Annotated[Path, typer.Option("--root", metavar="PEM", help="The certificate.")],
    config: Config = DEFAULT,
    wait: Wait = PATIENCE_S,
) -> None:
    """Have stations trust another root (M05)."""
    try:
        text = root.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError("cannot be read", where=str(root), code="DG-1086") from exc
    give(config, ids, lambda station: InstallRoot(station, text), wait)


@roots.command("delete")
def delete_root(
    ids: Ids,
    serial: Annotated[str, typer.Option("--serial", metavar="HEX", help="Its serial number.")],
    config: Config = DEFAULT,
    wait: Wait = PATIENCE_S,
) -> None:
    """Have stations trust a root no longer (M04); never the only one that they have."""
    give(config, ids, lambda station: DeleteRoot(station, serial), wait)


@roots.command("list")
def list_roots(ids: Ids, config: Config = DEFAULT, wait: Wait = PATIENCE_S) -> None:
    """Have stations say which roots they trust (M03)."""
    give(config, ids, ListRoots, wait)


def move(
    ids: Ids,
    profile: Annotated[int, typer.Option("--profile", min=1, max=3, help="Security profile.")],
    url: Annotated[str, typer.Option("--url", help="Address; ocpp.public_url by default.")] = "",
    interface: Annotated[
        str, typer.Option("--interface", help="OCPPInterfaceEnumType; Wired0 or Any by default.")
    ] = "",
    config: Config = DEFAULT,
    wait: Wait = PATIENCE_S,
) -> None:
    """Move stations to a security profile or an address (A05, B09); the old one stays as way back."""
    address = url or load(config).ocpp.public_url
    if not address:
        raise SettingsError("where to? give --url, or set ocpp.public_url", code="DG-1066")
    give(config, ids, lambda station: Move(station, profile, address, interface), wait)


def rekey(ids: Ids, config: Config = DEFAULT, wait: Wait = PATIENCE_S) -> None:
    """Give stations new passwords, which nobody sees (A01)."""
    give(config, ids, ChangePassword, wait)


def forget(ids: Ids, config: Config = DEFAULT, wait: Wait = PATIENCE_S) -> None:
    """Let only the settings count: changed passwords, used certificates and profiles are forgotten."""
    give(config, ids, Forget, wait)


def known(station: Id, config: Config = DEFAULT) -> None:
    """Print what the gateway keeps of a station beside the settings."""
    settings = load(config)
    given = _verifiers(settings, [station])[station]
    vault = Vault(settings.known_dir)
    kept, verifier = vault.of(station), vault.verifier(station, given)
    typer.echo(f"password          {_origin(verifier, given)}")
    typer.echo(f"certificate ends  {kept.certificate_end or 'none was used'}")
    typer.echo(f"security profile  {kept.profile or 'any'}, wanted {kept.target or 'by nobody'}")


def give(config: Path, ids: Sequence[str], errand: Callable[[str], Errand], wait_s: float) -> None:
    """Order the same at stations, and print how each ended; exit 1 where one did not end well."""
    settings = load(config)
    _verifiers(settings, ids)
    orders = Orders(settings.orders_dir)
    names = [(station, orders.place(errand(station))) for station in ids]
    if wait_s <= 0:
        typer.echo(f"{len(names)} ordered")
        return
    failed = [station for station, name in names if not _ended(orders, station, name, wait_s)]
    if failed:
        raise typer.Exit(1)


def _ended(orders: Orders, station: str, name: str, wait_s: float) -> bool:
    """Wait for one order and print its end; one that nobody took is withdrawn."""
    end = time.monotonic() + wait_s
    while (outcome := orders.outcome(name)) is None and time.monotonic() < end:
        time.sleep(_LOOK_S)
    if outcome is None:
        words = "nobody took the order" if orders.withdraw(name) else "it goes on: see the audit"
        typer.echo(f"{station}: {words}", err=True)
        return False
    typer.echo(f"{station}: {outcome.words}", err=not outcome.done)
    return outcome.done


def _origin(verifier: str, given: str) -> str:
    """Say where a password comes from; `given` is the verifier of the settings."""
    if in_doubt(verifier):
        return "one of several: its change was not confirmed"
    if not verifier:
        return "none"
    return "of the settings" if verifier == given else "changed"


def _verifiers(settings: Settings, ids: Sequence[str]) -> dict[str, str]:
    """Return the verifiers of stations; SettingsError where one is not enrolled."""
    found = {station.id: station.password_verifier for station in settings.stations}
    for station in ids:
        if station not in found:
            raise SettingsError(f"{station} is no station of the settings", code="DG-1089")
    return found
