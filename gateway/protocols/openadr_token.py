"""The token of a VEN, without I/O: OAuth2 client credentials (RFC 6749 4.4), found out, renewed, refused.

Theory of operation. Before it sends anything, whoever owns the connection asks `request(now)` and gives
each answer to `answered` until it returns None; then `bearer` is the token, "" where none is needed, None
where there is none (`problem` says why). After 401 or 403 it asks `refused(bearer, now)`: True says that
another token is worth a try, once: a token that is young already is not asked for again.
"""

from __future__ import annotations

import base64
import math
from decimal import Decimal
from urllib.parse import quote_plus, urljoin, urlsplit

from gateway.protocols.openadr_access import Auth, Client
from gateway.protocols.openadr_http import Answer, Json, Request, Role
from gateway.protocols.openadr_problem import parsed, problem_of
from gateway.protocols.pacing import FIRST_RETRY_S, backoff
from translators.errors import DocumentError

_DEFAULT_PATH = "/auth/token"
_YOUNG_S = 60.0
"""A token of this age is not renewed because it was refused: what it may not do, the next may not either."""
_SHORTEST_S = 10.0
_MARGIN = 0.1
_LONGEST_MARGIN_S = 30.0
_OF_THE_MOMENT = frozenset({0, 408, 425, 429})


class Tokens:
    """The token of one VEN at one VTN, whose base address is `url`."""

    def __init__(self, client: Client, url: str) -> None:
        """Hold no token yet."""
        self._client, self._url = client, url
        self._token_url = client.token_url
        self._token = ""
        self._got = self._until = -math.inf
        self._failures, self._pause = 0, -math.inf
        self.scopes: frozenset[str] = frozenset()
        """What the VTN granted, as far as it says."""
        self.problem = ""

    @property
    def bearer(self) -> str | None:
        """Return the token, "" where none is needed, None where there is none."""
        return "" if self._client.auth is Auth.NONE else self._token or None

    def request(self, now: float) -> Request | None:
        """Return what must be asked before a token is there; None where one is, or tries pause."""
        usable = self._token and now < self._until
        if self._client.auth is Auth.NONE or usable or now < self._pause:
            return None
        if not self._token_url:
            return Request(Role.DISCOVERY, "GET", "/auth/server")
        return self._asked()

    def answered(self, request: Request, answer: Answer, now: float) -> None:
        """Take the answer to a request of this session."""
        if request.role is Role.DISCOVERY:
            self._discovered(answer, now)
            return
        try:
            self._take(answer, now)
        except DocumentError as error:
            self._failed(str(error), now)

    def refused(self, bearer: str, now: float) -> bool:
        """Note that a token was refused (401, 403); say whether another one is worth a try."""
        if self._client.auth is Auth.NONE:
            return False
        if bearer != self._token:
            return bool(self._token)
        if now - self._got < _YOUNG_S:
            return False
        self._token, self._until, self._pause = "", -math.inf, -math.inf
        return True

    def _asked(self) -> Request:
        client = self._client
        form = {"grant_type": "client_credentials"}
        headers: dict[str, str] = {}
        if client.auth is Auth.BASIC:  # RFC 6749 2.3.1
            pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form |= {"client_id": client.id, "client_secret": client.secret}
        if client.scopes:
            form["scope"] = " ".join(client.scopes)
        return Request(Role.TOKEN, "POST", self._token_url, form=form, headers=headers)

    def _discovered(self, answer: Answer, now: float) -> None:
        """Know where tokens are given: as 3.1 says it, else where 3.0.1 has it."""
        if answer.status in _OF_THE_MOMENT or answer.status >= 500:
            self._failed(problem_of(answer), now)
            return
        found = ""
        if answer.ok:
            try:
                value = parsed(answer.body)
            except DocumentError:
                value = None
            named = value.get("tokenURL") if isinstance(value, dict) else None
            found = named if isinstance(named, str) else ""
        target = urljoin(f"{self._url}/", found) if found else _DEFAULT_PATH
        if found and not self._safe(target):
            self._failed(f"/auth/server names {target[:100]!r}, which is no https address", now)
            return
        self._token_url = target

    def _safe(self, target: str) -> bool:
        """Say whether a secret may go there: over TLS, unless the VTN itself is asked without."""
        parts, own = urlsplit(target), urlsplit(self._url).scheme
        return bool(parts.netloc) and parts.scheme in {"https", own}

    def _take(self, answer: Answer, now: float) -> None:
        if not answer.ok:
            raise DocumentError(problem_of(answer))
        value = parsed(answer.body)
        told = value if isinstance(value, dict) else {}
        token = told.get("access_token")
        if not isinstance(token, str) or not token or not _plain(token):
            raise DocumentError("holds no access_token that can be used")
        kind = told.get("token_type", "Bearer")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise DocumentError("is of a token_type that is not Bearer")
        self._token, self._got, self.problem = token, now, ""
        self._failures, self._pause = 0, -math.inf
        self._until = now + _lasts(told.get("expires_in"))
        self.scopes = _scopes(told.get("scope"))

    def _failed(self, problem: str, now: float) -> None:
        secret = self._client.secret
        self.problem = "no token: " + (problem.replace(secret, "…") if secret else problem)
        self._failures += 1
        self._pause = now + backoff(FIRST_RETRY_S, self._failures, 0.5)
        if now >= self._until:
            self._token = ""
        if not self._client.token_url:
            self._token_url = ""


def _lasts(value: Json) -> float:
    """Return after how many seconds a token is renewed: a little early, never where nothing is said."""
    try:
        seconds = float(value) if isinstance(value, int | Decimal | str) else math.inf
    except (ValueError, OverflowError):
        return math.inf
    if not math.isfinite(seconds) or seconds <= 0 or isinstance(value, bool):
        return math.inf
    return max(seconds - min(seconds * _MARGIN, _LONGEST_MARGIN_S), _SHORTEST_S)


def _scopes(value: Json) -> frozenset[str]:
    """Return scopes, which come as one text or as a list."""
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list):
        return frozenset()
    return frozenset(word for word in words if isinstance(word, str))


def _plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token
