"""The engine on a bench, looked at from outside."""

import pytest

from gateway.admin.views import View
from support.engine_bench import Bench, an_engine, the_book


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
