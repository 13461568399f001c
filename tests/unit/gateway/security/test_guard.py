"""What stands before aiohttp: half-sent requests and floods of connections, over real sockets."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway.security import guard
from gateway.security.guard import Guard


async def hello(_request):
    response = web.Response(text="hello")
    response.force_close()
    return response


@asynccontextmanager
async def guarded(head_s=10.0):
    application = web.Application()
    application.add_routes([web.get("/", hello)])
    runner = web.AppRunner(application)
    await runner.setup()
    watch = Guard(runner.server, head_s)
    server = await asyncio.get_running_loop().create_server(watch, "127.0.0.1", 0)
    try:
        yield watch, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


async def said(port, *parts, pause_s=0.0):
    """Send the parts, and return what comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def emptied(watch):
    """Wait until no connection is open; a closed socket is noticed in a later turn."""
    for _ in range(500):
        if not watch.open:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(f"{watch.open} connections are open")


async def test_a_request_in_pieces_is_answered():
    async with guarded() as (_, port):
        answer = await said(port, b"GET / HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n", pause_s=0.01)
    assert answer.endswith(b"hello")


async def test_a_head_that_never_ends_is_cut_off():
    async with guarded(head_s=0.05) as (watch, port):
        assert await said(port, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""
        await emptied(watch)


@pytest.mark.parametrize("begin", [b"\r\n\r\n", b"\n", b"\r\n\r\nGET / HTTP/1.1\r\n"])
async def test_empty_lines_before_a_head_do_not_end_it(begin):
    async with guarded(head_s=0.05) as (watch, port):
        assert await said(port, begin) == b""
        await emptied(watch)


async def test_a_head_after_empty_lines_is_answered():
    async with guarded() as (_, port):
        answer = await said(port, b"\r\n", b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", pause_s=0.01)
    assert answer.endswith(b"hello")


async def test_a_head_that_is_too_long_is_refused_and_not_kept():
    async with guarded() as (_, port):
        answer = await said(port, b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")
    assert b" 400 " in answer.partition(b"\r\n")[0]


async def test_one_connection_too_many_is_dropped_and_the_others_live(monkeypatch):
    monkeypatch.setattr(guard, "MOST_CONNECTIONS", 2)
    async with guarded() as (watch, port):
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert await said(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        waiting[0][1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await waiting[0][0].read()).endswith(b"hello")
        for _, writer in waiting:
            writer.close()
        await emptied(watch)


async def test_a_client_that_only_closes_is_let_go():
    async with guarded() as (watch, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write_eof()
        assert await reader.read() == b""
        await emptied(watch)
        writer.close()


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_where_a_head_is_cut_does_not_matter(size):
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    async with guarded(head_s=2.0) as (_, port):
        assert (await said(port, *parts)).endswith(b"hello")
