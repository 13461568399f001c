"""Faults of a simulated VTN: each spoils an honest answer in one way seen in the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

_PAGE = b"<!doctype html><html><head><title>Error</title></head><body><p>Oops</body></html>"


class Delivery(Enum):
    """How an answer travels."""

    WHOLE = "whole"
    CUT = "cut"  # the connection ends in the middle of the promised body
    DRIP = "drip"  # in twenty pieces, a pause before each
    RESET = "reset"  # the connection breaks instead


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands on the wire."""

    status: int
    body: bytes = b""
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of an answer; without `acts` the request has no effect at all."""

    spoil: Callable[[Answer], Answer] = lambda answer: answer
    acts: bool = True
    delivery: Delivery = Delivery.WHOLE
    pause_s: float = 0.0
    """How long the answer waits, or each piece of it."""
    retry_after_s: float = 0.0


HONEST = Fault()


def status(code: int, *, retry_after_s: float = 0.0) -> Fault:
    """Answer with a bare status, and with Retry-After where it is given."""
    headers = {"Retry-After": f"{retry_after_s:g}"} if retry_after_s else {}
    answer = Answer(code, headers=headers)
    return Fault(lambda _: answer, acts=False, retry_after_s=retry_after_s)


def html(code: int = 200) -> Fault:
    """Answer with a page for people."""
    return Fault(lambda _: Answer(code, _PAGE, "text/html"), acts=False)


def huge(size: int = 17 << 20) -> Fault:
    """Answer with a list of `size` bytes: the same item over and over."""
    item = b'{"id":"0"},'
    body = b"[" + (item * (size // len(item)))[:-1] + b"]"
    return Fault(lambda _: Answer(200, body), acts=False)


def slow(pause_s: float = 1.0) -> Fault:
    """Answer after a pause."""
    return Fault(pause_s=pause_s)


def drip(pause_s: float = 1.0) -> Fault:
    """Deliver in twenty pieces with a pause before each."""
    return Fault(delivery=Delivery.DRIP, pause_s=pause_s)


def cut() -> Fault:
    """Promise the whole body and end the connection after half of it."""
    return Fault(delivery=Delivery.CUT)


def cut_json() -> Fault:
    """Deliver completely a document that stops in the middle."""
    return Fault(lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]))


def reset() -> Fault:
    """Break the connection; nothing has happened."""
    return Fault(acts=False, delivery=Delivery.RESET)


def lost_answer() -> Fault:
    """Do what was asked, then break the connection instead of saying so."""
    return Fault(delivery=Delivery.RESET)


FAULTS: Mapping[str, Callable[..., Fault]] = {
    "cut": cut,
    "cut_json": cut_json,
    "drip": drip,
    "html": html,
    "huge": huge,
    "lost_answer": lost_answer,
    "reset": reset,
    "slow": slow,
    "status": status,
}
"""The faults by the names that scripts use."""
