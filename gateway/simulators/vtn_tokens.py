"""The token endpoint of a simulated VTN, and what a token lets its client do."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from gateway.simulators.vtn_http import RefusedError, Reply, Request
from gateway.simulators.vtn_options import BL_SCOPES, VEN_SCOPES, Options
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_watch import Watch
from gateway.simulators.vtn_world import Body, World


@dataclass(frozen=True, slots=True)
class _Token:
    client: str
    until: float
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sent a request, and the scopes of its token."""

    client: str
    scopes: frozenset[str]
    business: bool = False


@dataclass(slots=True)
class Tokens:
    """Gives tokens and knows them again."""

    world: World
    watch: Watch
    _given: dict[str, _Token] = field(default_factory=dict)

    def revoke(self) -> None:
        """Let no token be good any more."""
        self._given.clear()

    def answer(self, request: Request) -> Reply:
        """Return the token that a client asks for, or why it gets none (RFC 6749 5.2)."""
        form = {key: values[0] for key, values in parse_qs(_text(request.body)).items()}
        if form.get("grant_type") != "client_credentials":
            return Reply(400, {"error": "unsupported_grant_type"})
        credentials = self._credentials(request, form)
        if credentials is None:
            return Reply(400, {"error": "invalid_request"})
        name, secret = credentials
        account = self._options.accounts.get(name)
        if account is None or account.secret != secret:
            return Reply(401, {"error": "invalid_client"})
        scopes, asked = self._scopes(name), frozenset(form.get("scope", "").split())
        if not asked <= set(scopes):
            text = f"scopes beyond its role: {' '.join(sorted(asked - set(scopes)))}"
            self.watch.complain(name, request, text)
            if self._options.strict:
                return Reply(400, {"error": "invalid_scope"})
        if self._options.strict and asked:
            scopes = tuple(scope for scope in scopes if scope in asked)
        return Reply(200, self._token(name, scopes, request))

    def holder(self, request: Request) -> Holder:
        """Return who sent a request; RefusedError where its token is not good."""
        if self._options.open:
            return Holder("", frozenset(VEN_SCOPES[self._options.revision]))
        header = request.headers.get("authorization", "")
        old = self._options.revision == "3.0" or self._options.has(Quirk.BAD_TOKEN_403)
        if not header:
            raise RefusedError(401, "Unauthorized", "no token")
        token = self._given.get(header.removeprefix("Bearer "))
        if token is None or token.until <= self.world.now():
            raise RefusedError(403 if old else 401, "Forbidden", "the token is not good")
        account = self._options.accounts.get(token.client)
        business = account is not None and account.business
        return Holder(token.client, token.scopes, business)

    @property
    def _options(self) -> Options:
        return self.world.options

    def _credentials(self, request: Request, form: dict[str, str]) -> tuple[str, str] | None:
        """Return the name and secret of a client; None where they are not given as they should be."""
        header = request.headers.get("authorization", "")
        if not header.startswith("Basic "):
            if self._options.has(Quirk.BASIC_ONLY):
                return None
            return form.get("client_id", ""), form.get("client_secret", "")
        if self._options.has(Quirk.POST_ONLY):
            return None
        try:
            name, _, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except ValueError:
            return None
        return name, secret

    def _scopes(self, client: str) -> tuple[str, ...]:
        account = self._options.accounts[client]
        own = BL_SCOPES if account.business else VEN_SCOPES[self._options.revision]
        return account.scopes or own

    def _token(self, client: str, scopes: tuple[str, ...], request: Request) -> Body:
        now, options = self.world.now(), self._options
        good = [it for it in self._given.values() if it.client == client and it.until > now]
        self.watch.token_given(client, request, len(good))
        text = secrets.token_hex(16)
        self._given[text] = _Token(client, now + options.token_s, frozenset(scopes))
        body: Body = {"access_token": text, "token_type": "Bearer"}
        body["scope"] = list(scopes) if options.has(Quirk.SCOPE_LIST) else " ".join(scopes)
        if not options.has(Quirk.NO_EXPIRES_IN):
            body["expires_in"] = int(options.token_s)
        return body


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
