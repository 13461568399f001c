"""Requests with a token that is good: one forced refresh where it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from gateway.connectors.openadr.channel import Channel
from gateway.protocols.openadr_http import Answer, Request
from gateway.protocols.openadr_token import Tokens

_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Sender:
    """Asks over one channel with the token of the VEN, for all who have something to ask."""

    def __init__(self, channel: Channel, tokens: Tokens, monotonic: Callable[[], float]) -> None:
        """Ask nothing yet."""
        self._channel, self._tokens, self._monotonic = channel, tokens, monotonic
        self._asking = asyncio.Lock()

    async def send(self, request: Request) -> Answer:
        """Ask once, twice where the token was refused; 401 with the problem where none is to be had."""
        bearer = await self.bearer()
        if bearer is None:
            return Answer(HTTPStatus.UNAUTHORIZED, problem=self._tokens.problem)
        answer = await self._channel.exchange(request, bearer)
        if answer.status in _REFUSED and self.refused(bearer):
            another = await self.bearer()
            if another is not None:
                return await self._channel.exchange(request, another)
        return answer

    async def bearer(self) -> str | None:
        """Return the token, asked for by one alone; "" where none is needed, None where there is none."""
        async with self._asking:
            while (request := self._tokens.request(self._monotonic())) is not None:
                answer = await self._channel.exchange(request)
                self._tokens.answered(request, answer, self._monotonic())
            return self._tokens.bearer

    def refused(self, bearer: str) -> bool:
        """Note that a token was refused; say whether another one is worth a try."""
        return self._tokens.refused(bearer, self._monotonic())
