"""A station between two utilities over mutual TLS; the clock of the second one is an hour fast."""

from dataclasses import dataclass

import pytest

from gateway.security.identities import certificate_lfdi
from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility, control
from gateway.simulators.utility_2030_5_controls import fixed_pf, fixed_var, import_limit
from gateway.simulators.utility_2030_5_xml import CSIP_AUS
from support.site import PASSWORD, a_station, a_utility, server_files

PATIENCE_S = 60


@dataclass
class Peer:
    """One utility with the program of the station."""

    utility: SimulatedUtility
    program: object

    def asks(self, begin, seconds, *parts):
        """Issue an event; `begin` counts from 1970 in our time."""
        start = begin + int(self.utility.time_offset_s)
        return self.utility.add_control(self.program, control(start, seconds, *parts))

    async def told(self, held, *statuses):
        await self.utility.wait_for(
            lambda: self.utility.statuses(held.mrid) == list(statuses), PATIENCE_S
        )


@pytest.fixture
async def peers(enrolled, tmp_path):
    """`dso` and `iso`; both number their events alike."""
    files = server_files(enrolled)
    options = Options(Dialect("2018", CSIP_AUS), poll_rate_s=1, page_size=10)
    async with SimulatedUtility(files, options) as dso, SimulatedUtility(files, options) as iso:
        iso.time_offset_s = 3600.0
        made = []
        for utility, primacy in [(dso, 9), (iso, 1)]:
            program = utility.add_program(primacy)
            utility.add_device(certificate_lfdi(tmp_path / "certs" / "cs1.pem"), program)
            made.append(Peer(utility, program))
        yield made


@pytest.fixture
async def station(service, settings, peers):
    utilities = [
        a_utility(name, url=peer.utility.url, poll_interval_s=0.2)
        for name, peer in [("iso", peers[1]), ("dso", peers[0])]
    ]
    stations = [a_station(precedence=["dso", "iso"])]
    gateway = service(settings(utilities=utilities, stations=stations))
    port = (await gateway.running()).endpoint.port
    url = f"ws://127.0.0.1:{port}/ocpp"
    options = StationOptions(id="CS1", password=PASSWORD, url=url, tick_s=0.2)
    async with SimulatedStation(options) as opened:
        await opened.wait_for(lambda: opened.ready, PATIENCE_S)
        yield opened
    await gateway.end()


def factor(station):
    """Return the power factor that the station runs, None while it runs none."""
    active = station.controls.active.get("FixedPFInject")
    return None if active is None else active.body["displacement"]


async def test_each_has_what_precedence_leaves_it_and_is_told_so(peers, station):
    dso, iso = peers
    begin = int(dso.utility.now()) + 2
    weak = iso.asks(begin, 9, fixed_pf("0.95", absorbing_var=True))
    strong = dso.asks(begin + 3, 3, fixed_pf("0.90", absorbing_var=True))
    hopeless = iso.asks(begin + 4, 1, fixed_var(20, 2))
    bounds = [
        dso.asks(begin, 8, import_limit(8000)),
        iso.asks(begin + 1, 4, import_limit(4000)),
    ]
    assert weak.mrid == strong.mrid
    for expected in (0.95, 0.90, 0.95):
        await station.wait_for(lambda wanted=expected: factor(station) == wanted, PATIENCE_S)
    await dso.told(strong, 1, 2, 3)
    await iso.told(hopeless, 1, 13)
    await iso.told(weak, 1, 2, 3)
    await dso.told(bounds[0], 1, 2, 3)
    await iso.told(bounds[1], 1, 2, 3)
    assert not station.problems
    limits = [
        payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
        for payload in station.payloads(IN, "SetChargingProfile")
    ]
    assert {4000, 8000} == set(limits)
    for peer in peers:
        kinds = {document.kind for document in peer.utility.documents}
        assert {"DERCapability", "DERStatus"} <= kinds
        assert peer.utility.readings
        assert peer.utility.refusals == []
