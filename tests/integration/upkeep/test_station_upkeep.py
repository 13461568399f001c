"""A station over real sockets is looked after: certificates, roots, profiles, passwords, and its faults."""

import asyncio
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.core.events import SecurityNoticed
from gateway.security import pki
from gateway.security.identities import read_chain
from gateway.security.issuing import KeyAuthority, wanted
from gateway.simulators.station import Personality
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    Forget,
    InstallRoot,
    ListRoots,
    Move,
    Renew,
)
from gateway.stations.facade import Stations
from support.kept_site import a_kept_site
from support.site import a_free_port
from support.station_tls import OPERATOR, Makers
from support.stations import (
    PASSWORD,
    Posted,
    Wire,
    a_weak_verifier,
    basic,
    dial,
    real_clocks,
)

VERIFIER = a_weak_verifier()


async def denied(site, *, headers=None, ssl):
    """Knock as CS1; return the status of the refusal."""
    with pytest.raises(InvalidStatus) as found:
        async with dial(site, ssl=ssl, headers=headers):
            pass
    return found.value.response.status_code


async def test_a_certificate_that_ends_soon_is_replaced_and_the_old_one_is_over(tmp_path):
    async with a_kept_site(tmp_path) as site:
        old = site.certificate(ends_days=5)
        async with site.station(old) as station:
            await site.connected(2)
            used = await site.told("certificate.in_use", 2)
            assert station.sessions == 2
            assert station.core.security.own.leaf.issuer == used_issuer(site)
        assert used.problem.startswith("ends ")
        assert await denied(site, headers={}, ssl=site.makers.client(old)) == 401
        refused = site.posted.of(SecurityNoticed)[-1]
        assert "older than the one that it last came with" in refused.problem
        assert (await site.ordered(Forget("CS1"))).done
        async with dial(site, ssl=site.makers.client(old), headers={}) as socket:
            assert (await Wire(socket).boot())["status"] == "Accepted"


def used_issuer(site):
    return read_chain(site.makers.stations.certificate_path)[0].subject


async def test_until_the_new_one_was_used_the_old_one_is_good(tmp_path):
    async with a_kept_site(tmp_path) as site:
        old = site.certificate(ends_days=5)
        refuser = Personality(rejects=frozenset({"CertificateSigned"}))
        async with site.station(old, personality=refuser) as station:
            event = await site.told("certificate.not_taken")
            assert "Rejected" in event.problem
            await station.disconnect()
            await site.connected(2)
        assert site.kinds.count("certificate.in_use") == 1


async def test_a_station_asks_by_itself_and_is_given(tmp_path):
    async with a_kept_site(tmp_path) as site:
        async with site.station(site.certificate()) as station:
            await site.connected(1)
            station.core.security.ask(station._clock())
            station._stir()
            await site.told("certificate.in_use", 2)
        assert "errand.renew" not in site.kinds


FLAWS = {
    "forged": "not signed with its own key",
    "misnamed": "CN is neither",
    "foreign": f"O is not {OPERATOR}",
    "weak": "secp384r1",
}


@pytest.mark.parametrize("flaw", FLAWS)
async def test_a_flawed_request_is_refused_and_told_and_the_station_stays(tmp_path, flaw):
    async with a_kept_site(tmp_path) as site:
        bad = Personality(flaw=flaw)
        async with site.station(site.certificate(ends_days=5), personality=bad) as station:
            event = await site.told("certificate.refused_request")
            await station.wait_for(lambda: station.ready, 60)
            assert FLAWS[flaw] in event.problem
            assert (event.station, station.sessions) == ("CS1", 1)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Personality(flaw="unasked"), "never asked"),
        (Personality(rejects=frozenset({"TriggerMessage"})), "not triggered: Rejected"),
        (Personality(unsupported=frozenset({"TriggerMessage"})), "not triggered: NotSupported"),
        (Personality(errors={"TriggerMessage": "InternalError"}), "not triggered: CallError"),
    ],
    ids=["never asks", "refuses", "cannot", "fails"],
)
async def test_a_station_that_does_not_ask_is_told_of(tmp_path, fault, words):
    async with a_kept_site(tmp_path) as site, site.station(site.certificate(), personality=fault):
        await site.connected(1)
        assert words in (await site.ordered(Renew("CS1"))).words


async def test_an_operator_signs_elsewhere_and_the_station_gets_it_when_it_is_there(tmp_path):
    async with a_kept_site(tmp_path, spool=True) as site:
        async with site.station(site.certificate()):
            await site.connected(1)
            assert "waits" in (await site.ordered(Renew("CS1"))).words
            request = tmp_path / "requests" / "CS1.csr"
            root = site.makers.stations
            authority = KeyAuthority(root.certificate_path, root.key_path, 90)
            sound = wanted("CS1", request.read_text(), OPERATOR)
            chain = authority.sign(sound, site.upkeep._means.clocks.utc())
            request.with_suffix(".pem").write_text(chain)
            await site.told("certificate.in_use", 2)
        assert list((tmp_path / "requests").iterdir()) == []


async def test_a_station_moves_from_its_password_to_a_certificate_and_never_back(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER, profile=3) as site:
        async with site.station() as station:
            await site.told("station.profile_raised", 2)
            await station.wait_for(lambda: station.ready, 60)
            assert station.core.security.network.profile == 3
            assert station.core.security.network.order == [2]
        assert await denied(site, ssl=site.makers.client()) == 401
        refused = site.posted.of(SecurityNoticed)[-1]
        assert "security profile 2 is over since it came by 3" in refused.problem
        kinds = [kind for kind in site.kinds if kind != "access.denied"]
        assert kinds == [
            "station.profile_raised",
            "certificate.requested",
            "certificate.delivered",
            "errand.move",
            "certificate.in_use",
            "station.profile_raised",
        ]


