"""The lease of a leader: taken, renewed, lapsed, lost, left."""

import asyncio
import threading
from contextlib import closing

import pytest

from gateway import cluster
from gateway.cluster import Alone, Lease
from gateway.errors import LockedError, StoreError
from support.runtime_bench import until

LEASE_S = 0.05


class SeatInMemory:
    """A `Seat` whose answers a test chooses: True, False, or an error to raise."""

    def __init__(self):
        self.free, self.mine, self.taken, self.renewed, self.left = True, True, 0, 0, 0

    def take(self, _seconds):
        self.taken += 1
        return self._said(self.free)

    def renew(self, _seconds):
        self.renewed += 1
        return self._said(self.mine)

    def leave(self):
        self.left += 1
        self._said(self.mine)

    @staticmethod
    def _said(answer):
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seat():
    return SeatInMemory()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lease(seat, clock, monkeypatch):
    monkeypatch.setattr(cluster, "_FOLLOW_S", 0.001)
    monkeypatch.setattr(cluster, "_LOOK_S", 0.001)
    with closing(Lease(seat, LEASE_S, clock)) as made:
        yield made


def nothing():
    pass


async def test_nothing_is_sent_before_the_lead_is_taken(lease):
    assert lease.lapsed()
    assert lease.problem.startswith("standby")


async def test_a_free_seat_is_taken_at_once(lease):
    await lease.take(nothing)
    assert not lease.lapsed()
    assert lease.problem == ""


async def test_a_gateway_follows_until_the_leader_is_gone(lease, seat):
    seat.free, followed = False, []

    def follow():
        followed.append(seat.taken)
        seat.free = len(followed) == 3

    await lease.take(follow)
    assert followed == [1, 2, 3]
    assert seat.taken == 4


async def test_a_database_that_does_not_answer_is_asked_again_and_told(lease, seat):
    seat.free = StoreError("does not answer")
    taking = asyncio.create_task(lease.take(nothing))
    await until(lambda: seat.taken > 2)
    assert lease.problem == "standby: DG-1300 does not answer"
    seat.free = True
    await taking


async def test_the_lease_counts_from_before_it_was_asked_for(lease, seat, clock):
    def slow_take(_seconds):
        clock.now += LEASE_S / 2
        return True

    seat.take, seat.mine = slow_take, StoreError("away")
    await lease.take(nothing)
    clock.now += LEASE_S / 2 * 0.9
    assert lease.lapsed()


async def test_a_lease_is_renewed_as_time_goes_by(lease, seat, clock):
    await lease.take(nothing)
    clock.now += 10 * LEASE_S
    await until(lambda: not lease.lapsed())
    assert seat.renewed


async def test_a_lease_that_cannot_be_renewed_lapses_and_is_taken_up_again(lease, seat, clock):
    seat.mine = StoreError("does not answer")
    await lease.take(nothing)
    clock.now += LEASE_S
    assert lease.problem == "database: the lease cannot be renewed"
    seat.mine = True
    await until(lambda: not lease.lapsed())
    assert lease.problem == ""


@pytest.mark.parametrize("answer", [False, LockedError("another one leads")])
async def test_a_gateway_that_was_overtaken_sends_nothing_more_and_ends(lease, seat, answer):
    seat.mine = answer
    await lease.take(nothing)
    with pytest.raises(LockedError, match="DG-1402 another gateway leads now"):
        await lease.keep()
    assert lease.lapsed()


async def test_a_loop_that_stands_still_gives_the_lead_away(lease, seat, clock):
    await lease.take(nothing)
    clock.now += cluster.STALL_S + 1
    before = seat.renewed
    await asyncio.sleep(LEASE_S)
    assert seat.renewed <= before + 1  # one may have been under way
    keeping = asyncio.create_task(lease.keep())
    await until(lambda: not lease.lapsed())
    keeping.cancel()


async def test_who_ends_leaves_the_seat_once(lease, seat):
    await lease.take(nothing)
    lease.close()
    lease.close()
    assert seat.left == 1
    assert lease.lapsed()


async def test_a_seat_that_cannot_be_left_is_left_by_time(lease, seat):
    await lease.take(nothing)
    seat.mine = StoreError("does not answer")
    lease.close()
    assert seat.left == 1


async def test_who_is_told_to_end_while_the_lead_is_taken_leaves_it(lease, seat):
    begun, go_on = threading.Event(), threading.Event()

    def slow_take(_seconds):
        begun.set()
        go_on.wait(5)
        return True

    seat.take = slow_take
    taking = asyncio.create_task(lease.take(nothing))
    await asyncio.to_thread(begun.wait, 5)
    taking.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    lease.close()
    assert seat.left == 1


async def test_who_is_alone_leads_for_good():
    alone = Alone()
    keeping = asyncio.create_task(alone.keep())
    await asyncio.sleep(0)
    assert not alone.lapsed()
    assert not keeping.done()
    alone.close()
    keeping.cancel()


def test_the_clock_goes_on():
    assert cluster.boot_time() > 0
