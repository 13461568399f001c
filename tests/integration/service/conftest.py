import pytest

from gateway.security.identities import certificate_lfdi
from gateway.settings import load
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility
from support.service import Service
from support.site import a_site, enrol, server_files, write_site


@pytest.fixture
def service():
    return Service


@pytest.fixture
def settings(tmp_path):
    def loaded(**changes):
        return load(write_site(tmp_path, a_site(**changes)), {})

    return loaded


@pytest.fixture
def enrolled(tmp_path):
    return enrol(tmp_path, "CS1")


@pytest.fixture
def options():
    """How the utility behaves; tests override it."""
    return Options(Dialect(), poll_rate_s=1, page_size=10)


@pytest.fixture
async def utility(enrolled, options):
    async with SimulatedUtility(server_files(enrolled), options) as opened:
        yield opened


@pytest.fixture
def program(tmp_path, utility):
    """A program that the identity of CS1 is assigned to."""
    made = utility.add_program(1)
    utility.add_device(certificate_lfdi(tmp_path / "certs" / "cs1.pem"), made)
    return made
