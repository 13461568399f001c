"""Moving stations: the door of the new profile is open as long as a station may come by it."""

import pytest

from gateway.security.credentials import either, in_doubt, verify
from gateway.security.vault import digest
from gateway.stations.errands import Move
from gateway.stations.upkeep import Ward
from support.errands import REJECTED, SILENCE
from support.stations import NOON, PASSWORD
from support.upkeep import OLD, URL, at_work, ends_in, movable


async def test_a_station_that_should_have_another_profile_is_moved(tmp_path):
    async with at_work(tmp_path, CS1=Ward(OLD, profile=3)) as bench:
        call = bench.comes(**movable(TriggerMessage=[bench.triggered()]))
        await bench.until(lambda: "errand.move" in bench.kinds)
    assert call.actions == [
        "GetVariables",
        "TriggerMessage",
        "CertificateSigned",
        "SetNetworkProfile",
        "SetVariables",
        "Reset",
    ]
    assert call.of("SetNetworkProfile")[0]["connectionData"]["ocppCsmsUrl"] == URL
    assert bench.vault.of("CS1").target == 3
    assert bench.kinds[-1] == "errand.move"


async def test_a_station_with_a_certificate_needs_no_other_to_be_moved(tmp_path):
    async with at_work(tmp_path, CS1=Ward(OLD, profile=3)) as bench:
        ends_in(bench, 200)
        call = bench.comes(**movable())
        await bench.until(lambda: "errand.move" in bench.kinds)
    assert "TriggerMessage" not in call.actions
    assert "Reset" in call.actions


async def test_a_station_that_got_no_certificate_is_not_moved(tmp_path):
    async with at_work(tmp_path, CS1=Ward(OLD, profile=3)) as bench:
        call = bench.comes(**movable(TriggerMessage=[REJECTED]))
        await bench.until(lambda: bench.kinds)
    assert call.actions == ["GetVariables", "TriggerMessage"]
    assert bench.vault.of("CS1").target == 0


async def test_a_refused_move_closes_the_new_door_again(tmp_path):
    async with at_work(tmp_path) as bench:
        ends_in(bench, 200)
        bench.comes(**movable(SetNetworkProfile=[REJECTED]))
        outcome = await bench.ordered(Move("CS1", 3, URL))
    assert (outcome.done, bench.vault.of("CS1").target) == (False, 0)


async def test_a_station_that_does_not_restart_is_no_longer_expected_by_the_new_profile(tmp_path):
    async with at_work(tmp_path) as bench:
        ends_in(bench, 200)
        call = bench.comes(**movable(Reset=[REJECTED]))
        outcome = await bench.ordered(Move("CS1", 3, URL))
    assert (outcome.done, bench.vault.of("CS1").target) == (False, 0)
    assert len(call.of("SetVariables")) == 2, "its old list is put back"


UNANSWERED = [
    pytest.param({"Reset": [SILENCE]}, id="restart"),
    pytest.param({"SetVariables": [SILENCE], "Reset": [SILENCE]}, id="list"),
]


@pytest.mark.parametrize("changes", UNANSWERED)
async def test_a_station_that_may_have_moved_comes_by_either_profile(tmp_path, changes):
    async with at_work(tmp_path) as bench:
        ends_in(bench, 200)
        bench.comes(**movable(**changes))
        outcome = await bench.ordered(Move("CS1", 3, URL))
    assert (outcome.done, bench.vault.of("CS1").target) == (False, 3)
    assert bench.kinds == ["errand.move.failed"]


