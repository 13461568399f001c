from contextlib import asynccontextmanager

import httpx
import pytest

from gateway.security import pki
from gateway.security.tls import utility_client_context
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility
from support.site import server_files

SEP = "application/sep+xml"


@pytest.fixture(scope="session")
def authorities(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("foreign"))


@pytest.fixture(scope="session")
def files(authorities):
    return server_files(authorities)


@pytest.fixture(scope="session")
def mine(authorities):
    return pki.issue_device(authorities, "mine")


@pytest.fixture(scope="session")
def theirs(authorities):
    return pki.issue_device(authorities, "theirs")


class Client:
    """A client with one certificate; addresses are paths."""

    def __init__(self, http, url, identity):
        self.http, self.url, self.identity = http, url.removesuffix("/dcap"), identity

    async def get(self, path, **headers):
        return await self.http.get(self.url + path, headers=headers)

    async def send(self, method, path, body, media_type=SEP):
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": media_type}
        return await self.http.request(method, self.url + path, content=content, headers=headers)

    async def post(self, path, body, media_type=SEP):
        return await self.send("POST", path, body, media_type)

    async def put(self, path, body, media_type=SEP):
        return await self.send("PUT", path, body, media_type)


@pytest.fixture
def connect(authorities):
    """Open a client of `utility` with the certificate of `identity`."""

    @asynccontextmanager
    async def opened(utility, identity):
        context = utility_client_context(
            identity.certificate_path, identity.key_path, authorities.trust_anchor
        )
        async with httpx.AsyncClient(verify=context, timeout=10, trust_env=False) as http:
            yield Client(http, utility.url, identity)

    return opened


@pytest.fixture
def options():
    """How the utility behaves; tests override it by parametrizing."""
    return Options(Dialect(), page_size=10)


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
async def client(utility, device, mine, connect):
    async with connect(utility, mine) as opened:
        yield opened


@pytest.fixture
async def stranger(utility, device, theirs, connect):
    """A client with a certificate of the same authority, registered, but assigned to nothing."""
    utility.add_device(theirs.lfdi)
    async with connect(utility, theirs) as opened:
        yield opened
