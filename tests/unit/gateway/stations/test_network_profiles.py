"""Moving a station: into a free slot, to the head of its list, then a restart; never to less security."""

import pytest

from gateway.stations.errands import Move
from gateway.stations.network_profiles import (
    Present,
    connection,
    downgrade,
    move_to,
    present,
    unfit,
)
from support.errands import ACCEPTED, REFUSAL, REJECTED, SILENCE, Answers, setting, variables

URL = "wss://gateway.example/ocpp"


def a_move(profile=3, url=URL, **options):
    return Move("CS1", profile, url, **options)


def a_present(*slots, active="1", profile=2, may_downgrade=False):
    return Present(slots or ("1",), active, profile, may_downgrade)


def sound(version="2.1", **changes):
    answers = {"SetNetworkProfile": [ACCEPTED], "SetVariables": [setting()], "Reset": [ACCEPTED]}
    return Answers(version, **answers | changes)


@pytest.mark.parametrize(
    ("profile", "url", "words"),
    [
        (0, "ws://x", "0 is no security profile"),
        (4, URL, "4 is no security profile"),
        (1, URL, "begins with ws://"),
        (2, "ws://x", "begins with wss://"),
        (3, "https://x", "begins with wss://"),
    ],
)
def test_a_move_that_cannot_be_is_not_begun(profile, url, words):
    assert words in unfit(a_move(profile, url))


@pytest.mark.parametrize(("profile", "url"), [(1, "ws://x"), (2, URL), (3, URL)])
def test_a_sound_move_is_begun(profile, url):
    assert unfit(a_move(profile, url)) == ""


DOWN = [
    pytest.param(2, 3, "2.1", False, True, id="up"),
    pytest.param(3, 3, "2.1", False, True, id="the same"),
    pytest.param(3, 2, "2.1", False, False, id="down, not allowed"),
    pytest.param(3, 2, "2.1", True, True, id="down, allowed"),
    pytest.param(3, 2, "2.0.1", True, False, id="down in 2.0.1"),
    pytest.param(3, 1, "2.1", True, False, id="down to plain"),
    pytest.param(2, 1, "2.1", True, False, id="from TLS to plain"),
]


@pytest.mark.parametrize(("now", "then", "version", "may", "allowed"), DOWN)
def test_security_is_taken_away_by_nobody(now, then, version, may, allowed):
    found = a_present(profile=now, may_downgrade=may)
    assert (downgrade(a_move(then), found, version) == "") is allowed


FREE = [
    pytest.param(("1",), "1", "2", id="the next one"),
    pytest.param(("2", "1"), "2", "3", id="behind two"),
    pytest.param(("2",), "1", "3", id="in use without standing in the list"),
    pytest.param(tuple("12345678"), "1", "8", id="all taken: the worst"),
    pytest.param(tuple("23456781"), "1", "8", id="all taken: not the one in use"),
]


@pytest.mark.parametrize(("slots", "active", "free"), FREE)
def test_the_slot_in_use_is_never_written_over(slots, active, free):
    assert a_present(*slots, active=active).free == free


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_slot_list_and_restart_come_in_this_order(version):
    call, move = sound(version), a_move()
    outcome = await move_to(call, move, a_present("1", "4"), connection(move, version))
    assert outcome.done
    assert call.actions == ["SetNetworkProfile", "SetVariables", "Reset"]
    (profile,) = call.of("SetNetworkProfile")
    assert profile["configurationSlot"] == 2
    told = profile["connectionData"]
    assert (told["ocppCsmsUrl"], told["securityProfile"]) == (URL, 3)
    assert ("ocppVersion" in told) is (version == "2.0.1")
    (put,) = call.of("SetVariables")
    assert put["setVariableData"][0]["attributeValue"] == "2,1,4"
    assert call.of("Reset") == [{"type": "OnIdle"}]


@pytest.mark.parametrize("answer", [{"status": "Scheduled"}, ACCEPTED])
async def test_a_restart_may_wait_until_nobody_charges(answer):
    move = a_move()
    outcome = await move_to(sound(Reset=[answer]), move, a_present(), connection(move, "2.1"))
    assert outcome.done


STOPS = [
    pytest.param({"SetNetworkProfile": [REJECTED]}, 1, id="the slot is refused"),
    pytest.param({"SetNetworkProfile": [{"status": "Failed"}]}, 1, id="the slot fails"),
    pytest.param({"SetNetworkProfile": [SILENCE]}, 1, id="silent about the slot"),
    pytest.param({"SetVariables": [setting("Rejected")]}, 2, id="the list is refused"),
    pytest.param({"SetVariables": [REFUSAL]}, 2, id="there is no list"),
    pytest.param({"Reset": [REJECTED]}, 3, id="it does not restart"),
]


@pytest.mark.parametrize(("changes", "calls"), STOPS)
async def test_a_refusal_ends_the_move_there(changes, calls):
    call, move = sound(**changes), a_move()
    outcome = await move_to(call, move, a_present(), connection(move, "2.1"))
    assert (outcome.done, len(call.calls)) == (False, calls)


async def test_a_list_that_counts_after_a_restart_is_as_good():
    move, call = a_move(), sound(SetVariables=[setting("RebootRequired")])
    assert (await move_to(call, move, a_present(), connection(move, "2.1"))).done


def test_a_slot_of_2_1_carries_its_own_password_and_interface():
    told = connection(a_move(2, interface="Wireless0"), "2.1", "a-new-password-here")
    assert (told["basicAuthPassword"], told["ocppInterface"]) == (
        "a-new-password-here",
        "Wireless0",
    )
    assert connection(a_move(2), "2.0.1")["ocppInterface"] == "Wired0"


async def test_a_station_says_how_it_connects():
    given = {"NetworkConfigurationPriority": "2, 1", "SecurityProfile": "3"}
    given |= {"ActiveNetworkProfile": "1", "AllowSecurityProfileDowngrade": "TRUE"}
    call = Answers(GetVariables=[variables(**given)])
    assert await present(call) == Present(("2", "1"), "1", 3, may_downgrade=True)
    assert len(call.calls) == 1


async def test_the_first_in_the_list_is_taken_for_the_one_in_use():
    given = {"NetworkConfigurationPriority": "2,1", "SecurityProfile": "1"}
    call = Answers(GetVariables=[variables(**given)])
    assert await present(call) == Present(("2", "1"), "2", 1, may_downgrade=False)


async def test_what_is_no_slot_in_the_list_is_passed_over():
    given = {"NetworkConfigurationPriority": "x,1,,2,3,4,5,6,7,8,-9", "SecurityProfile": "1"}
    found = await present(Answers(GetVariables=[variables(**given)]))
    assert (found.slots, found.free) == (tuple("12345678"), "8")


@pytest.mark.parametrize(
    "answer",
    [SILENCE, variables(), variables(NetworkConfigurationPriority="1", SecurityProfile="?")],
    ids=["silent", "unknown", "no number"],
)
async def test_a_station_that_does_not_say_how_it_connects_is_not_moved(answer):
    assert await present(Answers(GetVariables=[answer])) is None
