"""`dergate sim`: the shipped simulators, each playing a script until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.fleet import fleet
from gateway.errors import SettingsError
from gateway.security.identities import read_identity, trust_store
from gateway.security.tls import web_client_context, web_server_context
from gateway.simulators import station_script, utility_2030_5, vtn_script
from gateway.simulators.vtn import SimulatedVtn
from gateway.simulators.vtn_day import Day
from gateway.simulators.vtn_quirks import QUIRKS

app = typer.Typer(
    name="sim",
    no_args_is_help=True,
    add_completion=False,
    help="Simulators: a utility, a VTN, a station, a fleet.",
)
app.command("fleet")(fleet)

Script = Annotated[Path, typer.Argument(metavar="SCRIPT", help="YAML script to play.")]

_VTN_HELP = "\n\n".join(
    (
        "Serve an OpenADR 3 VTN; print each step, write, refusal and complaint; exit 1 where there was one.",
        "Switches of a script (`quirks`):",
        *(f"{name}: {text}." for name, text in QUIRKS.items()),
    )
)


@app.callback()
def group() -> None:
    """Play a peer of the gateway, on real sockets."""


@app.command("station")
def station_command(script: Script) -> None:
    """Run charging stations behind one grid; print what they are asked and what they measure."""
    asyncio.run(station_script.serve(station_script.load_script(_text(script)), typer.echo))


@app.command("utility-2030.5")
def utility_command(
    script: Script,
    *,
    certificate: Annotated[Path, typer.Option(help="Server certificate chain (PEM).")],
    key: Annotated[Path, typer.Option(help="Its private key (PEM).")],
    trust_anchor: Annotated[Path, typer.Option(help="Certificates (PEM) of its clients.")],
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8443,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve an IEEE 2030.5 utility over mutual TLS; print each step, post and refusal."""
    played = utility_2030_5.load_script(_text(script), script.parent)
    read_identity(certificate, key)
    trust_store(trust_anchor)
    files = utility_2030_5.Files(certificate, key, trust_anchor)
    asyncio.run(
        utility_2030_5.serve(played, files, typer.echo, address=(host, port), folder=script.parent)
    )


@app.command("vtn", help=_VTN_HELP)
def vtn_command(  # noqa: PLR0913 - each is an option of the command
    script: Script,
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    certificate: Annotated[
        Path | None, typer.Option(help="Server certificate chain (PEM); else plain HTTP.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    trust_anchor: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) of callbacks and of the broker.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End after the last step and what it expects.")
    ] = False,
) -> None:
    """Serve the script."""
    played = vtn_script.load_script(_text(script))
    if (certificate is None) != (key is None):
        raise SettingsError("go together", where="--certificate and --key", code="DG-1143")
    vtn = SimulatedVtn(
        played.options,
        address=(host, port),
        tls=None if certificate is None or key is None else web_server_context(certificate, key),
        trust=None if trust_anchor is None else web_client_context(trust_anchor),
        broker=played.broker,
    )
    asyncio.run(_until_told(Day(played, vtn, typer.echo).serve(once=once)))
    if vtn.complained:
        raise typer.Exit(1)


async def _until_told(service: Coroutine[None, None, None]) -> None:
    """Run a service until it ends, or until SIGTERM or SIGINT end it."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(service)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _text(script: Path) -> str:
    try:
        return script.read_text(encoding="utf-8")
    except OSError as exc:
        problem = f"cannot be read: {exc.strerror}"
        raise SettingsError(problem, where=str(script), code="DG-1020") from exc
