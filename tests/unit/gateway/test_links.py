"""Which links a site has, and what they are given of an earlier run."""

import pytest

from gateway.clock import SystemClock
from gateway.connectors.ieee2030_5 import Ieee2030_5Link
from gateway.connectors.openadr import OpenAdrLink
from gateway.connectors.shadow import ShadowLink
from gateway.core.effects import Persist, Table
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord, to_document
from gateway.failpoints import Failpoints
from gateway.settings import load
from gateway.site import accesses_of, links_of
from gateway.site.links import before_of, records_of
from gateway.store.memory import MemoryStore
from support.engine_bench import NOON, a_command
from support.site import a_site, a_station, a_utility, a_vtn, enrol, write_site
from support.translation import book


@pytest.fixture
def accesses(tmp_path):
    enrol(tmp_path, "CS1")
    vtn = a_vtn("vtn", {"station": "CS1"}, {"station": "CS2"})
    stations = [a_station("CS1"), a_station("CS2")]
    file = write_site(tmp_path, a_site(utilities=[a_utility("dso"), vtn], stations=stations))
    return accesses_of(load(file, {}), book())


def linked(accesses, **options):
    return links_of(accesses, book(), SystemClock(), MemoryStore(), Failpoints(), **options)


def test_each_station_has_a_link_at_each_of_its_utilities(accesses):
    links = linked(accesses)
    kinds = {key: type(link) for key, link in links.by_party.items()}
    assert kinds == {
        ("dso", "CS1"): Ieee2030_5Link,
        ("vtn", "CS1"): OpenAdrLink,
        ("vtn", "CS2"): OpenAdrLink,
    }
    assert len(links.users) == 2
    for use in links.users:
        use(book())


def test_those_of_a_shadow_tell_nothing(accesses):
    links = linked(accesses, shadow=True)
    assert {type(link) for link in links.by_party.values()} == {ShadowLink}


def test_a_session_finds_what_it_kept_and_what_was_handed_on(accesses):
    store = MemoryStore()
    command = a_command("E1", utility="vtn")
    record = CommandRecord(command, state=State.ACTIVE)
    store.commit(
        [
            Persist(Table.SESSIONS, "vtn/ven", {"seed": "1"}),
            Persist(Table.SESSIONS, "vtn2/ven", {"seed": "2"}),
            Persist(Table.COMMANDS, record.key, to_document(record)),
        ],
        NOON,
    )
    before = before_of(accesses.vtns[0], store.load(Table.SESSIONS), records_of(store))
    assert before.kept == {"ven": {"seed": "1"}}
    assert {subject: set(known) for subject, known in before.handed.items()} == {
        "CS1": {"E1"},
        "CS2": set(),
    }
