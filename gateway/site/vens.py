"""How VTNs are reached, and for which stations and sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.connectors.openadr.access import MqttAccess, VtnAccess, WebhookAccess
from gateway.errors import SettingsError
from gateway.protocols.openadr_access import Auth, Client, Resource, VenAccess
from gateway.security.files import secret
from gateway.settings import Settings
from gateway.settings.openadr import Mqtt, OpenAdrUtility, Webhook
from translators.canonical.commands import Revision
from translators.openadr.binding import binding_of
from translators.openadr.bound import unread
from translators.openadr.contracts import terms_of
from translators.rules.book import Book


def vtn_accesses(settings: Settings) -> list[VtnAccess]:
    """Return how each VTN is reached; SettingsError where a client secret cannot be read."""
    return [
        VtnAccess(
            _ven(settings, vtn),
            trust_anchor=vtn.trust_anchor,
            insecure=vtn.insecure,
            webhook=_webhook(vtn.webhook),
            mqtt=_mqtt(vtn.mqtt),
        )
        for vtn in settings.openadr_utilities
    ]


def unread_bindings(settings: Settings, book: Book) -> Iterator[SettingsError]:
    """Yield what VTNs are promised in settings and no rule of the book knows: readings, and contracts."""
    for number, utility in enumerate(settings.utilities):
        if not isinstance(utility, OpenAdrUtility):
            continue
        at = f"utilities[{number}]"
        terms = terms_of(book, utility.contract)
        if terms is not None and not terms.events:
            where, problem = f"{at}.contract", f"no mapping rule has {terms.contract}"
            yield SettingsError(problem, where=where, code="DG-1098")
        for place, entry in enumerate(utility.bindings):
            for key, problem in unread(book, binding_of(entry.given)):
                where = f"{at}.bindings[{place}]" + (f".{key}" if key else "")
                yield SettingsError(problem, where=where, code="DG-1098")


def _ven(settings: Settings, vtn: OpenAdrUtility) -> VenAccess:
    return VenAccess(
        utility=vtn.id,
        url=vtn.url.rstrip("/"),
        ven=vtn.ven,
        client=_client(vtn),
        resources=tuple(
            Resource(one.stands_for, one.name or one.stands_for, frozenset(one.targets))
            for one in vtn.resources
        ),
        members=_members(settings, vtn),
        revision=None if vtn.version == "auto" else Revision(vtn.version),
        programs=frozenset(vtn.programs),
        targets=tuple(vtn.targets),
        bindings=tuple(binding_of(entry.given) for entry in vtn.bindings),
        policy=vtn.policy.model_dump(),
        contract=vtn.contract,
        poll_s=vtn.poll_interval_s,
        max_skew_s=vtn.max_skew_s,
        request_timeout_s=vtn.request_timeout_s,
    )


def _webhook(told: Webhook | None) -> WebhookAccess | None:
    if told is None:
        return None
    return WebhookAccess(told.host, told.port, told.url, _identity(told))


def _mqtt(told: Mqtt | None) -> MqttAccess | None:
    if told is None or not told.use:
        return None
    return MqttAccess(told.trust_anchor, _identity(told))


def _identity(told: Webhook | Mqtt) -> tuple[Path, Path] | None:
    if told.certificate is None or told.key is None:
        return None
    return told.certificate, told.key


def _client(vtn: OpenAdrUtility) -> Client:
    if vtn.client_secret_file is None:
        return Client()
    return Client(
        Auth(vtn.auth),
        vtn.client_id,
        secret(vtn.client_secret_file),
        vtn.token_url,
        tuple(vtn.scopes),
    )


def _members(settings: Settings, vtn: OpenAdrUtility) -> frozenset[str]:
    """Return the stations behind a site that follows the VTN itself: what names nobody is the site's."""
    sites = (site for site in settings.sites if site.id in vtn.subjects)
    return frozenset(member.id for site in sites for member in site.stations)
