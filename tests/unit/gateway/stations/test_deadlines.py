"""One heap for all that becomes due: in order, not before its time, with one timer."""

import asyncio

import pytest
import uvloop

from gateway.stations.deadlines import Deadlines


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """Run a coroutine on each of the two loops."""

    def running(work):
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(work)

    return running


async def passed(seconds):
    await asyncio.sleep(seconds)


class Waiting:
    """Waits for an answer; knows how often it expired."""

    def __init__(self):
        self.expired = 0

    def expire(self):
        self.expired += 1


async def test_who_waits_too_long_expires_once():
    deadlines, short, long = Deadlines(), Waiting(), Waiting()
    deadlines.expect(long, 60)
    deadlines.expect(short, 0.01)
    await passed(0.05)
    assert (short.expired, long.expired) == (1, 0)
    assert deadlines.awaited == 1


async def test_who_is_relieved_does_not_expire():
    deadlines, waiter = Deadlines(), Waiting()
    deadlines.expect(waiter, 0.01)
    deadlines.relieve(waiter)
    deadlines.relieve(waiter)
    await passed(0.05)
    assert waiter.expired == 0
    assert deadlines.awaited == 0


async def test_the_last_word_on_a_wait_counts():
    deadlines, waiter = Deadlines(), Waiting()
    deadlines.expect(waiter, 0.01)
    deadlines.expect(waiter, 60)
    await passed(0.05)
    assert waiter.expired == 0
    assert deadlines.awaited == 1


async def test_answers_leave_nothing_on_the_heap():
    deadlines, waiters = Deadlines(), [Waiting() for _ in range(100)]
    for _ in range(10):
        for waiter in waiters:
            deadlines.expect(waiter, 30)
        for waiter in waiters:
            deadlines.relieve(waiter)
    assert len(deadlines) == 1
    assert deadlines.awaited == 0


async def test_waits_go_on_after_a_look_at_them():
    deadlines, first, second = Deadlines(), Waiting(), Waiting()
    deadlines.expect(first, 0.01)
    deadlines.expect(second, 0.03)
    await passed(0.02)
    deadlines.expect(first, 0.01)
    await passed(0.06)
    assert (first.expired, second.expired) == (2, 1)


async def test_what_is_due_first_is_done_first_whatever_came_first():
    deadlines, done = Deadlines(), []
    for delay, name in ((0.03, "late"), (0.01, "early"), (0.02, "middle")):
        deadlines.after(delay, lambda name=name: done.append(name))
    assert len(deadlines) == 3
    await passed(0.1)
    assert done == ["early", "middle", "late"]
    assert len(deadlines) == 0


async def test_nothing_is_done_before_its_time():
    deadlines, done = Deadlines(), []
    deadlines.after(60, lambda: done.append("never"))
    deadlines.after(0.01, lambda: done.append("soon"))
    await passed(0.05)
    assert done == ["soon"]
    assert len(deadlines) == 1


async def test_what_is_over_already_is_done_in_the_next_turn():
    deadlines, done = Deadlines(), []
    deadlines.after(-5, lambda: done.append("over"))
    assert done == []
    await passed(0.01)
    assert done == ["over"]


async def test_an_act_may_add_another():
    deadlines, done = Deadlines(), []

    def again():
        done.append(len(done))
        if len(done) < 3:
            deadlines.after(0.005, again)

    deadlines.after(0.005, again)
    await passed(0.1)
    assert done == [0, 1, 2]


async def test_one_instant_keeps_the_order_of_asking():
    deadlines, done = Deadlines(), []
    for number in range(10):
        deadlines.after(0, lambda number=number: done.append(number))
    await passed(0.02)
    assert done == list(range(10))


def test_both_loops_keep_what_is_over_before_what_is_due(run):
    async def story():
        deadlines, done = Deadlines(), []
        deadlines.after(-5, lambda: done.append("over"))
        deadlines.after(-6, lambda: done.append("over as well"))
        deadlines.after(0.02, lambda: done.append("due"))
        deadlines.after(0.01, lambda: done.append("due first"))
        await asyncio.sleep(0.1)
        assert done == ["over", "over as well", "due first", "due"]

    run(story())


async def test_a_look_that_was_planned_for_one_who_was_relieved_finds_nobody():
    deadlines, short, long = Deadlines(), Waiting(), Waiting()
    deadlines.expect(long, 0.03)
    deadlines.expect(short, 0.01)
    deadlines.relieve(long)
    await passed(0.08)
    assert (short.expired, long.expired) == (1, 0)
    assert len(deadlines) == 0
