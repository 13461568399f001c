"""Who may connect: tables of wrong credentials, and the purse of guesses with a clock that tests move."""

import asyncio
import base64
from http import HTTPStatus
from ipaddress import ip_network

import pytest

from gateway.stations.admission import Admission, Denied, Doors, Knock
from gateway.stations.admission_queue import AdmissionQueue
from support.stations import PASSWORD, a_weak_verifier, an_entry, basic


class Door:
    """An admission whose clock stands until it is moved."""

    def __init__(self, *entries, doors=None):
        self.now = 1000.0
        self.admission = Admission.of(entries or (an_entry(),), lambda: self.now, doors)

    async def knock(
        self,
        name="CS1",
        password=PASSWORD,
        *,
        path=None,
        address="127.0.0.1",
        headers=None,
        **knocking,
    ):
        if headers is None:
            headers = list(basic(name, password).values())
        knock = Knock(path or f"/ocpp/{name}", tuple(headers), address, **knocking)
        return await self.admission.admit(knock)

    async def statuses(self, times, **knock):
        found = [await self.knock(**knock) for _ in range(times)]
        return [x.status.value if isinstance(x, Denied) else "in" for x in found]


async def test_the_right_password_opens():
    assert await Door().knock() == an_entry()


def encoded(text):
    return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


GOOD = encoded(f"CS1:{PASSWORD}")
WRONG = [
    ("no header", []),
    ("two headers", [GOOD, GOOD]),
    ("another scheme", [GOOD.replace("Basic", "Bearer")]),
    ("only the scheme", ["Basic"]),
    ("no base64", ["Basic !!!"]),
    ("no UTF-8", [encoded(b"CS1:\xff\xfe")]),
    ("no colon", [encoded(f"CS1{PASSWORD}")]),
    ("no user", [encoded(f":{PASSWORD}")]),
    ("another user with this password", [encoded(f"CS2:{PASSWORD}")]),
    ("the user in other letters", [encoded(f"cs1:{PASSWORD}")]),
    ("a wrong password", [encoded("CS1:wrong")]),
    ("an empty password", [encoded("CS1:")]),
]


@pytest.mark.parametrize("headers", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_wrong_credentials_are_refused(headers):
    found = await Door().knock(headers=headers)
    assert isinstance(found, Denied)
    assert found.status is HTTPStatus.UNAUTHORIZED


async def test_the_scheme_is_read_in_any_case_and_with_any_space():
    assert await Door().knock(headers=[GOOD.replace("Basic ", "bASIC   ")]) == an_entry()


async def test_a_password_may_hold_colons_and_letters_of_any_script():
    entry = an_entry(password_verifier=a_weak_verifier("a:b:ß"))
    assert await Door(entry).knock(password="a:b:ß") == entry


PATHS = [
    ("/ocpp/CS1", "in"),
    ("/ocpp/CS1?x=1", "in"),
    ("/ocpp/%43S1", "in"),
    ("/ocpp/CS1/", 404),
    ("/ocpp/a/CS1", 404),
    ("/ocpp/", 404),
    ("/ocpp", 404),
    ("/", 404),
    ("/other/CS1", 404),
    ("/ocpp/cs1", 401),
    ("/ocpp/CS1%00", 401),
    ("/ocpp/CS1%2F", 401),
    ("/ocpp/../ocpp/CS1", 404),
]


@pytest.mark.parametrize(("path", "outcome"), PATHS)
async def test_a_path_names_one_station_or_none(path, outcome):
    assert await Door().statuses(1, path=path) == [outcome]


async def test_an_id_with_a_space_is_written_with_percent_signs():
    entry = an_entry("CS 1")
    assert await Door(entry).knock("CS 1", path="/ocpp/CS%201") == entry


async def test_an_unknown_id_is_refused_and_never_enrolled():
    door = Door()
    assert await door.statuses(7, name="CS9") == [401] * 5 + [429] * 2
    assert set(door.admission.entries) == {"CS1"}


async def test_each_password_opens_its_own_station_only():
    names = [f"CS{number}" for number in range(12)]
    door = Door(*(an_entry(n, password_verifier=a_weak_verifier(f"of {n}")) for n in names))
    opened = []
    for name in names:
        for other in names:
            door.now += 10
            found = await door.knock(name, f"of {other}")
            opened += [] if isinstance(found, Denied) else [(name, other)]
    assert opened == [(name, name) for name in names]


async def test_after_five_wrong_passwords_one_guess_a_second_is_left():
    door = Door()
    assert await door.statuses(7, password="wrong") == [401] * 5 + [429] * 2
    door.now += 1
    assert await door.statuses(2, password="wrong") == [401, 429]


async def test_too_many_guesses_are_told_when_to_come_back():
    door = Door()
    await door.statuses(5, password="wrong")
    found = await door.knock(password="wrong")
    assert (found.status, found.retry_after_s) == (HTTPStatus.TOO_MANY_REQUESTS, 1)


async def test_guesses_come_back_with_time_but_never_more_than_five():
    door = Door()
    await door.statuses(5, password="wrong")
    door.now += 3600
    assert await door.statuses(6, password="wrong") == [401] * 5 + [429]


async def test_guesses_that_come_at_once_are_paid_for_one_by_one():
    door = Door()
    found = await asyncio.gather(*(door.knock(password="wrong") for _ in range(50)))
    assert sum(denied.status is HTTPStatus.UNAUTHORIZED for denied in found) == 5


async def test_a_right_password_costs_nothing():
    door = Door()
    assert await door.statuses(50) == ["in"] * 50


async def test_a_stranger_who_guesses_does_not_lock_the_station_out():
    door = Door()
    assert await door.statuses(1, address="127.0.0.1") == ["in"]
    assert (await door.statuses(9, password="wrong", address="127.6.6.6"))[-1] == 429
    assert await door.statuses(1, address="127.0.0.1") == ["in"]


async def test_a_guesser_does_not_slow_other_stations():
    door = Door(an_entry(), an_entry("CS2"))
    await door.statuses(9, password="wrong")
    assert await door.statuses(1, name="CS2") == ["in"]


async def test_moving_house_leaves_two_purses_at_most():
    door = Door()
    for number in range(20):
        await door.statuses(2, address=f"127.0.0.{number}")
    assert len(door.admission._enrolled) <= 2


async def test_an_address_that_fails_at_many_doors_is_slowed_down_at_all():
    door = Door()
    found = [await door.knock(f"X{number}", "guess") for number in range(25)]
    statuses = [denied.status.value for denied in found]
    assert statuses == [401] * 20 + [429] * 5
    assert found[-1].retry_after_s == 1
    assert await door.statuses(1, name="X99", address="127.0.0.2") == [401]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        pytest.param("2001:db8::1", "2001:db8::ffff:1", True, id="one /64"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="two of them"),
        pytest.param("fe80::1%eth0", "fe80::2%eth0", True, id="on one link"),
        pytest.param("::ffff:192.0.2.1", "::ffff:192.0.2.2", False, id="IPv4 in IPv6"),
        pytest.param("192.0.2.1", "192.0.2.2", False, id="IPv4"),
    ],
)
async def test_hosts_of_one_ipv6_network_share_a_purse(first, second, shared):
    door = Door()
    await door.statuses(30, path="/nowhere", address=first, encrypted=True)
    expected = 429 if shared else 404
    assert await door.statuses(1, path="/nowhere", address=second, encrypted=True) == [expected]


