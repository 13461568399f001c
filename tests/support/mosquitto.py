"""A real MQTT broker for tests: Debian's mosquitto, started here."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from support.site import a_free_port

ABSENT = "no mosquitto here: install Debian's `mosquitto`"
_START_S = 10


def program():
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def over_tls(authority, identity, more="allow_anonymous true"):
    """Return settings of a broker that speaks TLS and trusts certificates of this authority."""
    return "\n".join(
        [
            f"cafile {authority.certificate_path}",
            f"certfile {identity.certificate_path}",
            f"keyfile {identity.key_path}",
            more,
        ]
    )


@contextmanager
def a_broker(folder, port=0, *, settings="allow_anonymous true"):
    """Run a broker on loopback; yield its port."""
    if program() is None:
        pytest.skip(ABSENT)
    port = port or a_free_port()
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\n{settings}\nuser root\n")
    output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([program(), "-c", file], **output)
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(process, port):
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("mosquitto does not listen")
