"""Faults for the simulated utility: each spoils an honest answer in one way seen in the field.

A fault gets a function that computes the honest answer. One that does not call it also keeps the
request from having any effect; `lost_answer` is the one that commits and then breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from gateway.simulators.utility_2030_5_http import Delivery, Reply
from gateway.simulators.utility_2030_5_xml import Node, parse, render

type Fault = Callable[[Callable[[], Reply]], Reply]

_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "0123456789">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">'
    b'<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>'
    b'<DeviceCapability xmlns="urn:ieee:std:2030.5:ns">&e;</DeviceCapability>'
)
_FILLER = b'<TimeLink href="/tm"/>'
_PAGE = b"<!doctype html><html><head><title>Error</title></head><body><p>Oops</body></html>"


def status(code: int, *, retry_after_s: int | None = None, location: str | None = None) -> Fault:
    """Answer with a bare status; 503 with `retry_after_s`, 301 and 302 with `location`."""
    headers = {}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    if location is not None:
        headers["Location"] = location
    return lambda _: Reply(code, headers=headers)


def html(code: int = HTTPStatus.OK) -> Fault:
    """Answer with a page for people."""
    return lambda _: Reply(code, _PAGE, "text/html")


def doctype_bomb() -> Fault:
    """Answer with a document type whose entities grow a hundred-thousandfold."""
    return lambda _: Reply(HTTPStatus.OK, _BOMB)


def huge_body(size: int = 10 << 20) -> Fault:
    """Answer with `size` bytes of well-formed XML: very many small elements."""
    opening, closing = b'<DeviceCapability xmlns="urn:ieee:std:2030.5:ns">', b"</DeviceCapability>"
    room = size - len(opening) - len(closing)
    filling = (_FILLER * (room // len(_FILLER))).ljust(room)
    return lambda _: Reply(HTTPStatus.OK, opening + filling + closing)


def cut_xml() -> Fault:
    """Deliver completely a document that stops in the middle."""

    def spoil(honest: Callable[[], Reply]) -> Reply:
        reply = honest()
        return replace(reply, body=reply.body[: len(reply.body) // 2])

    return spoil


def short_body() -> Fault:
    """Promise the whole body and end the connection after half of it."""
    return lambda honest: replace(honest(), delivery=Delivery.SHORT)


def slow_body(pause_s: float = 1.0) -> Fault:
    """Deliver in twenty pieces with a pause after each."""
    return lambda honest: replace(honest(), delivery=Delivery.SLOW, pause_s=pause_s)


def reset() -> Fault:
    """Break the connection; nothing has happened."""
    return lambda _: Reply(HTTPStatus.OK, delivery=Delivery.RESET)


def lost_answer() -> Fault:
    """Do what was asked, then break the connection instead of saying so."""
    return lambda honest: replace(honest(), delivery=Delivery.RESET)


def omit(name: str) -> Fault:
    """Leave out every element called `name`, such as a link."""
    return _rewritten(lambda document: document.without(name))


def say(name: str, text: str) -> Fault:
    """Let every element called `name` say `text`, such as a wrong mRID."""
    return _rewritten(lambda document: document.with_text(name, text))


def _rewritten(change: Callable[[Node], Node]) -> Fault:
    def spoil(honest: Callable[[], Reply]) -> Reply:
        reply = honest()
        return replace(reply, body=render(change(parse(reply.body)))) if reply.body else reply

    return spoil
