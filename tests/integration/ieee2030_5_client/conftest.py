from contextlib import asynccontextmanager

import pytest

from gateway.security import pki
from gateway.simulators.utility_2030_5 import Options, SimulatedUtility
from support.engine_bench import the_book
from support.site import server_files
from support.utility_bench import Bench, an_access, at_work


@pytest.fixture(scope="session")
def book():
    return the_book()


@pytest.fixture(scope="session")
def authorities(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def files(authorities):
    return server_files(authorities)


@pytest.fixture(scope="session")
def mine(authorities):
    return pki.issue_device(authorities, "mine")


@pytest.fixture
def options():
    """How the utility behaves; tests override it by parametrizing."""
    return Options()


@pytest.fixture
async def utility(files, options):
    async with SimulatedUtility(files, options) as opened:
        yield opened


@pytest.fixture
def program(utility):
    return utility.add_program(1, description="feeder")


@pytest.fixture
def device(utility, program, mine):
    return utility.add_device(mine.lfdi, program)


@pytest.fixture
def bench_of(utility, device, mine, authorities, book):
    """Return a bench whose link differs from the usual one as told."""

    def made(remembered=None, **changes):
        return Bench(an_access(utility, mine, authorities, **changes), book, remembered)

    return made


@pytest.fixture
async def bench(bench_of):
    async with at_work(bench_of()) as working:
        yield working


@pytest.fixture
def started(bench_of):
    """Start a link that differs from the usual one as told."""

    @asynccontextmanager
    async def opened(remembered=None, **changes):
        async with at_work(bench_of(remembered, **changes)) as working:
            yield working

    return opened
