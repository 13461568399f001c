"""Blocking work beside the loop: what it returns, and that it ends before whoever waits for it."""

import asyncio
import threading

import pytest

from gateway.beside import beside


async def test_what_a_call_returns_or_raises_comes_back():
    assert await beside(lambda: threading.current_thread() is threading.main_thread()) is False
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 / 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_whoever_is_cancelled_however_often_waits_for_the_end(fails):
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def call():
        begun.set()
        go_on.wait(5)
        ended.append(True)
        if fails:
            raise ZeroDivisionError

    waiting = asyncio.create_task(beside(call))
    await asyncio.to_thread(begun.wait, 5)
    for _ in range(2):
        waiting.cancel()
        await asyncio.sleep(0.01)
    assert not waiting.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended
