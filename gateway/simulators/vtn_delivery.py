"""How answers of a simulated VTN travel over aiohttp: whole, in pieces, cut short or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from gateway.simulators.vtn_faults import Answer, Delivery, Fault

_PIECES = 20


async def deliver(
    http: web.Request, answer: Answer, fault: Fault, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send an answer as a fault has it."""
    named = {**answer.headers, **headers, "Content-Type": answer.media}
    if fault.delivery in (Delivery.CUT, Delivery.DRIP):
        return await _in_pieces(http, answer, fault, named)
    if fault.delivery is Delivery.RESET and http.transport is not None:
        http.transport.abort()
    await asyncio.sleep(fault.pause_s)
    return web.Response(status=answer.status, body=answer.body, headers=named)


async def _in_pieces(
    http: web.Request, answer: Answer, fault: Fault, headers: Mapping[str, str]
) -> web.StreamResponse:
    body, cut = answer.body, fault.delivery is Delivery.CUT
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(body)
    await response.prepare(http)
    size = max(1, len(body) // (2 if cut else _PIECES))
    for start in range(0, size if cut else len(body), size):
        await asyncio.sleep(fault.pause_s)
        await response.write(body[start : start + size])
    if cut and http.transport is not None:
        http.transport.close()
    return response
