"""What stations need from time to time: orders first, one thing at a time each, a pause after failures."""

import asyncio
import os
from datetime import timedelta

import pytest

from gateway.core.events import SecurityNoticed
from gateway.security import pki
from gateway.security.credentials import either, in_doubt, verify
from gateway.security.vault import digest
from gateway.stations.context import Connected
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    Forget,
    InstallRoot,
    ListRoots,
    Outcome,
    Renew,
)
from gateway.stations.upkeep import Pace, Ward
from support.errands import ACCEPTED, REJECTED, SILENCE, roots, setting
from support.stations import NOON, PASSWORD, a_weak_verifier
from support.upkeep import OLD, at_work, ends_in


async def test_an_order_is_carried_out_and_audited(tmp_path):
    async with at_work(tmp_path) as bench:
        bench.comes(GetInstalledCertificateIds=[roots("ab")])
        outcome = await bench.ordered(ListRoots("CS1"))
    assert (outcome.done, outcome.words) == (True, "ab")
    (event,) = bench.posted.of(SecurityNoticed)
    assert (event.kind, event.station, event.address, event.problem) == (
        "errand.list-roots",
        "CS1",
        "gateway",
        "ab",
    )


async def test_an_order_for_a_station_that_is_away_waits_for_it(tmp_path):
    async with at_work(tmp_path) as bench:
        name = bench.orders.place(ListRoots("CS1"))
        await bench.rounds()
        assert bench.orders.outcome(name) is None
        bench.comes(GetInstalledCertificateIds=[roots("ab")])
        assert (await bench.outcome(name)).done


async def test_an_order_for_a_station_that_is_away_outlives_the_process(tmp_path):
    async with at_work(tmp_path, authority=False) as bench:
        name = bench.orders.place(ListRoots("CS1"))
        await bench.until((tmp_path / "orders" / f"{name}.taken").exists)
    async with at_work(tmp_path, authority=False) as bench:
        call = bench.comes(GetInstalledCertificateIds=[roots("ab")])
        assert (await bench.outcome(name)).done
    async with at_work(tmp_path, authority=False) as bench:
        bench.here["CS1"] = Connected("2.1", call)
        await bench.rounds()
    assert call.actions == ["GetInstalledCertificateIds"]


async def test_an_order_whose_file_is_gone_is_not_carried_out(tmp_path):
    async with at_work(tmp_path) as bench:
        name = bench.orders.place(ListRoots("CS1"))
        taken = tmp_path / "orders" / f"{name}.taken"
        await bench.until(taken.exists)
        taken.unlink()
        call = bench.comes(GetInstalledCertificateIds=[roots("ab")])
        assert (await bench.outcome(name)).words == "the order is gone, or cannot be removed"
        assert call.calls == []


async def test_an_order_for_nobody_is_refused(tmp_path):
    async with at_work(tmp_path) as bench:
        outcome = await bench.ordered(Renew("CS9"))
    assert outcome.words == "CS9 is no station of the settings"


async def test_the_orders_of_one_station_never_run_at_once(tmp_path):
    running, most = 0, 0

    async with at_work(tmp_path, CS2=Ward(OLD)) as bench:
        calls = {name: bench.comes(name, ClearCache=[ACCEPTED]) for name in ("CS1", "CS2")}

        async def slow(*_):
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.02)
            running -= 1
            return SILENCE

        bench.here["CS1"] = Connected("2.1", slow)
        names = [bench.orders.place(ListRoots("CS1")) for _ in range(3)]
        for name in names:
            assert not (await bench.outcome(name)).done
    assert (most, calls["CS2"].calls) == (1, [])


async def test_roots_are_rolled_by_order(tmp_path):
    root = pki.create_endpoint_authority(tmp_path / "next").certificate_path.read_text()
    async with at_work(tmp_path) as bench:
        call = bench.comes(
            InstallCertificate=[REJECTED],
            GetInstalledCertificateIds=[roots("ab", "cd")],
            DeleteCertificate=[ACCEPTED],
        )
        await bench.ordered(InstallRoot("CS1", root))
        assert (await bench.ordered(DeleteRoot("CS1", "ab"))).done
    assert call.actions[-2:] == ["GetInstalledCertificateIds", "DeleteCertificate"]
    assert "errand.delete-root" in bench.kinds


