import pytest

from gateway.security import pki


@pytest.fixture(scope="session")
def authorities(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("foreign"))


@pytest.fixture(scope="session")
def endpoint_root(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("csms"))