async def test_a_station_at_home_comes_in_although_a_neighbour_behind_its_address_guesses():
    door = Door(an_entry(), an_entry("CS2"))
    await door.knock()
    await door.statuses(30, path="/nowhere")
    assert await door.statuses(1, name="CS2") == [429]
    assert await door.statuses(1) == ["in"]


async def test_an_id_that_exists_is_refused_in_the_words_and_number_of_one_that_does_not():
    door = Door()
    for password in ("a", "b", "c", "d", "e", "f"):
        known = await door.knock("CS1", password)
        unknown = await door.knock("CS9", password, address="127.0.0.2")
        assert (known.status, known.problem) == (unknown.status, unknown.problem)


PLAIN = [
    ("127.0.0.1", "in"),
    ("127.9.9.9", "in"),
    ("::1", "in"),
    ("::ffff:127.0.0.1", "in"),
    ("192.0.2.7", "in"),
    ("::ffff:192.0.2.7", "in"),
    ("2001:db8::7", "in"),
    ("192.0.3.7", 403),
    ("2001:db9::7", 403),
    ("", 403),
]
NETWORKS = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(("address", "outcome"), PLAIN)
async def test_plain_connections_come_from_this_machine_and_named_networks(address, outcome):
    door = Door(doors=Doors(plain_from=NETWORKS))
    assert await door.statuses(1, address=address) == [outcome]


async def test_over_tls_a_station_may_come_from_anywhere():
    assert await Door().statuses(1, address="203.0.113.9", encrypted=True) == ["in"]


@pytest.mark.parametrize(
    ("unauthenticated", "encrypted", "outcome"),
    [
        pytest.param(False, False, 401, id="profile 0 is not there by itself"),
        pytest.param(True, False, "in", id="profile 0 where it is allowed"),
        pytest.param(True, True, 401, id="never over TLS"),
    ],
)
async def test_a_station_without_password_and_certificate(unauthenticated, encrypted, outcome):
    door = Door(an_entry(password_verifier=""), doors=Doors(unauthenticated=unauthenticated))
    assert await door.statuses(1, headers=[], encrypted=encrypted) == [outcome]


async def test_a_path_beyond_all_measure_is_none():
    assert await Door().statuses(1, path="/ocpp/" + "x" * 600) == [404]


async def test_those_who_come_at_once_wait_their_turn_and_the_rest_is_told_when():
    door = Door()
    door.admission.queue = AdmissionQueue(per_s=100, burst=2, patience_s=0.02)
    await door.knock()
    found = await asyncio.gather(*(door.knock() for _ in range(8)))
    late = [one for one in found if isinstance(one, Denied)]
    assert len(late) == 5
    assert {one.status for one in late} == {HTTPStatus.SERVICE_UNAVAILABLE}
    assert {one.retry_after_s for one in late} == {1}
    assert {one.kind for one in late} == {"access.deferred"}


async def test_a_station_of_profile_3_waits_its_turn_too():
    door = Door(an_entry(password_verifier=""), doors=Doors(unauthenticated=True))
    door.admission.queue = AdmissionQueue(per_s=1, burst=1, patience_s=0.01)
    assert await door.statuses(2, headers=[]) == ["in", 503]


async def test_who_is_sent_away_for_lack_of_room_has_not_guessed():
    door = Door()
    door.admission.queue = AdmissionQueue(per_s=1, burst=0, patience_s=0.01)
    assert await door.statuses(40) == [503] * 40
    door.admission.queue = AdmissionQueue()
    door.admission.passwords.depth = 0
    assert await door.statuses(40) == [503] * 40
    door.admission.passwords.depth = 1
    assert await door.statuses(1) == ["in"]


async def test_over_tls_one_whose_address_is_gone_already_is_judged_all_the_same():
    assert await Door().statuses(1, address="", encrypted=True) == ["in"]
