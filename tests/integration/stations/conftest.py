"""What holds for one transport holds for every other: each test of this folder runs over both.

The loop is the one that the service has.
"""

import asyncio
import sys

import pytest

from support import stations

if sys.platform == "linux":
    import uvloop


def pytest_asyncio_loop_factories(config, item):
    del config, item
    if sys.platform == "linux":
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(params=["websockets", "picows"], autouse=True)
def transport(request, monkeypatch):
    monkeypatch.setitem(stations.DEFAULTS, "transport", request.param)
    return request.param