async def test_a_station_that_may_have_moved_comes_by_either_password(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(profile=1, **movable("1", Reset=[SILENCE]))
        assert not (await bench.ordered(Move("CS1", 2, URL))).done
    new = call.of("SetNetworkProfile")[0]["connectionData"]["basicAuthPassword"]
    verifier = bench.vault.verifier("CS1", OLD)
    assert (verify(new, verifier), verify(PASSWORD, verifier)) == (True, True)


async def test_a_slot_of_2_1_gets_a_password_of_its_own_and_both_open(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(profile=1, **movable("1"))
        assert (await bench.ordered(Move("CS1", 2, URL))).done
        await bench.rounds()
        assert call.actions.count("SetVariables") == 1, "it may still come by the old slot"
    new = call.of("SetNetworkProfile")[0]["connectionData"]["basicAuthPassword"]
    verifier = bench.vault.verifier("CS1", OLD)
    assert (verify(new, verifier), verify(PASSWORD, verifier)) == (True, True)


async def test_a_move_to_another_address_at_the_same_profile_waits_for_its_restart(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(**movable())
        assert (await bench.ordered(Move("CS1", 2, URL))).done
        new = call.of("SetNetworkProfile")[0]["connectionData"]["basicAuthPassword"]
        bench.upkeep.past.opened("CS1", PASSWORD)
        await bench.until(lambda: not bench.upkeep.past.shown)
        await bench.rounds()
        assert call.actions.count("SetVariables") == 1, "it has not restarted yet"
        verifier = bench.vault.verifier("CS1", OLD)
        assert (verify(new, verifier), verify(PASSWORD, verifier)) == (True, True)
        bench.upkeep.past.opened("CS1", new)
        await bench.until(lambda: not in_doubt(bench.vault.verifier("CS1", OLD)))
    verifier = bench.vault.verifier("CS1", OLD)
    assert (verify(new, verifier), verify(PASSWORD, verifier)) == (True, False)


async def test_a_station_that_has_not_restarted_yet_is_not_moved_again(tmp_path):
    async with at_work(tmp_path, CS1=Ward(OLD, profile=2)) as bench:
        call = bench.comes(profile=1, **movable("1"))
        await bench.until(lambda: "errand.move" in bench.kinds)
        bench.monotonic += 3601
        await bench.rounds()
    assert call.actions.count("SetNetworkProfile") == 1


async def test_a_station_with_many_moves_open_is_not_moved_again(tmp_path):
    doubt = either(either(OLD, OLD), either(OLD, OLD))
    async with at_work(tmp_path) as bench:
        bench.vault.keep("CS1", verifier=doubt, instead_of=digest(OLD), moved_at=NOON.isoformat())
        call = bench.comes(**movable())
        outcome = await bench.ordered(Move("CS1", 2, URL))
    assert "has to come back first" in outcome.words
    assert "SetNetworkProfile" not in call.actions
    assert bench.vault.verifier("CS1", OLD) == doubt


async def test_a_refused_slot_takes_its_password_along(tmp_path):
    async with at_work(tmp_path) as bench:
        bench.comes(**movable("1", SetNetworkProfile=[REJECTED]))
        await bench.ordered(Move("CS1", 2, URL))
    assert OLD == bench.vault.verifier("CS1", OLD) == bench.used[-1][1]


async def test_a_station_of_2_0_1_keeps_its_one_password_when_it_is_moved(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(version="2.0.1", **movable("1"))
        assert (await bench.ordered(Move("CS1", 2, URL))).done
    assert "basicAuthPassword" not in call.of("SetNetworkProfile")[0]["connectionData"]
    assert bench.used == []


NOT_MOVED = [
    pytest.param(Move("CS1", 2, "ws://x"), "3", "begins with wss://", id="plain address"),
    pytest.param(Move("CS1", 2, URL), "3", "goes down to none", id="downgrade"),
    pytest.param(Move("CS1", 2, URL), "?", "does not say how", id="unknown profile"),
]


@pytest.mark.parametrize(("move", "profile", "words"), NOT_MOVED)
async def test_a_move_that_cannot_be_is_not_begun(tmp_path, move, profile, words):
    async with at_work(tmp_path) as bench:
        call = bench.comes(**movable(profile))
        outcome = await bench.ordered(move)
    assert words in outcome.words
    assert "SetNetworkProfile" not in call.actions
