"""Peers are prepared on demand; where one cannot be had its tests skip, but never in CI."""

import os

import pytest
from peers.prepare import PeerUnavailableError, peer, prepare


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
