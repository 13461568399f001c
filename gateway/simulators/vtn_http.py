"""What passes between a client and the desk of a simulated VTN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

type Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; `path` without the base path, names of headers in lower case."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes = b""
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class Reply:
    """What it gets."""

    status: int
    body: Any = None
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The specification has this request refused."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        """Keep the parts of the problem."""
        super().__init__(detail or title)
        self.status, self.title, self.detail = status, title, detail or title


def number(query: Query, name: str, absent: int) -> int:
    """Return a number of a query; RefusedError where it is none."""
    text = query.get(name, (str(absent),))[0]
    if not (text.isascii() and text.isdecimal()):
        raise RefusedError(400, "Bad Request", f"{name} is no number")
    return int(text)
