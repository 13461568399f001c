"""Foreign servers that take part where they are installed, each in an environment of its own.

The Python ones are in `rivals`. The Node ones are `server.js` of a peer (tests/peers) and speak the
same lines with the parent; a checkout has them once `make peers` was run. They are given the OCPP 2.1
schemas of the `ocpp` package, under the names that they look schemas up by.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gateway.bench.wire import Wire

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = {"raw websockets": "raw", "ocpp": "ocpp"}


@dataclass(frozen=True, slots=True)
class NodePeer:
    """A server on a package of npm, by its folder under tests/peers."""

    folder: str
    package: str

    @property
    def environment(self) -> Path:
        """Return where its packages are."""
        return _ROOT / ".venv-peers" / self.folder

    @property
    def script(self) -> Path:
        """Return the program."""
        return _ROOT / "tests" / "peers" / self.folder / "server.js"

    @property
    def installed(self) -> bool:
        """Say whether it can take part."""
        there = (self.environment / "node_modules" / self.package).is_dir() and self.script.exists()
        return there and shutil.which("node") is not None


NODE = {
    "ocpp-rpc": NodePeer("ocpp_rpc", "ocpp-rpc"),
    "ocpp-ws-io": NodePeer("ocpp_ws_io", "ocpp-ws-io"),
}


def rivals(wire: Wire, *, peers: bool) -> list[str]:
    """Return who takes part beside the gateway; over TLS only those that share its suites."""
    found = ["raw websockets"]
    if peers:
        found.append("ocpp")
        found += [name for name, peer in NODE.items() if peer.installed and not wire.tls]
    return found


def rival(name: str, wire: Wire) -> Sequence[str]:
    """Return the command of a rival's server."""
    if name in _PYTHON:
        command = "from gateway.bench.rivals import main; main()"
        return (sys.executable, "-c", command, _PYTHON[name], *wire.words)
    peer = NODE[name]
    return ("node", str(peer.script), str(peer.environment), str(schemas()))


def schemas() -> Path:
    """Return the folder of the OCPP 2.1 schemas."""
    spec = find_spec("ocpp")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package `ocpp` is not installed")
    return Path(spec.origin).parent / "v21" / "schemas"
