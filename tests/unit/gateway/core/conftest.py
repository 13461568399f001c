"""The engine on a bench."""

import pytest

from support.engine_bench import Bench, an_engine, the_book


@pytest.fixture(scope="session")
def book():
    return the_book()


@pytest.fixture
def bench(book):
    return Bench(an_engine(book))


@pytest.fixture
def ready(bench):
    """A bench whose station is connected and holds nothing."""
    bench.connect()
    return bench
