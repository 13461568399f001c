"""What must hold of sites: their ids, their stations, their meters, the worst case of each."""

import pytest

from gateway.core.station import COMMISSIONING, SITE
from gateway.settings import examine
from support.site import a_site, a_station, a_utility, an_evse, an_identity, write_site

RATED = [an_evse(ratings={"MaxChargeRateW": 22000})]
STATIONS = [a_station("CS1", evses=RATED), a_station("CS2", evses=RATED)]


def depot(*stations, **changes):
    return {"id": "depot", "stations": [{"id": name} for name in stations or ("CS1",)]} | changes


def faults(folder, *identities, **changes):
    bound = identities or (an_identity("CS1"), an_identity("CS2"))
    values = a_site(stations=STATIONS, utilities=[a_utility("grid", *bound)]) | changes
    settings, found = examine(write_site(folder, values), {})
    assert settings is not None
    return [(fault.code, fault.problem) for fault in found]


def of_the_depot(**changes):
    return {"station": "", "site": "depot", **changes}


def test_stations_of_a_site_need_no_identity_of_their_own(tmp_path):
    identity = an_identity() | of_the_depot()
    assert faults(tmp_path, identity, sites=[depot("CS1", "CS2")]) == []


def test_a_station_of_a_site_may_have_an_identity_beside_it(tmp_path):
    assert faults(tmp_path, sites=[depot("CS1")]) == []


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        pytest.param(depot(id="CS1"), "site CS1 has the id of a station", id="id of a station"),
        pytest.param(depot("CS9"), "CS9 of site depot is no station here", id="unknown member"),
        pytest.param(
            depot("CS1", "CS1"), "station CS1 stands behind depot already", id="member twice"
        ),
        pytest.param(
            depot(meter={"station": "CS9"}),
            "the meter is CS9, which is no station here",
            id="unknown meter",
        ),
        pytest.param(
            depot("CS1", meter={"station": "CS1"}),
            "the meter of site depot is CS1, one of its own stations",
            id="meter of its own",
        ),
        pytest.param(
            depot(id=COMMISSIONING.removeprefix(SITE)),
            "site commissioning has a name of the gateway's own",
            id="name of a trial",
        ),
    ],
)
def test_a_site_names_stations_once_that_are_there(tmp_path, site, problem):
    assert faults(tmp_path, sites=[site]) == [("DG-1067", problem)]


def test_two_sites_have_two_ids(tmp_path):
    found = faults(tmp_path, sites=[depot("CS1"), depot("CS2")])
    assert found == [("DG-1050", "sites: id depot stands twice")]


@pytest.mark.parametrize(
    ("evse", "known"),
    [
        pytest.param(an_evse(), False, id="nothing"),
        pytest.param(an_evse(ratings={"MaxA": 32}), False, id="amps of DC"),
        pytest.param(an_evse(current="AC", ratings={"MaxA": 32}), True, id="amps of AC"),
        pytest.param(an_evse(ratings={"MaxChargeRateW": 0}), True, id="watts"),
    ],
)
def test_the_worst_case_of_each_station_is_known(tmp_path, evse, known):
    stations = [a_station("CS1", evses=[evse]), STATIONS[1]]
    problem = "the worst case of station CS1 in site depot is not known"
    expected = [] if known else [("DG-1048", problem)]
    assert faults(tmp_path, sites=[depot("CS1")], stations=stations) == expected


@pytest.mark.parametrize("both", [False, True])
def test_an_identity_stands_for_a_station_or_for_a_site(tmp_path, both):
    identity = an_identity() | (of_the_depot(station="CS1") if both else {"station": ""})
    found = faults(tmp_path, identity, sites=[depot("CS1", "CS2")])
    assert found[0] == ("DG-1051", "an identity stands for one station or for one site")


def test_an_identity_of_no_site_is_a_fault(tmp_path):
    identity = an_identity() | of_the_depot(site="yard")
    found = faults(tmp_path, identity, sites=[depot("CS1", "CS2")])
    assert found == [("DG-1051", "the identity is bound to yard, which is no site here")]
