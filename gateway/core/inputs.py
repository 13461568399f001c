"""What decided, as it is kept in the input log: each event with its time, and a digest of what came of it.

The engine is a function of what it began with and of what it heard: its settings (`Setup`), the documents
that it continued from, then events, each with its `Now`; random draws come in with the event. So a log of
these is a day that can be decided once more, and the digest of the effects of each event says whether the
same came of it.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import orjson

from gateway.core.effects import Effect, PostSamples
from gateway.core.engine import Engine
from gateway.core.events import Event, Now
from gateway.core.failsafe import UtilityRules
from gateway.core.forms import form_of
from gateway.core.orders import RulesReplaced
from gateway.core.pace import PaceRules
from gateway.core.site_state import SiteRules
from gateway.core.station import StationRules
from translators.canonical.telemetry import Sample
from translators.errors import ModelError
from translators.rules.book import Book

type Books = Callable[[str], Book]
"""Finds rules by their digest."""
type Json = dict[str, Any]

_EVENTS = {kind.__name__: kind for kind in get_args(Event.__value__)}
_SAMPLES = form_of(tuple[Sample, ...])
_OFFSETS = form_of(dict[str, timedelta])


@dataclass(frozen=True, slots=True)
class Setup:
    """What an engine is made from: the digest of its mapping rules, and what the settings say."""

    rules: str
    stations: tuple[StationRules, ...]
    utilities: Mapping[str, UtilityRules] = field(default_factory=dict)
    sites: tuple[SiteRules, ...] = ()
    pace: PaceRules = field(default_factory=PaceRules)

    def engine(self, book: Book) -> Engine:
        """Return a fresh engine that works by `book`."""
        return Engine(book, self.stations, self.utilities, self.sites, self.pace)


def setup_document(setup: Setup) -> Json:
    """Return the JSON document of a setup."""
    document: Json = form_of(Setup).write(setup)
    return document


def setup_from(document: Json) -> Setup:
    """Return the setup that `setup_document` described."""
    setup: Setup = form_of(Setup).read(document)
    return setup


def event_document(event: Event) -> Json:
    """Return the JSON document of an event, for `orjson`; rules stand for themselves by their digest."""
    if isinstance(event, RulesReplaced):
        return {
            "$type": "RulesReplaced",
            "book": event.book.digest,
            "at_once": event.at_once,
        }
    kind: Any = type(event)
    document: Json = form_of(kind).write(event)
    return document


def event_from(document: Json, books: Books) -> Event:
    """Return the event that `event_document` described; `ModelError` where it is none."""
    kind = _EVENTS.get(document.get("$type", ""))
    if kind is None:
        raise ModelError("is no event", where="inputs", value=document.get("$type"))
    if kind is RulesReplaced:
        return RulesReplaced(books(document["book"]), document.get("at_once", False))
    event: Event = form_of(kind).read(document)
    return event


def now_document(now: Now) -> list[Any]:
    """Return the JSON value of an instant."""
    return [now.utc, now.monotonic, offsets_document(now.offsets)]


def offsets_document(offsets: Mapping[str, timedelta]) -> Json:
    """Return the JSON document of the clock offsets of utilities, in microseconds."""
    document: Json = _OFFSETS.write(offsets)
    return document


def now_from(document: Sequence[Any], offsets: dict[str, timedelta] | None = None) -> Now:
    """Return the instant that `now_document` described; where it tells no offsets these hold."""
    utc, monotonic, *told = document
    known = _OFFSETS.read(told[0]) if told else dict(offsets or {})
    return Now(datetime.fromisoformat(utc), monotonic, known)


def digest(effects: Sequence[Effect]) -> str:
    """Return 32 hexadecimal digits that differ where effects, or their order, do; nothing for none."""
    return hashlib.blake2b(written(effects), digest_size=16).hexdigest() if effects else ""


def written(effects: Sequence[Effect]) -> bytes:
    """Return effects as JSON, each with the name of its class: equal bytes for equal effects only."""
    named = [(type(effect).__name__, _measured(effect)) for effect in effects]
    try:
        return orjson.dumps(named, default=_plain)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, which a peer may have sent
        return json.dumps(named, default=_plain).encode()


def _measured(effect: Effect) -> Any:
    """Return samples in short form, and every other effect as it is."""
    if isinstance(effect, PostSamples):
        return effect.utility, effect.station, _SAMPLES.write(effect.samples)
    return effect


def _plain(value: Any) -> Any:
    """Return what JSON has in place of a value that it does not have."""
    match value:
        case frozenset():
            return sorted(value)
        case bytes():
            return b64encode(value).decode("ascii")
        case datetime():
            return value.isoformat()
        case _ if is_dataclass(value):
            return {one.name: getattr(value, one.name) for one in fields(value)}
        case _:
            return str(value)
