"""`dergate check --online` against a real utility, and a real VTN."""

import asyncio

import pytest

from gateway.cli.main import main
from gateway.security import pki
from gateway.security.identities import certificate_lfdi
from gateway.simulators.vtn import SimulatedVtn
from support.site import a_client_of, a_site, a_utility, write_site


@pytest.fixture
def asked(tmp_path, capsys):
    """Run the command in a thread; return exit status, what it says of the peer, and stderr."""

    async def found_of(entry):
        file = write_site(tmp_path, a_site(utilities=[entry]))
        status = await asyncio.to_thread(main, ["check", "--online", "-c", str(file)])
        printed = capsys.readouterr()
        found = [line for line in printed.out.splitlines() if line.startswith("online")]
        return status, found, printed.err

    return found_of


@pytest.fixture
def check(asked, utility):
    async def checked(**changes):
        return await asked(a_utility(**{"url": utility.url} | changes))

    return checked


@pytest.fixture
async def vtn():
    async with SimulatedVtn() as opened:
        yield opened


@pytest.fixture
def check_vtn(asked, vtn, tmp_path):
    async def checked(**changes):
        return await asked(a_client_of(vtn, tmp_path, **changes))

    return checked


@pytest.fixture
def registered(tmp_path, utility):
    utility.add_device(certificate_lfdi(tmp_path / "certs" / "cs1.pem"))


async def test_a_utility_that_knows_us_is_reached(check, registered):
    status, [line], _ = await check()
    assert status == 0
    assert line.startswith("online    CS1 at grid  reached in ")


async def test_a_server_behind_another_authority_is_not_reached(check, registered, tmp_path):
    foreign = pki.create_authorities(tmp_path / "foreign")
    status, found, err = await check(trust_anchor=str(foreign.trust_anchor))
    assert (status, found) == (4, [])
    assert "CS1 at grid (https://127.0.0.1:" in err
    assert "DG-1201 cannot be reached" in err
    assert "certificate verify failed" in err


async def test_a_server_with_another_lfdi_than_the_pinned_is_refused(check, registered):
    status, found, err = await check(peer_lfdi="AB" * 20)
    assert (status, found) == (4, [])
    assert "DG-1201" in err


async def test_a_server_that_is_away_is_not_reached(check, unused_tcp_port):
    status, found, err = await check(url=f"https://127.0.0.1:{unused_tcp_port}/dcap")
    assert (status, found) == (4, [])
    assert "cannot be reached" in err


async def test_an_address_without_device_capability_is_told_apart(check, registered, utility):
    status, found, err = await check(url=utility.url.replace("/dcap", "/nowhere"))
    assert (status, found) == (4, [])
    assert "HTTP 404" in err


async def test_a_vtn_that_gives_us_a_token_is_reached(check_vtn, vtn):
    status, [line], _ = await check_vtn()
    assert status == 0
    assert line.startswith("online    vtn  reached in ")
    assert {it.method for it in vtn.exchanges} == {"GET", "POST"}
    assert not vtn.entries("VEN")


async def test_a_vtn_that_knows_no_such_client_is_told(check_vtn):
    status, found, err = await check_vtn(client_id="nobody")
    assert (status, found) == (4, [])
    assert "vtn (http://127.0.0.1:" in err
    assert "DG-1201 no token: HTTP 401" in err


async def test_a_vtn_whose_clock_is_off_is_told(check_vtn, vtn):
    vtn.time_offset_s = 60
    status, found, err = await check_vtn()
    assert (status, found) == (4, [])
    assert "DG-1201 its clock is +" in err


async def test_a_vtn_that_is_away_is_not_reached(check_vtn, unused_tcp_port):
    status, found, err = await check_vtn(url=f"http://127.0.0.1:{unused_tcp_port}/openadr3")
    assert (status, found) == (4, [])
    assert "cannot be reached" in err
