"""Peers are prepared on demand; where one cannot be had its tests skip, but never in CI."""

import os
from contextlib import ExitStack, closing

import pytest
from peers.prepare import PeerUnavailableError, peer, prepare
from peers.program import Service

from gateway.security import pki
from support.site import server_files


@pytest.fixture(scope="session")
def prepared():
    """Return the peer of a name with its environment made."""

    def ready(name):
        wanted = peer(name)
        try:
            prepare(wanted)
        except PeerUnavailableError as exc:
            absent = f"the peer {name} cannot be had here: {exc}"
            if os.environ.get("CI"):
                pytest.fail(absent)
            pytest.skip(absent)
        return wanted

    return ready


@pytest.fixture(scope="session")
def service(prepared):
    """Start a peer's script that answers questions, once."""
    with ExitStack() as running:
        started = {}

        def serving(name, script):
            known = (name, script)
            if known not in started:
                started[known] = running.enter_context(closing(Service(prepared(name), script)))
            return started[known]

        yield serving


@pytest.fixture(scope="session")
def authorities(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def files(authorities):
    """The TLS files of a utility."""
    return server_files(authorities)


@pytest.fixture(scope="session")
def device(authorities):
    return pki.issue_device(authorities, "station-1")


@pytest.fixture(scope="session")
def stranger(authorities):
    return pki.issue_device(authorities, "stranger")
