"""What a VEN asks of its VTN, and what comes back: requests and answers as values, problems for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

type Json = Any
"""A JSON value; numbers exact where it was read."""


class Role(StrEnum):
    """What a request is for."""

    DISCOVERY = "discovery"
    TOKEN = "token"  # noqa: S105 - a role, not a secret
    PROGRAMS = "programs"
    EVENTS = "events"
    VENS = "vens"
    RESOURCES = "resources"
    REPORTS = "reports"
    SUBSCRIPTIONS = "subscriptions"
    NOTIFIERS = "notifiers"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path` follows the base address, or is an address of its own (`https://…`).

    At most one of `body` (JSON) and `form` is there.
    """

    role: Role
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Json = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 and a `problem` where nothing did. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Say whether the server did what was asked."""
        return 200 <= self.status < 300
