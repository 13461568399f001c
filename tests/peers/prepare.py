"""Prepares the foreign peers, each in an environment of its own: `python tests/peers/prepare.py [PEER...]`.

A peer is a folder beside this file. `requirements.lock` makes it a Python peer: a virtual environment
with exactly those packages. `package-lock.json` makes it a Node peer: a folder with `node_modules`.
Environments lie under `.venv-peers/` and are remade when the lock or the interpreter changes; a
prepared one costs a file read. This file needs the standard library and an interpreter with pip.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1] / ".venv-peers"
INSTALL_TIMEOUT_S = 600
_STAMP = "prepared"
_TAMPERED = ("do not match the hashes", "eintegrity", "hashes are required")


class PeerUnavailableError(Exception):
    """A peer cannot be had on this machine; says why."""


class PeerCorruptError(Exception):
    """What was fetched is not what the lock names."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A foreign program: its folder with scripts and lock, and where its packages go."""

    folder: Path
    environment: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def is_node(self) -> bool:
        """True for a Node peer, False for a Python peer."""
        return self.lock.name == "package-lock.json"

    @property
    def lock(self) -> Path:
        """The file that names every package with its hash."""
        node = self.folder / "package-lock.json"
        return node if node.exists() else self.folder / "requirements.lock"

    @property
    def program(self) -> str:
        """What runs the peer's scripts."""
        return "node" if self.is_node else str(self.environment / "bin" / "python")

    def state(self) -> str:
        """Return a digest of all that the environment depends on."""
        runner = _version("node") if self.is_node else sys.version
        return hashlib.sha256(self.lock.read_bytes() + runner.encode()).hexdigest()


def peer(name: str) -> Peer:
    """Return the peer of that name."""
    return Peer(HERE / name, HOME / name)


def peers() -> list[Peer]:
    """Return every peer by name."""
    locks = [*HERE.glob("*/requirements.lock"), *HERE.glob("*/package-lock.json")]
    return [peer(lock.parent.name) for lock in sorted(locks)]


def prepare(wanted: Peer) -> bool:
    """Make the environment; False where it stood already.

    PeerUnavailableError where the machine lacks node, npm or the network; PeerCorruptError where a
    package is not the locked one.
    """
    if wanted.is_node:
        _need("node")
        _need("npm")
    state = wanted.state()
    stamp = wanted.environment / _STAMP
    with _alone(wanted):
        if stamp.exists() and stamp.read_text() == state:
            return False
        shutil.rmtree(wanted.environment, ignore_errors=True)
        (_make_node if wanted.is_node else _make_python)(wanted)
        stamp.write_text(state)
    return True


def _make_python(wanted: Peer) -> None:
    _run([sys.executable, "-m", "venv", "--without-pip", str(wanted.environment)])
    pip = [sys.executable, "-m", "pip", "--python", wanted.program, "--disable-pip-version-check"]
    install = ["install", "--quiet", "--require-hashes", "--only-binary", ":all:"]
    _run([*pip, *install, "-r", str(wanted.lock)])


def _make_node(wanted: Peer) -> None:
    wanted.environment.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(wanted.folder / name, wanted.environment)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], wanted.environment)


def _run(command: list[str], folder: Path | None = None) -> None:
    """Run an installer; its last line is the reason where it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as exc:
        raise PeerUnavailableError(f"{command[0]} took longer than {exc.timeout:.0f} s") from exc
    if done.returncode:
        told = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        errors = [line for line in told if line.startswith("ERROR")] or told[-1:]
        reason = errors[0].strip() if errors else f"exit {done.returncode}"
        if any(word in "\n".join(told).lower() for word in _TAMPERED):
            raise PeerCorruptError("\n".join(told[-12:]))
        raise PeerUnavailableError(reason)


@contextlib.contextmanager
def _alone(wanted: Peer) -> Iterator[None]:
    """Keep other processes from preparing the same peer."""
    wanted.environment.parent.mkdir(parents=True, exist_ok=True)
    with wanted.environment.with_suffix(".busy").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _need(command: str) -> None:
    if shutil.which(command) is None:
        raise PeerUnavailableError(f"{command} is not installed")


def _version(command: str) -> str:
    return subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout


def main(names: list[str]) -> int:
    """Prepare the named peers, or all; exit 1 when one is missing."""
    failures = 0
    for wanted in [peer(name) for name in names] or peers():
        try:
            made = prepare(wanted)
        except (PeerUnavailableError, PeerCorruptError) as exc:
            failures += 1
            sys.stderr.write(f"{wanted.name}: {exc}\n")
        else:
            sys.stdout.write(f"{wanted.name}: {'made' if made else 'stands'}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