async def test_a_station_that_cannot_come_by_the_new_profile_comes_back_by_the_old(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site:
        async with site.station() as station:
            await site.connected(1)
            away = Move("CS1", 2, "wss://127.0.0.1:1/ocpp")
            assert (await site.ordered(away)).done
            await site.connected(2)
            assert station.core.security.network.active == 1
            assert station.problems
        assert site.upkeep.past.profiles["CS1"] == 2


async def test_a_plain_station_learns_the_root_and_moves_to_tls(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site:
        root = site.makers.endpoint.certificate_path.read_text()
        async with site.station(url=site.plain_url, trust_anchor=None) as station:
            await site.connected(1)
            move = Move("CS1", 2, site.endpoint.url)
            assert "put the new profile first" in (await site.ordered(move)).words
            assert (await site.ordered(InstallRoot("CS1", root))).done
            outcome = await site.ordered(move)
            assert outcome.done, outcome
            await site.told("station.profile_raised")
            await station.wait_for(lambda: station.core.security.network.profile == 2, 60)
            assert (await site.ordered(ListRoots("CS1"))).done
            await site.settled()


async def test_a_downgrade_is_refused_before_the_station_is_asked(tmp_path):
    async with a_kept_site(tmp_path) as site, site.station(site.certificate()) as station:
        await site.connected(1)
        outcome = await site.ordered(Move("CS1", 2, site.endpoint.url))
        assert "goes down to none below" in outcome.words
        assert station.payloads("in", "SetNetworkProfile") == []


async def test_a_changed_password_opens_and_the_old_one_no_longer(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site:
        async with site.station() as station:
            await site.connected(1)
            assert (await site.ordered(ChangePassword("CS1"))).done
            await site.connected(2)
            assert station.core.security.network.way.password != PASSWORD
        assert await denied(site, ssl=site.makers.client()) == 401


@pytest.mark.parametrize("version", ["ocpp2.1", "ocpp2.0.1"])
async def test_a_station_that_took_the_password_and_fell_silent_is_not_locked_out(
    tmp_path, version
):
    async with a_kept_site(tmp_path, password=VERIFIER) as site:
        dropper = Personality(disconnects=frozenset({"SetVariables"}))
        async with site.station(personality=dropper, versions=(version,)) as station:
            await site.connected(1)
            assert "not known" in (await site.ordered(ChangePassword("CS1"))).words
            station.personality = Personality()
            await site.connected(2)
            await site.settled()
        assert site.kinds.count("errand.change-password") == 0


async def test_the_root_of_the_gateway_is_rolled_without_losing_the_station(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site:
        old_root = site.makers.endpoint
        new_root = pki.create_endpoint_authority(tmp_path / "next")
        serial = f"{read_chain(old_root.certificate_path)[0].serial_number:x}"
        async with site.station() as station:
            await site.connected(1)
            text = new_root.certificate_path.read_text()
            assert (await site.ordered(InstallRoot("CS1", text))).done
            renew_endpoint(site, new_root)
            await station.disconnect()
            await site.connected(2)
            assert (await site.ordered(DeleteRoot("CS1", serial))).done
            await station.disconnect()
            await site.connected(3)
            assert len(station.core.security.roots) == 1


def renew_endpoint(site, root):
    """Put an identity of another root in the place of the endpoint's, as before a SIGHUP."""
    made = pki.issue_endpoint(root, name="next")
    folder = site.makers.endpoint.certificate_path.parent
    made.certificate_path.replace(folder / "csms.pem")
    made.key_path.replace(folder / "csms.key")
    site.endpoint.reload_certificates()


async def test_security_events_of_the_station_are_told_as_it_says_them(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site, site.station():
        await site.connected(1)
        await site.ordered(ChangePassword("CS1"))
        event = await site.told("ReconfigurationOfSecurityParameters")
    assert (event.station, event.address, event.problem) == ("CS1", "CS1", "password")
    assert event.reported_at.endswith("Z")


async def test_the_event_of_a_station_that_lost_its_line_comes_when_it_is_back(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site, site.station() as station:
        await site.connected(1)
        await station.disconnect()
        station.core.security._notice("TamperDetectionActivated", station._clock(), "lid")
        assert (await site.told("TamperDetectionActivated")).problem == "lid"
        await asyncio.sleep(0)


async def test_plain_and_encrypted_stations_come_to_one_endpoint_and_each_id_once(tmp_path):
    async with a_kept_site(tmp_path, password=VERIFIER) as site, site.station():
        await site.connected(1)
        with pytest.raises(InvalidStatus) as found:
            async with connect(
                f"{site.plain_url}/CS1", subprotocols=["ocpp2.1"], additional_headers=basic("CS1")
            ):
                pass
        assert found.value.response.status_code == 409
    assert site.endpoint.plain_port is None


async def test_where_the_second_port_is_taken_the_first_is_free_again(tmp_path):
    makers = Makers.of(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = a_free_port()
        config = makers.config(plain_port=taken.getsockname()[1])
        settings = EndpointConfig("127.0.0.1", port, **config)
        endpoint = Endpoint(settings, [], Stations(Posted()), Posted(), real_clocks())
        with pytest.raises(OSError, match="in use"):
            async with endpoint:
                pass
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))
