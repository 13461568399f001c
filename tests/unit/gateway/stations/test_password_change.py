"""A new password over the air: the station is never locked out, and the old one ends when it says so."""

from datetime import timedelta

import pytest

from gateway.core.events import ReplyStatus
from gateway.errors import IdentityError
from gateway.security.credentials import in_doubt, make_verifier, verify
from gateway.security.vault import Vault
from gateway.stations.context import Reply
from gateway.stations.password_change import Keys, change, for_slot, new_password, settle
from support.errands import GONE, REFUSAL, SILENCE, Answers, setting
from support.stations import NOON, PASSWORD, a_weak_verifier

OLD = a_weak_verifier()
BROKEN = Reply(ReplyStatus.CALL_ERROR, {"setVariableResult": 5}, "answer breaks its schema")


class Door:
    """The keys of one station, and what was in force at the door while it was asked."""

    def __init__(self, folder, settings=OLD, make=make_verifier):
        self.used, self.vault, self.now = [], Vault(folder), NOON
        self.keys = Keys("CS1", settings, self.vault, self.use, lambda: self.now, make)

    def use(self, _station, verifier):
        self.used.append(verifier)

    def opens(self, password, verifier=None):
        return verify(password, verifier or self.keys.current)


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path)


def password_in(call):
    (payload,) = call.of("SetVariables")
    (item,) = payload["setVariableData"]
    assert (item["component"]["name"], item["variable"]["name"]) == (
        "SecurityCtrlr",
        "BasicAuthPassword",
    )
    return item["attributeValue"]


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
async def test_what_the_station_accepted_replaces_the_old_one(door, version, status):
    call = Answers(version, SetVariables=[setting(status)])
    assert (await change(call, door.keys)).done
    new = password_in(call)
    assert (door.opens(new), door.opens(PASSWORD)) == (True, False)
    assert door.used[-1] == door.keys.current


async def test_while_the_station_is_asked_both_open(door):
    during = []

    def asked(payload):
        password = payload["setVariableData"][0]["attributeValue"]
        during.append((door.opens(PASSWORD, door.used[-1]), door.opens(password, door.used[-1])))
        return setting()(payload)

    await change(Answers(SetVariables=[asked]), door.keys)
    assert during == [(True, True)]


REFUSED = [setting("Rejected"), setting("UnknownVariable"), REFUSAL, GONE]


@pytest.mark.parametrize("answer", REFUSED, ids=["Rejected", "unknown", "no such call", "gone"])
async def test_what_it_refused_is_gone(door, answer):
    call = Answers(SetVariables=[answer])
    assert not (await change(call, door.keys)).done
    assert (door.keys.current, door.used[-1]) == (OLD, OLD)
    assert not door.opens(password_in(call))


@pytest.mark.parametrize("answer", [SILENCE, BROKEN], ids=["no answer", "a broken answer"])
async def test_where_nobody_knows_both_stay_until_the_next_change(door, answer):
    lost = Answers(SetVariables=[answer])
    assert not (await change(lost, door.keys)).done
    assert (door.opens(PASSWORD), door.opens(password_in(lost))) == (True, True)
    assert in_doubt(door.keys.current)
    again = Answers(SetVariables=[setting()])
    assert (await change(again, door.keys)).done
    found = [door.opens(word) for word in (PASSWORD, password_in(lost), password_in(again))]
    assert found == [False, False, True]


async def test_the_new_one_counts_after_a_restart_and_is_nowhere_in_the_clear(door, tmp_path):
    call = Answers(SetVariables=[setting()])
    await change(call, door.keys)
    assert verify(password_in(call), Vault(tmp_path).verifier("CS1", OLD))
    assert password_in(call) not in (tmp_path / "CS1.json").read_text()


async def test_nothing_is_sent_that_could_not_be_kept(door, tmp_path):
    (tmp_path / "CS1.json").mkdir()
    call = Answers(SetVariables=[setting()])
    with pytest.raises(IdentityError):
        await change(call, door.keys)
    assert (call.calls, door.used) == ([], [])


async def test_a_station_without_a_password_gets_none(tmp_path):
    outcome = await change(Answers(), Door(tmp_path, settings="").keys)
    assert (outcome.done, outcome.words) == (False, "it has no password, but a certificate")


def test_passwords_are_long_unlike_and_printable():
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(word) == 32 and word.isascii() and word.isprintable() for word in made)


async def test_a_doubt_is_settled_by_the_password_that_the_station_shows(door):
    lost = Answers(SetVariables=[SILENCE])
    await change(lost, door.keys)
    await settle(door.keys, "some guess")
    assert in_doubt(door.keys.current)
    await settle(door.keys, password_in(lost))
    assert (door.opens(password_in(lost)), door.opens(PASSWORD)) == (True, False)
    assert door.used[-1] == door.keys.current


async def test_what_is_not_in_doubt_is_not_settled(door):
    await settle(door.keys, PASSWORD)
    assert door.used == []


async def test_changes_that_are_never_confirmed_come_to_an_end(tmp_path):
    door = Door(tmp_path, make=a_weak_verifier)
    call = Answers(SetVariables=[SILENCE])
    words = [(await change(call, door.keys)).words for _ in range(5)]
    assert [text.startswith("too many") for text in words] == [False, False, False, True, True]
    assert len(call.calls) == 3
    assert door.opens(PASSWORD)


@pytest.mark.parametrize("days", [0, 2])
async def test_what_a_moved_station_shows_of_its_old_slot_settles_nothing(door, days):
    new = await for_slot(door.keys)
    door.now += timedelta(days=days)
    await settle(door.keys, PASSWORD)
    assert (door.opens(PASSWORD), door.opens(new), door.keys.moving) == (True, True, True)


async def test_a_station_that_came_by_its_new_slot_has_the_one_password(door):
    new = await for_slot(door.keys)
    await settle(door.keys, new)
    assert (door.opens(PASSWORD), door.opens(new), door.keys.moving) == (False, True, False)
    assert door.vault.of("CS1").moved is None


async def test_after_days_the_old_slot_counts(door):
    new = await for_slot(door.keys)
    door.now += timedelta(days=3)
    await settle(door.keys, PASSWORD)
    assert (door.opens(PASSWORD), door.opens(new)) == (True, False)


async def test_no_password_is_changed_between_a_move_and_the_coming(door):
    new = await for_slot(door.keys)
    call = Answers(SetVariables=[setting()])
    outcome = await change(call, door.keys)
    assert (outcome.done, call.calls) == (False, [])
    assert "has not come by its new slot" in outcome.words
    await settle(door.keys, new)
    assert (await change(call, door.keys)).done


async def test_a_gateway_that_starts_anew_remembers_the_move(door, tmp_path):
    await for_slot(door.keys)
    assert Door(tmp_path).keys.moving


async def test_new_settings_end_a_move(door, tmp_path):
    await for_slot(door.keys)
    assert not Door(tmp_path, a_weak_verifier("another")).keys.moving


async def test_of_many_moves_that_nobody_follows_the_last_ones_are_not_begun(door):
    made = [await for_slot(door.keys) for _ in range(5)]
    assert [bool(one) for one in made] == [True, True, True, False, False]
    assert all(door.opens(one) for one in (PASSWORD, *made[:3]))
