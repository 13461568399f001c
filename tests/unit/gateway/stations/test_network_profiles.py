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
from support.errands import (
    ACCEPTED,
    GONE,
    REFUSAL,
    REJECTED,
    SILENCE,
    UNUSABLE,
    Answers,
    setting,
    variables,
)

URL = "wss://gateway.example/ocpp"
A_RESULT = {
    "component": {"name": "OCPPCommCtrlr"},
    "variable": {"name": "NetworkConfigurationPriority"},
    "attributeStatus": "Accepted",
}


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
    moved = await move_to(call, move, a_present("1", "4"), connection(move, version))
    assert moved.outcome.done
    assert call.actions == ["SetNetworkProfile", "SetVariables", "Reset"]
    (profile,) = call.of("SetNetworkProfile")
    assert profile["configurationSlot"] == 2
    told = profile["connectionData"]
    assert (told["ocppCsmsUrl"], told["securityProfile"]) == (URL, 3)
    assert ("ocppVersion" in told) is (version == "2.0.1")
    (put,) = call.of("SetVariables")
    assert put["setVariableData"][0]["attributeValue"] == "2,1,4"
    assert call.of("Reset") == [{"type": "OnIdle"}]


async def moves(call, found=None):
    move = a_move()
    return await move_to(call, move, found or a_present(), connection(move, "2.1"))


def lists(call):
    """Return the lists of slots that a station was told, in their order."""
    return [told["setVariableData"][0]["attributeValue"] for told in call.of("SetVariables")]


@pytest.mark.parametrize("answer", [{"status": "Scheduled"}, ACCEPTED])
async def test_a_restart_may_wait_until_nobody_charges(answer):
    moved = await moves(sound(Reset=[answer]))
    assert (moved.outcome.done, moved.may_come) == (True, True)


STOPS = [
    pytest.param({"SetNetworkProfile": [REJECTED]}, [], id="the slot is refused"),
    pytest.param({"SetNetworkProfile": [{"status": "Failed"}]}, [], id="the slot fails"),
    pytest.param({"SetNetworkProfile": [SILENCE]}, [], id="silent about the slot, used by nobody"),
    pytest.param({"SetVariables": [setting("Rejected")]}, ["2,1"], id="the list is refused"),
    pytest.param({"SetVariables": [REFUSAL]}, ["2,1"], id="there is no list"),
    pytest.param({"SetVariables": [GONE]}, ["2,1"], id="the list never left"),
    pytest.param({"Reset": [REJECTED]}, ["2,1", "1"], id="it does not restart"),
    pytest.param({"Reset": [REFUSAL]}, ["2,1", "1"], id="it knows no restart"),
]


@pytest.mark.parametrize(("changes", "told"), STOPS)
async def test_a_refusal_ends_the_move_and_leaves_the_list_as_it_was(changes, told):
    call = sound(**changes)
    moved = await moves(call)
    assert (moved.outcome.done, moved.may_come, lists(call)) == (False, False, told)


OPEN = [
    pytest.param({"Reset": [SILENCE]}, ["2,1"], id="silent about its restart"),
    pytest.param({"Reset": [UNUSABLE]}, ["2,1"], id="no sound answer about its restart"),
    pytest.param(
        {"Reset": [GONE], "SetVariables": [setting(), GONE]}, ["2,1", "1"], id="away meanwhile"
    ),
    pytest.param(
        {"Reset": [REJECTED], "SetVariables": [setting(), setting("Rejected")]},
        ["2,1", "1"],
        id="keeps the new list",
    ),
    pytest.param(
        {"SetVariables": [SILENCE], "GetVariables": [SILENCE]}, ["2,1", "1"], id="says nothing"
    ),
]


@pytest.mark.parametrize(("changes", "told"), OPEN)
async def test_a_station_that_may_come_by_the_new_profile_is_expected(changes, told):
    call = sound(**changes)
    moved = await moves(call)
    assert (moved.outcome.done, moved.may_come, lists(call)) == (False, True, told)
    assert "not known" in moved.outcome.words


UNSURE = [SILENCE, UNUSABLE, {"setVariableResult": [A_RESULT, A_RESULT]}]


@pytest.mark.parametrize("answer", UNSURE, ids=["silent", "breaks its schema", "two results"])
async def test_a_list_whose_answer_lacks_is_read(answer):
    listed = [variables(NetworkConfigurationPriority="2,1")]
    moved = await moves(sound(SetVariables=[answer], GetVariables=listed))
    assert moved.outcome.done


async def test_a_list_that_reads_as_before_is_put_back_in_case_it_comes_late():
    listed = [variables(NetworkConfigurationPriority="1")]
    call = sound(SetVariables=[SILENCE, setting()], GetVariables=listed)
    moved = await moves(call)
    assert (moved.outcome.done, moved.may_come, lists(call)) == (False, False, ["2,1", "1"])
    assert "Reset" not in call.actions


@pytest.mark.parametrize(
    "changes",
    [
        {"SetNetworkProfile": [SILENCE]},
        {"SetVariables": [setting("Rejected")]},
        {"Reset": [REJECTED]},
    ],
    ids=["slot", "list", "restart"],
)
async def test_a_slot_that_was_a_way_back_may_still_be_used(changes):
    moved = await moves(sound(**changes), a_present(*"12345678"))
    assert (moved.outcome.done, moved.may_come) == (False, True)


async def test_a_list_that_counts_after_a_restart_is_as_good():
    assert (await moves(sound(SetVariables=[setting("RebootRequired")]))).outcome.done


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
