"""What stations need from time to time: orders first, one thing at a time each, a pause after failures."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from gateway.core.events import SecurityNoticed
from gateway.security import pki
from gateway.security.credentials import either, in_doubt, verify
from gateway.security.issuing import KeyAuthority
from gateway.security.vault import Vault, digest
from gateway.stations.context import Connected, Context
from gateway.stations.errands import (
    ChangePassword,
    DeleteRoot,
    Forget,
    InstallRoot,
    ListRoots,
    Move,
    Renew,
)
from gateway.stations.orders import Orders
from gateway.stations.session import Clocks
from gateway.stations.upkeep import Means, Pace, Upkeep, Ward
from support.errands import (
    ACCEPTED,
    REJECTED,
    SILENCE,
    Answers,
    roots,
    setting,
    variables,
)
from support.requests import OPERATOR, a_request
from support.stations import NOON, PASSWORD, Posted, a_weak_verifier, an_entry

OLD = a_weak_verifier()
URL = "wss://gateway.example/ocpp"
SWIFT = Pace(interval_s=0.01, sweep_s=0.0, retry_s=3600, request_s=5)


class Bench:
    """The upkeep of a few stations, which are here as long as they are in `here`."""

    def __init__(self, folder, *, pace=SWIFT, authority=True, **wards):
        self.posted, self.here, self.used = Posted(), {}, []
        self.vault, self.orders = Vault(folder / "vault"), Orders(folder / "orders")
        self.monotonic = 0.0
        made = None
        if authority:
            root = pki.create_endpoint_authority(folder / "ca")
            made = KeyAuthority(root.certificate_path, root.key_path, 90)
        means = Means(
            self.vault,
            self.orders,
            self.here.get,
            self.posted,
            Clocks(lambda: NOON, lambda: self.monotonic),
            authority=made,
            operator=OPERATOR,
            url=URL,
            pace=pace,
        )
        self.upkeep = Upkeep({"CS1": Ward(OLD), **wards}, means)
        self.upkeep.use = lambda station, verifier: self.used.append((station, verifier))

    def comes(self, name="CS1", version="2.1", *, profile=2, **answers):
        """Let a station be here, by a security profile."""
        call = Answers(version, **answers)
        self.here[name] = Connected(version, call)
        self.upkeep.past.profiles[name] = profile
        return call

    def asks(self, name="CS1"):
        """Let a station ask for a certificate."""
        context = Context(an_entry(name), "2.1", None, None, lambda: NOON)
        csr = a_request(f"O={OPERATOR}", f"CN={name}")
        return self.upkeep.handlers()["SignCertificate"](context, {"csr": csr})

    def triggered(self, name="CS1"):
        """Return an answer to a trigger after which the station asks."""

        def answer(_payload):
            asyncio.get_running_loop().call_soon(self.asks, name)
            return ACCEPTED

        return answer

    async def until(self, wanted):
        """Wait until something is so; return what it is."""
        async with asyncio.timeout(5):
            while not (found := wanted()):  # noqa: ASYNC110 - nobody tells of files
                await asyncio.sleep(0.005)
        return found

    async def outcome(self, name):
        return await self.until(lambda: self.orders.outcome(name))

    async def ordered(self, errand):
        return await self.outcome(self.orders.place(errand))

    async def rounds(self, seconds=0.05):
        """Let it look around some times, where nothing is to come of it."""
        await asyncio.sleep(seconds)

    @property
    def kinds(self):
        return [event.kind for event in self.posted.of(SecurityNoticed)]


@asynccontextmanager
async def at_work(folder, **options):
    bench = Bench(folder, **options)
    running = asyncio.create_task(bench.upkeep.run())
    try:
        yield bench
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def movable(profile="2", **changes):
    answers = {
        "GetVariables": [variables(NetworkConfigurationPriority="1", SecurityProfile=profile)],
        "SetNetworkProfile": [ACCEPTED],
        "SetVariables": [setting()],
        "Reset": [ACCEPTED],
        "CertificateSigned": [ACCEPTED],
    }
    return answers | changes


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


def ends_in(bench, days, name="CS1"):
    end: datetime = NOON + timedelta(days=days)
    bench.vault.keep(name, certificate_begin=NOON.isoformat(), certificate_end=end.isoformat())


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
