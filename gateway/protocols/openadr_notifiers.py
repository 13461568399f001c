"""What a VTN of 3.1 offers beside webhooks: its MQTT broker, how to log in there, and the topics it names.

    GET /notifiers                         -> Offer: webhooks, a broker
    GET /notifiers/mqtt/topics/programs/…  -> {"topics": {"CREATE": …, "UPDATE": …, "DELETE": …, "ALL": …}}

Topics come from the VTN alone; none is ever made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlsplit

from gateway.protocols.openadr_http import Answer, Json
from gateway.protocols.openadr_problem import parsed
from translators.errors import DocumentError

_RULE = "OpenADR 3.1 notifiers"
_TLS_PORT, _PLAIN_PORT = 8883, 1883
_SCHEMES = {"mqtts": True, "ssl": True, "mqtt": False, "tcp": False}
"""Whether each scheme of a broker's address speaks TLS."""
_LONGEST_TOPIC = 1024
_LONGEST_TEXT = 32 * 1024
_CLIENT_ID = "{clientID}"
_TOPICS = "/notifiers/mqtt/topics"


class BrokerAuth(StrEnum):
    """How a client shows itself to a broker (3.1 Definition, table 12)."""

    ANONYMOUS = "ANONYMOUS"
    BEARER = "OAUTH2_BEARER_TOKEN"
    CERTIFICATE = "CERTIFICATE"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a broker listens."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Broker:
    """A VTN's broker; its places in the order in which they are tried, those with TLS first.

    `ca`, `certificate` and `key` are PEM texts that the VTN gave out, empty where it gave none.
    """

    places: tuple[Place, ...]
    auth: BrokerAuth = BrokerAuth.ANONYMOUS
    username: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a VTN offers; `problem` says why its broker cannot be used where it names one."""

    webhook: bool = True
    broker: Broker | None = None
    problem: str = ""


def offer_of(answer: Answer, client_id: str, *, plain: bool) -> Offer:
    """Return what /notifiers says; `plain` where brokers without TLS are allowed.

    `DocumentError` where the answer is no such object. A broker that cannot be used is a problem of the
    offer; webhooks go on.
    """
    value = parsed(answer.body)
    if not isinstance(value, dict):
        raise DocumentError("is no object", rule=_RULE)
    webhook = value.get("WEBHOOK") is not False  # 3.1: must be true
    named = value.get("MQTT")
    if named is None:
        return Offer(webhook)
    try:
        return Offer(webhook, _broker(named, client_id, plain=plain))
    except DocumentError as error:
        return Offer(webhook, problem=f"its broker: {error}")


def topics_of(answer: Answer) -> tuple[str, ...]:
    """Return the topics that an answer names, ALL in place of the others; `DocumentError` where none."""
    value = parsed(answer.body)
    named = value.get("topics") if isinstance(value, dict) else None
    if not isinstance(named, dict):
        raise DocumentError("names no topics", rule=_RULE)
    found = [named["ALL"]] if named.get("ALL") else list(named.values())
    topics = tuple(topic for topic in found if _is_filter(topic))
    if not topics:
        raise DocumentError("names no topic that can be asked for", rule=_RULE)
    return topics


def topic_paths(programs: Iterable[str], ven_id: str, *, all_programs: bool) -> list[str]:
    """Return where topics are asked for: of programs and their events, and of what is the VEN's own."""
    paths = [f"{_TOPICS}/programs"] if all_programs else []
    for program in programs:
        one = f"{_TOPICS}/programs/{quote(program, safe='')}"
        paths += [f"{one}/events"] if all_programs else [one, f"{one}/events"]
    if ven_id:
        own = f"{_TOPICS}/vens/{quote(ven_id, safe='')}"
        paths += [f"{own}/events", f"{own}/programs"]
    return paths


def _broker(named: Json, client_id: str, *, plain: bool) -> Broker:
    if not isinstance(named, dict):
        raise DocumentError("is no object", rule=_RULE)
    if named.get("serialization", "JSON") != "JSON":
        raise DocumentError("does not speak JSON", where="serialization", rule=_RULE)
    urls = named.get("URIS")
    listed = [url for url in urls if isinstance(url, str)] if isinstance(urls, list) else []
    places = [place for url in listed if (place := _place(url)) is not None]
    usable = [place for place in places if place.tls or plain]
    if not usable:
        problem = "is named without TLS only" if places else "is at no address that can be used"
        raise DocumentError(problem, where="URIS", rule=_RULE)
    told = named.get("authentication")
    login = told if isinstance(told, dict) else {}
    try:
        auth = BrokerAuth(login.get("method", "ANONYMOUS"))
    except ValueError:
        problem = f"asks for {str(login.get('method'))[:40]!r}, which is not known"
        raise DocumentError(problem, where="authentication", rule=_RULE) from None
    username = _text(login, "username")
    return Broker(
        tuple(sorted(usable, key=lambda place: not place.tls)),
        auth,
        client_id if username == _CLIENT_ID else username,
        _text(login, "caCert"),
        _text(login, "clientCert"),
        _text(login, "clientKey"),
    )


def _place(url: str) -> Place | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    tls = _SCHEMES.get(parts.scheme)
    if tls is None or not host:
        return None
    return Place(host, port or (_TLS_PORT if tls else _PLAIN_PORT), tls)


def _text(login: dict[str, Json], name: str) -> str:
    value = login.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return ""
    return value if value.replace("\r", "").replace("\n", "").isprintable() else ""


def _is_filter(topic: Json) -> bool:
    """Say whether a text may be subscribed to (MQTT 3.1.1, 4.7)."""
    if not isinstance(topic, str) or not 0 < len(topic) <= _LONGEST_TOPIC:
        return False
    *above, last = topic.split("/")
    single = all(level == "+" or "+" not in level for level in (*above, last))
    return topic.isprintable() and single and (last == "#" or "#" not in topic)
