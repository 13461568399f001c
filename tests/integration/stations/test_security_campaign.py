"""The attacks of the security campaign in small numbers; tests/security/campaign.py has the large ones."""

import pytest

from gateway.core.events import SecurityNoticed
from support.security_campaign import campaign_entries, foreign, pairs, races, slow
from support.stations import a_site, a_weak_verifier, an_entry


async def test_of_200_foreign_connects_none_is_accepted_and_the_audit_says_how_many():
    async with a_site(*campaign_entries()) as site:
        found = await foreign(site, 200)
        site.endpoint.tell_counted()
        noticed = site.posted.of(SecurityNoticed)
    assert (found["accepted"], found["announced"]) == (0, 0)
    assert set(found["answers"]) <= {401, 404, 429}
    assert sum(event.count for event in noticed) == 200
    assert len(noticed) <= 150


async def test_of_10_times_10_passwords_only_the_diagonal_opens():
    names = [f"S{number}" for number in range(10)]
    entries = [an_entry(name, password_verifier=a_weak_verifier(f"of {name}")) for name in names]
    async with a_site(*entries) as site:
        opened, answers = await pairs(site, names)
    assert opened == [(name, name) for name in names]
    assert answers == {101: 10, 401: 90}


async def test_of_50_races_for_one_id_no_frame_goes_to_another():
    async with a_site() as site:
        found = await races(site, 50, at_once=10)
    assert found["answers"] == {409: 50}
    assert found["frames to another"] == 0
    assert found["answered by the station"] == found["commands"] == 5


async def test_200_slow_connections_disturb_no_station_and_are_closed_in_time(monkeypatch):
    monkeypatch.setattr("gateway.stations.endpoint._HANDSHAKE_S", 1.5)
    names = [f"G{number}" for number in range(20)]
    others = [f"N{number}" for number in range(3)]
    async with a_site(*(an_entry(name) for name in names + others)) as site:
        found = await slow(site, 200, names, seconds=0.2)
    assert (found["lost"], found["newcomers in"]) == (0, 3)
    assert found["closed by us"] == 200
    assert found["p99 meanwhile, ms"] == pytest.approx(found["p99 before, ms"], abs=250)
