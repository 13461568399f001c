"""Whether the peers that the settings name can be reached: one question each (`dergate check --online`)."""

from __future__ import annotations

import asyncio

from gateway.clock import SystemClock
from gateway.connectors.ieee2030_5 import UtilityAccess
from gateway.connectors.ieee2030_5 import channel as sep2
from gateway.connectors.openadr import channel as openadr
from gateway.connectors.openadr.access import VtnAccess
from gateway.connectors.openadr.sender import Sender
from gateway.errors import PeerError
from gateway.protocols.openadr_http import Request
from gateway.protocols.openadr_http import Role as VtnRole
from gateway.protocols.openadr_problem import DATE_S, problem_of, said_at
from gateway.protocols.openadr_token import Tokens
from gateway.protocols.sep2_documents import Role

_CODE = "DG-1201"


def utility_reached(access: UtilityAccess) -> str:
    """Return how long a utility took to show its DeviceCapability; PeerError where it did not."""
    return asyncio.run(_utility(access))


def vtn_reached(access: VtnAccess) -> str:
    """Return how long a VTN took to list an event; PeerError where it did not, or its clock is off.

    A token is asked for first, where the VTN wants one.
    """
    return asyncio.run(_vtn(access))


async def _utility(access: UtilityAccess) -> str:
    clock = SystemClock()
    async with sep2.Channel(access, lambda: clock.now().utc) as channel:
        answer = await channel.get(access.url)
    problem = answer.judged(Role.DEVICE_CAPABILITY)
    if problem:
        where = f"{access.station} at {access.utility} ({access.url})"
        raise PeerError(problem, where=where, code=_CODE)
    return _reached((answer.received - answer.sent) * 1000)


async def _vtn(access: VtnAccess) -> str:
    clock, ven = SystemClock(), access.ven
    where = f"{ven.utility} ({ven.url})"
    request = Request(VtnRole.EVENTS, "GET", "/events", (("skip", "0"), ("limit", "1")))
    async with openadr.Channel(access) as channel:
        tokens = Tokens(ven.client, ven.url)
        sender = Sender(channel, tokens, lambda: clock.now().monotonic)
        begin = clock.now()
        answer = await sender.send(request)
        end = clock.now()
    if answer.problem or not answer.ok:
        raise PeerError(problem_of(answer), where=where, code=_CODE)
    told = said_at(answer)
    apart = 0.0 if told is None else (told - end.utc).total_seconds()
    if abs(apart) > ven.max_skew_s + DATE_S:
        problem = f"its clock is {apart:+.0f} s from ours, so nothing of it begins (max_skew_s)"
        raise PeerError(problem, where=where, code=_CODE)
    return _reached((end.monotonic - begin.monotonic) * 1000)


def _reached(milliseconds: float) -> str:
    return f"reached in {milliseconds:.0f} ms"
