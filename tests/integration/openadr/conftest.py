import pytest

from gateway.simulators.vtn import Options, SimulatedVtn
from support.openadr_site import Depot


@pytest.fixture(params=["3.0", "3.1"])
def edition(request):
    return request.param


@pytest.fixture
def options(edition):
    """How the VTN behaves; tests override it."""
    return Options(revision=edition, strict=True)


@pytest.fixture
async def vtn(options):
    async with SimulatedVtn(options) as opened:
        yield opened
        assert opened.complaints == [], "what the VEN did amiss"


@pytest.fixture
async def depot(vtn, tmp_path):
    """A gateway between a VTN and a station, not begun yet."""
    made = Depot(vtn, tmp_path)
    yield made
    await made.close()
