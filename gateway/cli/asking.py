"""How commands ask a running gateway: over its admin listener."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import typer

from gateway.errors import PeerError
from gateway.security.files import secret
from gateway.settings import load

_TIMEOUT_S = 10.0
_ADVICE = "does `dergate run` run with these settings?"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway at `url`; `token` is empty where none is asked for."""

    url: str
    token: str = ""

    def get(self, *path: str) -> Any:
        """Return the JSON value at a path; `PeerError` where there is no gateway, or nothing there."""
        with self._client() as client, _told(self.url):
            answer = client.get(_joined(path))
            _judge(answer, answer.content)
            if mode := answer.headers.get("Dergate-Mode"):
                typer.echo(f"the gateway runs as {mode}", err=True)
            return orjson.loads(answer.content)

    def order(self, *path: str, **words: object) -> Any:
        """Give an order at a path, return what it says of it; `PeerError` where it is not taken."""
        with self._client() as client, _told(self.url):
            answer = client.post(_joined(path), content=orjson.dumps(words))
            _judge(answer, answer.content)
            return orjson.loads(answer.content) if answer.content else None

    def lines(self, *path: str, **query: str) -> Iterator[Any]:
        """Yield the values of a live stream as they come, until the gateway ends."""
        with (
            self._client() as client,
            _told(self.url),
            client.stream("GET", _joined(path), params=query, timeout=None) as answer,
        ):
            if answer.is_error:
                _judge(answer, answer.read())
            yield from (orjson.loads(line) for line in answer.iter_lines() if line)

    def _client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)


def gateway_of(config: Path) -> Gateway:
    """Return the gateway that runs by these settings."""
    admin = load(config).admin
    host = f"[{admin.host}]" if ":" in admin.host else admin.host
    token = "" if admin.token_file is None else secret(admin.token_file)
    return Gateway(f"http://{host}:{admin.port}", token)


def _joined(path: tuple[str, ...]) -> str:
    return "/" + "/".join(quote(part, safe="") for part in path)


def _judge(answer: httpx.Response, body: bytes) -> None:
    if answer.is_error:
        try:
            problem = str(orjson.loads(body)["detail"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            problem = f"answers {answer.status_code}"
        raise PeerError(problem, where=str(answer.url), code="DG-1295")


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn what the HTTP client says, and answers of another server, into `PeerError`."""
    try:
        yield
    except httpx.HTTPError as error:
        problem = f"cannot be asked: {error}"
        raise PeerError(problem, where=url, code="DG-1296", advice=_ADVICE) from error
    except orjson.JSONDecodeError as error:
        raise PeerError("answers no JSON", where=url, code="DG-1295", advice=_ADVICE) from error
