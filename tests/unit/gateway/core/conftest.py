"""The engine on a bench."""

import pytest

from support.engine_bench import Bench, an_engine, the_book
from support.heard import a_heard_bench


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


@pytest.fixture
def heard(book):
    """A bench whose station is connected and whose utility was heard at noon."""
    return a_heard_bench(book)
