"""Who may connect: tables of wrong credentials, and the purse of guesses with a clock that tests move."""

import asyncio
import base64
from http import HTTPStatus

import pytest

from gateway.stations.admission import Admission, Denied, Knock
from support.stations import PASSWORD, a_weak_verifier, an_entry, basic


class Door:
    """An admission whose clock stands until it is moved."""

    def __init__(self, *entries):
        self.now = 1000.0
        self.admission = Admission.of(entries or (an_entry(),), lambda: self.now)

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
