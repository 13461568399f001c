"""The engine on a bench, looked at from outside."""

import asyncio
import sys

import pytest

from gateway.admin.views import View
from support.engine_bench import Bench, an_engine, the_book

if sys.platform == "linux":
    import uvloop


def pytest_asyncio_loop_factories(config, item):
    """Take the loop that the service has: its transports are of other classes than asyncio's."""
    del config, item
    if sys.platform == "linux":
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(scope="session")
def book():
    return the_book()


@pytest.fixture
def ready(book):
    bench = Bench(an_engine(book))
    bench.connect()
    return bench


@pytest.fixture
def view(ready):
    return lambda: View(ready.engine.world, ready.now)
