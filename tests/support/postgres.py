"""A real PostgreSQL for tests: the one that DERGATE_POSTGRES names, or one of Debian's, started here."""

import asyncio
import os
import pwd
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from support.site import a_free_port

VARIABLE = "DERGATE_POSTGRES"
ABSENT = "no PostgreSQL here: install Debian's `postgresql`, or name a server in DERGATE_POSTGRES"
_START_S = 60


def binaries():
    """Return the folder of the newest server's programs, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    return found[-1].parent if found else None


@contextmanager
def a_server(*more):
    """Run a server of our own, with `more` options; yield its address."""
    with tempfile.TemporaryDirectory(prefix="dergate-postgres-") as place:
        Path(place).chmod(0o711)  # an unprivileged user passes through
        with _serving(Path(place) / "data", more) as url:
            yield url


@contextmanager
def _serving(folder, more):
    programs, port = binaries(), a_free_port()
    folder.mkdir()
    user = {}
    if os.geteuid() == 0:  # PostgreSQL runs for nobody who may do anything
        owner = pwd.getpwnam("nobody")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    place = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    initdb = [programs / "initdb", "-D", folder, "-U", "dergate", "-A", "trust", "-E", "UTF8", "-N"]
    subprocess.run([*initdb, "--locale=C"], check=True, **place, **user)
    options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
    command = [programs / "postgres", "-D", folder]
    for option in (*options, "max_connections=60", "shared_buffers=16MB", *more):
        command += ["-c", option]
    process = subprocess.Popen(command, **place, **user)
    try:
        yield _ready(process, f"postgresql://dergate@127.0.0.1:{port}/postgres")
    finally:
        process.terminate()
        process.wait()


def _ready(process, url):
    """Wait until the server answers."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            asked(url, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            time.sleep(0.05)
        else:
            return url
    raise RuntimeError(f"PostgreSQL does not start: exit status {process.poll()}")


def asked(url, *statements):
    """Run statements as another program would; return the rows of the last."""

    async def ask():
        connection = await asyncpg.connect(url, timeout=5)
        try:
            for statement in statements:
                rows = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return asyncio.run(ask())


@contextmanager
def a_database(server, name):
    """Yield the address of tables of our own on a server."""
    asked(server, f"CREATE SCHEMA {name}")
    try:
        yield f"{server}?search_path={name}"
    finally:
        asked(server, f"DROP SCHEMA {name} CASCADE")
