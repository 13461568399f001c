"""What the service keeps of its stations: settings, orders and restarts, from one end to the other."""

import pytest

from gateway.errors import IdentityError
from gateway.security import pki
from gateway.security.credentials import verify
from gateway.security.vault import Vault
from gateway.simulators.station import SimulatedStation, StationOptions
from gateway.simulators.station_security import SecurityOptions
from gateway.stations.errands import ChangePassword
from gateway.stations.orders import Orders
from support.runtime_bench import until
from support.site import PASSWORD, VERIFIER, a_free_port, a_station

OPERATOR = "Grid Operator"


@pytest.fixture
def authorities(tmp_path):
    """Make what the endpoint shows and what signs certificates of stations."""
    endpoint = pki.create_endpoint_authority(tmp_path / "csms")
    pki.issue_endpoint(endpoint)
    return endpoint, pki.create_station_authority(tmp_path / "ca", organisation=OPERATOR)


def encrypted(port):
    return {
        "port": port,
        "certificate": "csms/csms.pem",
        "key": "csms/csms.key",
        "station_ca": "ca/station-ca.pem",
        "operator": OPERATOR,
        "issuer": "ca/station-ca.pem",
        "issuer_key": "ca/station-ca.key",
        "public_url": f"wss://127.0.0.1:{port}/ocpp",
    }


def a_simulated_station(port, authorities, password=PASSWORD):
    return SimulatedStation(
        StationOptions(
            id="CS1",
            password=password,
            url=f"wss://127.0.0.1:{port}/ocpp",
            trust_anchor=authorities[0].certificate_path,
            security=SecurityOptions(operator=OPERATOR),
            backoff_s=0.05,
        )
    )


async def test_a_changed_password_counts_after_a_restart(
    service, settings, enrolled, authorities, tmp_path
):
    port = a_free_port()
    gateway = service(settings(ocpp=encrypted(port)))
    await gateway.running()
    orders = Orders(tmp_path / "state" / "orders")
    async with a_simulated_station(port, authorities) as station:
        await station.wait_for(lambda: station.ready, 60)
        name = orders.place(ChangePassword("CS1"))
        assert (await until(lambda: orders.outcome(name))).done
        new = station.core.security.network.way.password
    await gateway.end()
    verifier = Vault(tmp_path / "state" / "stations").verifier("CS1", VERIFIER)
    assert (verify(new, verifier), verify(PASSWORD, verifier)) == (True, False)
    again = service(settings(ocpp=encrypted(port)))
    await again.running()
    async with a_simulated_station(port, authorities, new) as station:
        await station.wait_for(lambda: station.ready, 60)
    await again.end()
    segments = b"".join(p.read_bytes() for p in (tmp_path / "state" / "audit").iterdir())
    assert b"security.errand.change-password" in segments
    assert new.encode() not in segments


async def test_the_settings_move_a_station_to_a_certificate(
    service, settings, enrolled, authorities, tmp_path
):
    port = a_free_port()
    stations = [a_station(security_profile=3)]
    gateway = service(settings(ocpp=encrypted(port), stations=stations))
    await gateway.running()
    async with a_simulated_station(port, authorities) as station:
        await station.wait_for(lambda: station.core.security.network.profile == 3, 20)
        await station.wait_for(lambda: station.ready, 60)
    await gateway.end()
    kept = Vault(tmp_path / "state" / "stations").of("CS1")
    assert (kept.profile, kept.target) == (3, 3)


async def test_a_key_that_others_may_read_is_a_reason_not_to_start(
    service, settings, enrolled, authorities, tmp_path
):
    (tmp_path / "ca" / "station-ca.key").chmod(0o644)
    with pytest.raises(IdentityError, match="chmod 600"):
        await service(settings(ocpp=encrypted(0))).running()