async def test_a_renewal_by_order_gives_a_certificate(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(
            TriggerMessage=[bench.triggered()], CertificateSigned=[ACCEPTED], profile=3
        )
        assert (await bench.ordered(Renew("CS1"))).done
    assert call.actions == ["TriggerMessage", "CertificateSigned"]
    assert bench.kinds == ["certificate.requested", "certificate.delivered", "errand.renew"]


async def test_a_station_that_asks_by_itself_is_answered_without_an_order(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(CertificateSigned=[ACCEPTED])
        assert bench.asks() == ACCEPTED
        await bench.until(lambda: call.calls)
    assert call.actions == ["CertificateSigned"]


async def test_a_station_that_asked_and_left_is_answered_when_it_is_back(tmp_path):
    async with at_work(tmp_path) as bench:
        bench.asks()
        await bench.rounds()
        call = bench.comes(CertificateSigned=[ACCEPTED])
        await bench.until(lambda: call.calls)
    assert call.actions == ["CertificateSigned"]


@pytest.mark.parametrize(("days", "asked"), [(29, True), (31, False), (-1, True)])
async def test_a_certificate_that_ends_soon_is_renewed_by_itself(tmp_path, days, asked):
    async with at_work(tmp_path) as bench:
        ends_in(bench, days)
        call = bench.comes(
            TriggerMessage=[bench.triggered()], CertificateSigned=[ACCEPTED], profile=3
        )
        await (bench.until(lambda: call.calls) if asked else bench.rounds())
    assert ("TriggerMessage" in call.actions) is asked


async def test_a_certificate_that_is_not_in_use_may_end(tmp_path):
    async with at_work(tmp_path) as bench:
        ends_in(bench, 1)
        call = bench.comes(TriggerMessage=[ACCEPTED], profile=2)
        await bench.rounds()
    assert call.calls == []


async def test_what_failed_is_tried_again_after_a_pause(tmp_path):
    async with at_work(tmp_path) as bench:
        ends_in(bench, 1)
        call = bench.comes(TriggerMessage=[REJECTED], profile=3)
        await bench.until(lambda: bench.kinds)
        await bench.rounds()
        assert call.actions == ["TriggerMessage"]
        assert bench.kinds == ["errand.renew.failed"]
        bench.monotonic += 3601
        await bench.until(lambda: len(bench.kinds) == 2)
    assert call.actions == ["TriggerMessage"] * 2


async def test_a_silent_station_holds_up_no_other(tmp_path):
    async with at_work(tmp_path, CS2=Ward(OLD)) as bench:
        for name in ("CS1", "CS2"):
            ends_in(bench, 1, name)
        bench.comes("CS1", TriggerMessage=[ACCEPTED], profile=3)
        call = bench.comes(
            "CS2", TriggerMessage=[bench.triggered("CS2")], CertificateSigned=[ACCEPTED], profile=3
        )
        await bench.until(lambda: len(call.calls) == 2)
        assert call.actions == ["TriggerMessage", "CertificateSigned"]
        assert "errand.renew.failed" not in bench.kinds, "the silent one is still waited for"


async def test_a_password_is_changed_by_order_and_put_in_force(tmp_path):
    async with at_work(tmp_path) as bench:
        call = bench.comes(SetVariables=[setting()])
        assert (await bench.ordered(ChangePassword("CS1"))).done
    new = call.of("SetVariables")[0]["setVariableData"][0]["attributeValue"]
    station, verifier = bench.used[-1]
    assert (station, verify(new, verifier), verify(PASSWORD, verifier)) == ("CS1", True, False)
    assert all(new not in event.problem for event in bench.posted.of(SecurityNoticed))


async def test_a_password_in_doubt_is_changed_again_by_itself(tmp_path):
    async with at_work(tmp_path) as bench:
        bench.vault.keep("CS1", verifier=either(OLD, OLD), instead_of=digest(OLD))
        bench.comes(SetVariables=[setting()])
        await bench.until(lambda: not in_doubt(bench.vault.verifier("CS1", OLD)))
        await bench.until(lambda: bench.kinds)
    assert bench.kinds == ["errand.change-password"]


async def test_a_station_is_forgotten_while_it_is_away(tmp_path):
    async with at_work(tmp_path) as bench:
        ends_in(bench, 100)
        bench.vault.keep("CS1", verifier="scrypt$new", instead_of=digest(OLD), profile=3)
        assert (await bench.ordered(Forget("CS1"))).done
    assert (bench.vault.of("CS1").profile, bench.used) == (0, [("CS1", OLD)])


async def test_a_disk_that_refuses_fails_the_errand_and_nothing_else(tmp_path):
    async with at_work(tmp_path) as bench:
        (tmp_path / "vault").mkdir()
        (tmp_path / "vault" / "CS1.json").mkdir()
        bench.vault._known["CS1"] = bench.vault.of("CS2")
        bench.comes(SetVariables=[setting()], GetInstalledCertificateIds=[roots("ab")])
        outcome = await bench.ordered(ChangePassword("CS1"))
        assert "cannot write the file" in outcome.words
        assert (await bench.ordered(ListRoots("CS1"))).done


async def test_a_station_that_came_is_looked_after_without_waiting_for_the_sweep(tmp_path):
    calm = Pace(interval_s=0.01, sweep_s=3600, request_s=5)
    async with at_work(tmp_path, pace=calm) as bench:
        await bench.rounds()
        ends_in(bench, 1)
        bench.upkeep.past.arrived.add("CS1")
        await bench.rounds()
        call = bench.comes(TriggerMessage=[REJECTED], profile=3)
        await bench.until(lambda: call.calls)
    assert bench.upkeep.past.arrived == set()


async def test_a_password_in_doubt_is_settled_by_the_one_that_it_comes_with(tmp_path):
    new = a_weak_verifier("the new one")
    async with at_work(tmp_path) as bench:
        past = bench.upkeep.past
        past.opened("CS1", PASSWORD)
        assert past.shown == {}
        bench.vault.keep("CS1", verifier=either(OLD, new), instead_of=digest(OLD))
        past.opened("CS1", "the new one")
        await bench.until(lambda: bench.used)
    assert bench.used == [("CS1", new)]
    assert (bench.vault.verifier("CS1", OLD), past.shown) == (new, {})


async def test_what_a_station_showed_counts_before_its_password_is_changed_again(tmp_path):
    calm = Pace(interval_s=0.01, sweep_s=3600, request_s=5)
    async with at_work(tmp_path, pace=calm) as bench:
        await bench.rounds()
        doubt = either(OLD, a_weak_verifier("the other one"))
        bench.vault.keep("CS1", verifier=doubt, instead_of=digest(OLD))
        bench.upkeep.past.opened("CS1", PASSWORD)
        call = bench.comes(SetVariables=[SILENCE])
        assert not (await bench.ordered(ChangePassword("CS1"))).done
        await bench.rounds()
        (sent,) = call.of("SetVariables")
        left = bench.vault.verifier("CS1", OLD)
    given = sent["setVariableData"][0]["attributeValue"]
    opens = [verify(password, left) for password in (PASSWORD, given, "the other one")]
    assert opens == [True, True, False]


async def test_the_outcome_of_an_order_waits_a_week_for_its_reader(tmp_path):
    (tmp_path / "orders").mkdir()
    async with at_work(tmp_path) as bench:
        for name, days in (("old", 8), ("new", 6)):
            bench.orders.report(name, Outcome(done=True, words=""))
            at = (NOON - timedelta(days=days)).timestamp()
            os.utime(tmp_path / "orders" / f"{name}.outcome", (at, at))
        await bench.rounds()
        assert bench.orders.outcome("old") is None
        assert bench.orders.outcome("new").done
