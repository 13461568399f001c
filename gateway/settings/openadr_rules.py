"""What must hold of a utility that speaks OpenADR 3: tokens over TLS, whole credentials, contracts, names."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.settings.document import Location
from gateway.settings.findings import Finding
from gateway.settings.openadr import OpenAdrUtility
from gateway.settings.schema import Settings
from translators.errors import DocumentError
from translators.openadr.binding import binding_of


def _vens(settings: Settings) -> Iterator[tuple[Location, OpenAdrUtility]]:
    for n, utility in enumerate(settings.utilities):
        if isinstance(utility, OpenAdrUtility):
            yield ("utilities", n), utility


def secured(settings: Settings) -> Iterator[Finding]:
    """Find plain HTTP that nobody allowed, and credentials and certificates that are not whole."""
    for at, vtn in _vens(settings):
        yield from _in_the_open(at, vtn)
        yield from _credentials(at, vtn)
        for name, pair in (("webhook", vtn.webhook), ("mqtt", vtn.mqtt)):
            if pair is not None and (pair.certificate is None) != (pair.key is None):
                yield Finding((*at, name), "certificate and key belong together")


def _in_the_open(at: Location, vtn: OpenAdrUtility) -> Iterator[Finding]:
    """Find addresses at which others could listen, or stand in for the VTN."""
    callback = "" if vtn.webhook is None else vtn.webhook.url
    places: tuple[tuple[Location, str, str], ...] = (
        (("url",), vtn.url, "tokens and events"),
        (("token_url",), vtn.token_url, "tokens and events"),
        (("webhook", "url"), callback, "a token"),
    )
    for key, url, what in places:
        if url.startswith("http:") and not vtn.insecure:
            problem = f"{url} would carry {what} in plain text"
            yield Finding((*at, *key), problem, "use https, or set insecure: true")
    if vtn.url.startswith("mdns:") and vtn.trust_anchor is None:
        problem = "anybody in the network can announce a VTN"
        yield Finding((*at, "url"), problem, "set trust_anchor")


def _credentials(at: Location, vtn: OpenAdrUtility) -> Iterator[Finding]:
    given = (bool(vtn.client_id), vtn.client_secret_file is not None)
    if vtn.auth != "none" and not all(given):
        problem = f"auth {vtn.auth} needs client_id and client_secret_file"
        yield Finding((*at, "auth"), problem, "without a token it is auth: none")
    elif vtn.auth == "none" and any(given):
        yield Finding((*at,), "credentials are given that nobody shows", "set auth: post")


def contracts(settings: Settings) -> Iterator[Finding]:
    """Find bindings that say nothing, or two things about one payload type of a program."""
    for at, vtn in _vens(settings):
        bound: set[tuple[str, str]] = set()
        for m, entry in enumerate(vtn.bindings):
            here: Location = (*at, "bindings", m)
            try:
                binding = binding_of(entry.given)
            except DocumentError as fault:
                yield Finding((*here, fault.where), str(fault))
                continue
            pair = binding.program, binding.payload
            if pair in bound:
                yield Finding(here, f"{pair[1]} of {pair[0]} is bound twice", "leave one of them")
            bound.add(pair)


def apart(settings: Settings) -> Iterator[Finding]:
    """Find webhooks that listen at one port of one address."""
    taken: set[tuple[str, int]] = set()
    for at, vtn in _vens(settings):
        if vtn.webhook is None or not vtn.webhook.port:
            continue
        place = vtn.webhook.host, vtn.webhook.port
        if place in taken:
            problem = f"another webhook listens on {place[0]}:{place[1]}"
            yield Finding((*at, "webhook", "port"), problem, "give each a port of its own")
        taken.add(place)


def named(settings: Settings) -> Iterator[Finding]:
    """Find resources of one VEN that share a name."""
    for at, vtn in _vens(settings):
        seen: set[str] = set()
        for m, resource in enumerate(vtn.resources):
            name = resource.name or resource.stands_for
            if name in seen:
                problem = f"two resources are called {name}"
                yield Finding((*at, "resources", m), problem, "give each a name of its own")
            seen.add(name)
