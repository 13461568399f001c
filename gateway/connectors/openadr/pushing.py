"""How pushes of one VTN become looks at it: drives `openadr_push`, a webhook and the VTN's broker.

Whatever comes is a hint. None of it is needed: where it fails, or is flooded, polling goes on as before.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog

from gateway.connectors.openadr.access import MqttAccess, VtnAccess, WebhookAccess
from gateway.connectors.openadr.inbox import Inbox
from gateway.connectors.openadr.sender import Sender
from gateway.connectors.openadr.waiting import rest
from gateway.connectors.openadr.webhook import Webhook
from gateway.core.events import SessionKept
from gateway.errors import GatewayError, PeerError, SettingsError
from gateway.ports import Clock, Post
from gateway.protocols.openadr_notifiers import Broker, BrokerAuth
from gateway.protocols.openadr_push import Push, Wanted
from gateway.protocols.openadr_subscriptions import Callback
from gateway.protocols.openadr_ven import Ven
from gateway.protocols.pacing import backoff

log = structlog.get_logger()

PART = "push"
"""The part of the session that this is."""
_SLICE_S = 5.0
_LISTEN_AGAIN_S = 30.0
_BROKER_AGAIN_S = 30.0
_COUNTED_S = 60.0


class Pushing:
    """The pushes of one VEN. `kept` is the document of the part `push` that an earlier run kept.

    SettingsError where a broker is to be listened to and the extra `mqtt` is not installed.
    """

    def __init__(
        self,
        access: VtnAccess,
        clock: Clock,
        *,
        kept: Mapping[str, Any] | None = None,
        draw: random.Random | None = None,
    ) -> None:
        """Ask nothing, listen nowhere yet."""
        self._access, self._clock = access, clock
        self._draw = draw or random.SystemRandom()
        hook = access.webhook
        self._callback = (
            Callback() if hook is None else Callback(hook.url, secrets.token_urlsafe(32))
        )
        if access.mqtt is not None and find_spec("aiomqtt") is None:
            raise SettingsError(
                "aiomqtt is not installed",
                where=f"{access.ven.utility}.mqtt",
                code="DG-1099",
                advice="install the extra `mqtt`",
            )
        wanted = Wanted(self._callback, mqtt=access.mqtt is not None, plain=access.insecure)
        self._push = Push(access.ven, wanted, kept)
        self.inbox = Inbox(self._now, lambda: self._push.programs)
        self._woken, self._renewed = asyncio.Event(), asyncio.Event()
        self._named: tuple[Broker | None, frozenset[str]] = (None, frozenset())
        self._until_renamed: asyncio.Timeout | None = None
        self._failures = 0
        self._problems: dict[str, str] = {}

    def learned(self, session: Ven) -> None:
        """Know what the session found out."""
        now = self._now()
        self._push.know(session.revision, session.programs, session.enrolment.ven_id, now)
        self._woken.set()

    def returned(self) -> None:
        """Look whether the VTN, which was away, still knows what it was told."""
        self._push.recheck(self._now())
        self._woken.set()

    async def run(self, sender: Sender, post: Post, hint: Callable[[], None]) -> None:
        """Subscribe and listen until cancelled; `hint` is called where something may have changed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ask(sender, post))
            tasks.create_task(self.inbox.run(hint))
            tasks.create_task(self._count())
            if self._access.webhook is not None:
                self._push.serve(self._now(), serving=False)
                tasks.create_task(self._serve(self._access.webhook))
            if self._access.mqtt is not None:
                tasks.create_task(self._follow(self._access.mqtt, sender))

    async def _ask(self, sender: Sender, post: Post) -> None:
        """Ask the VTN for what is due."""
        while True:
            now = self._now()
            request = self._push.due(now)
            if request is None:
                wake = self._push.wake_at()
                await rest(self._woken, _SLICE_S if wake is None else min(_SLICE_S, wake - now))
                continue
            answer = await sender.send(request)
            told, draw = self._clock.now(), self._draw.random()
            for kept in self._push.answered(request, answer, told.monotonic, told.utc, draw):
                post(SessionKept(self._access.ven.utility, kept.part, kept.document))
            self._trouble("push", self._push.problem)
            self._rename()

    def _rename(self) -> None:
        """Let go of a broker that the VTN does not name any more, or not by these topics."""
        if self._named != (self._push.broker, self._push.topics):
            self._renewed.set()
            if self._until_renamed is not None:
                self._until_renamed.reschedule(0.0)
                self._until_renamed = None

    async def _serve(self, access: WebhookAccess) -> None:
        """Keep the webhook open."""
        while True:
            try:
                async with Webhook(access, self._callback, self.inbox.take, self.inbox.refuse):
                    self._push.serve(self._now(), serving=True)
                    self._trouble("webhook", "")
                    self._woken.set()
                    await asyncio.Event().wait()
            except (OSError, GatewayError) as error:
                self._trouble("webhook", f"webhook: {error}")
                await asyncio.sleep(_LISTEN_AGAIN_S)

    async def _follow(self, access: MqttAccess, sender: Sender) -> None:
        """Listen to the broker and the topics that the VTN named last."""
        while True:
            broker, topics = self._named = self._push.broker, self._push.topics
            if broker is None or not topics:
                await rest(self._renewed, None)
                continue
            try:
                async with asyncio.timeout(None) as self._until_renamed:
                    await self._hear(access, sender, broker, topics)
            except TimeoutError:
                log.info("broker.renamed", utility=self._access.ven.utility)
            except GatewayError as error:
                self._failures += 1
                self._trouble("broker", f"broker: {error}")
                self._until_renamed = None
                draw = self._draw.random()
                await asyncio.sleep(backoff(_BROKER_AGAIN_S, self._failures, draw))

    async def _hear(
        self, access: MqttAccess, sender: Sender, broker: Broker, topics: frozenset[str]
    ) -> None:
        """Listen until that ends, by an error; places of a broker take turns."""
        library = import_module("gateway.connectors.openadr.mqtt")
        place = broker.places[self._failures % len(broker.places)]
        anchor, bearer = self._access.trust_anchor, None
        if broker.auth is BrokerAuth.BEARER:
            bearer = await sender.bearer()
            if not bearer:
                raise PeerError("asks for a token, and there is none", where=place.host)
        context = None
        if place.tls:
            context = await asyncio.to_thread(library.broker_context, broker, access, anchor)
        shown = library.Shown(context, broker.username if bearer else None, bearer)
        try:
            await library.listen(place, shown, topics, self._begun, self.inbox.heard)
        except library.BrokerRefusedError:
            sender.refused(bearer or "")
            raise

    def _begun(self) -> None:
        """Look at once after each connection: what was published before is not known."""
        self._failures = 0
        self._trouble("broker", "")
        log.info("broker.heard", utility=self._access.ven.utility, topics=len(self._push.topics))
        self.inbox.hint()

    async def _count(self) -> None:
        """Tell from time to time what came that was odd."""
        told = self.inbox.counts.odd
        while True:
            await asyncio.sleep(_COUNTED_S)
            counts = self.inbox.counts
            if counts.odd != told:
                told = counts.odd
                log.warning("push.odd", utility=self._access.ven.utility, **asdict(counts))

    def _trouble(self, what: str, problem: str) -> None:
        """Tell of a problem once, while it is the same."""
        if problem and problem != self._problems.get(what):
            log.warning("push.troubled", utility=self._access.ven.utility, problem=problem)
        self._problems[what] = problem

    def _now(self) -> float:
        return self._clock.now().monotonic
