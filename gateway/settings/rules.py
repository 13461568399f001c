"""What must hold between settings: ids are unique, every identity has its station, TLS is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from gateway.settings import openadr_rules, pace_rules, site_rules
from gateway.settings.document import Location
from gateway.settings.fail_safe import FailSafeLimits
from gateway.settings.fields import Bound, facts
from gateway.settings.findings import Finding
from gateway.settings.openadr import OpenAdrUtility
from gateway.settings.schema import Identity, Settings
from gateway.settings.sites import Site
from gateway.settings.stations import Station

_TIMES = frozenset({"after_s", "cold_start"})
"""What stands beside the limits of a fail-safe."""


_WORDS: dict[int | str, str] = {"identities": "identity", "resources": "resource"}


def _unique_ids(settings: Settings) -> Iterator[Finding]:
    """Find ids that stand twice."""
    groups: list[tuple[Location, list[str]]] = [
        (("utilities",), [utility.id for utility in settings.utilities]),
        (("stations",), [station.id for station in settings.stations]),
        (("sites",), [site.id for site in settings.sites]),
    ]
    for n, station in enumerate(settings.stations):
        groups.append((("stations", n, "evses"), [str(evse.id) for evse in station.evses]))
    for at, ids in groups:
        for n, name in enumerate(ids):
            if name in ids[:n]:
                yield Finding((*at, n, "id"), f"{at[-1]}: id {name} stands twice")


def _identities(settings: Settings) -> Iterator[tuple[Location, Identity]]:
    for at, bound in _bounds(settings):
        if isinstance(bound, Identity):
            yield at, bound


def _bounds(settings: Settings) -> Iterator[tuple[Location, Bound]]:
    """Yield what stands for stations and sites: identities and resources."""
    for n, utility in enumerate(settings.utilities):
        if isinstance(utility, OpenAdrUtility):
            for m, resource in enumerate(utility.resources):
                yield ("utilities", n, "resources", m), resource
        else:
            for m, identity in enumerate(utility.identities):
                yield ("utilities", n, "identities", m), identity


def _one_station_each(settings: Settings) -> Iterator[Finding]:
    """Find identities of nobody, stations with no identity, and those with several at one utility."""
    known = {
        "station": {station.id for station in settings.stations},
        "site": {site.id for site in settings.sites},
    }
    bound: set[tuple[int | str, str]] = set()
    for at, identity in _bounds(settings):
        kind, bond = "site" if identity.site else "station", (at[1], identity.stands_for)
        if bool(identity.station) is bool(identity.site):
            article = "an" if at[2] == "identities" else "a"
            problem = f"{article} {_WORDS[at[2]]} stands for one station or for one site"
            yield Finding(at, problem, "give one of the two")
        elif bond[1] not in known[kind]:
            problem = f"the {_WORDS[at[2]]} is bound to {bond[1]}, which is no {kind} here"
            yield Finding((*at, kind), problem)
        elif bond in bound:
            problem = f"{kind} {bond[1]} is bound twice"
            advice = f"a {kind} has one {_WORDS[at[2]]} at each utility that it follows"
            yield Finding((*at, kind), problem, advice)
        bound.add(bond)
    followed = {name for _, name in bound}
    followed |= {member.id for site in settings.sites for member in site.stations}
    for n, station in enumerate(settings.stations):
        if station.id not in followed:
            problem = f"station {station.id} is bound to no identity"
            yield Finding(
                ("stations", n, "id"), problem, "name it under a utility's identities or resources"
            )


def _precedence(settings: Settings) -> Iterator[Finding]:
    """Find an order of precedence that is not of all utilities that are followed, each once."""
    groups: list[tuple[str, Sequence[Station | Site]]] = [
        ("station", settings.stations),
        ("site", settings.sites),
    ]
    for kind, group in groups:
        for n, one in enumerate(group):
            at = (f"{kind}s", n, "precedence")
            follows = [utility.id for utility in settings.utilities if one.id in utility.subjects]
            for m, name in enumerate(one.precedence):
                if name not in follows:
                    yield Finding((*at, m), f"{kind} {one.id} has no identity at {name}")
                elif name in one.precedence[:m]:
                    yield Finding((*at, m), f"{name} stands twice")
            for name in follows if one.precedence else ():
                if name not in one.precedence:
                    problem = f"{kind} {one.id} follows {name}, too"
                    yield Finding(at, problem, "name every utility at which it has an identity")


def _own_certificates(settings: Settings) -> Iterator[Finding]:
    """Find certificate files that two identities share."""
    seen: dict[Path, str] = {}
    for at, identity in _identities(settings):
        path = identity.certificate.resolve()
        first = seen.setdefault(path, identity.stands_for)
        if first != identity.stands_for:
            problem = f"stations {first} and {identity.stands_for} share a certificate"
            yield Finding((*at, "certificate"), problem, "each needs its own: it is its identity")


def _whole_tls(settings: Settings) -> Iterator[Finding]:
    """Find a certificate without its key, and plain text where others can listen."""
    ocpp = settings.ocpp
    if (ocpp.certificate is None) != (ocpp.key is None):
        yield Finding(("ocpp",), "certificate and key belong together")
    elif (ocpp.rsa_certificate is None) != (ocpp.rsa_key is None):
        yield Finding(("ocpp",), "rsa_certificate and rsa_key belong together")
    elif ocpp.rsa_certificate is not None and ocpp.certificate is None:
        yield Finding(("ocpp", "rsa_certificate"), "a second certificate needs a first one")
    elif ocpp.plain_port is not None and ocpp.certificate is None:
        yield Finding(("ocpp", "plain_port"), "without TLS there is one port, and it is plain")
    elif ocpp.plain_port is not None and ocpp.plain_port == ocpp.port != 0:
        yield Finding(("ocpp", "plain_port"), f"{ocpp.port} is the port for TLS")
    elif ocpp.certificate is None and not _loopback(ocpp.host) and not ocpp.plain_from:
        problem = f"passwords of stations would go in plain text over {ocpp.host}"
        yield Finding(("ocpp", "host"), problem, "give ocpp a certificate and its key")


def _networks(settings: Settings) -> Iterator[Finding]:
    """Find networks that are none, and those that hold everybody."""
    for n, text in enumerate(settings.ocpp.plain_from):
        try:
            network = ip_network(text)
        except ValueError as exc:
            yield Finding(("ocpp", "plain_from", n), f"{text} is no network: {exc}")
            continue
        if network.prefixlen == 0:
            problem = f"{text} is everybody, and passwords would go in plain text"
            yield Finding(("ocpp", "plain_from", n), problem, "name the stations' own network")


def _certified(settings: Settings) -> Iterator[Finding]:
    """Find stations that could never prove who they are, and certificates of any operator."""
    ocpp = settings.ocpp
    if ocpp.station_ca is not None and not ocpp.operator:
        yield Finding(("ocpp", "station_ca"), "station_ca needs the operator that they name")
    elif ocpp.station_ca is not None and ocpp.certificate is None:
        yield Finding(("ocpp", "station_ca"), "stations show certificates over TLS only")
    if ocpp.unauthenticated and ocpp.certificate is not None:
        yield Finding(("ocpp", "unauthenticated"), "over TLS no station goes unauthenticated")
    if ocpp.station_ca is not None or ocpp.unauthenticated:
        return
    for n, station in enumerate(settings.stations):
        if not station.password_verifier:
            problem = f"station {station.id} has no password_verifier, and there is no station_ca"
            advice = "make one with `dergate station password ID`"
            yield Finding(("stations", n), problem, advice)


def _lapsing(settings: Settings) -> Iterator[Finding]:
    """Find what shall stay invalid after a time offline that nobody gave."""
    for n, station in enumerate(settings.stations):
        policy = station.policy
        if policy.invalid_after_offline and policy.max_offline_s is None:
            at = ("stations", n, "policy", "invalid_after_offline")
            yield Finding(at, "a setpoint never becomes invalid offline", "give max_offline_s")


def _failing_safe(settings: Settings) -> Iterator[Finding]:
    """Find fail-safe limits that are given twice, and a cold start that asks for limits nobody gave."""
    groups: list[tuple[Location, FailSafeLimits]] = [(("fail_safe",), settings.fail_safe)]
    for n, station in enumerate(settings.stations):
        if station.fail_safe is not None:
            groups.append((("stations", n, "fail_safe"), station.fail_safe))
    for at, limits in groups:
        for way in ("import", "export"):
            watts, percent = f"max_{way}_w", f"max_{way}_pct"
            if None not in {getattr(limits, watts), getattr(limits, percent)}:
                yield Finding((*at, percent), f"{watts} says the same", "give one of them")
    every = [*(limits for _, limits in groups), *(site.fail_safe for site in settings.sites)]
    given = any(facts(limits).keys() - _TIMES for limits in every)
    if settings.fail_safe.cold_start == "fail_safe" and not given:
        problem = "no fail-safe limits are given that could hold"
        yield Finding(("fail_safe", "cold_start"), problem, "give max_import_w or max_export_w")


def _issued(settings: Settings) -> Iterator[Finding]:
    """Find an authority that is not whole, or whose certificates nobody here would take."""
    ocpp = settings.ocpp
    if (ocpp.issuer is None) != (ocpp.issuer_key is None):
        yield Finding(("ocpp",), "issuer and issuer_key belong together")
    elif ocpp.issuer is not None and ocpp.station_ca is None:
        problem = "certificates are signed that no station may show"
        yield Finding(("ocpp", "issuer"), problem, "name the authority under station_ca, too")


def _moved(settings: Settings) -> Iterator[Finding]:
    """Find stations that are to be moved where they cannot come in."""
    ocpp = settings.ocpp
    for n, station in enumerate(settings.stations):
        at, wanted = ("stations", n, "security_profile"), station.security_profile
        if wanted is None:
            continue
        if wanted == 3 and ocpp.station_ca is None:
            yield Finding(at, "security profile 3 needs ocpp.station_ca")
        elif ocpp.public_url and ocpp.public_url.startswith("wss:") is not (wanted > 1):
            yield Finding(at, f"security profile {wanted} does not go by {ocpp.public_url}")


def _pinned(settings: Settings) -> Iterator[Finding]:
    """Find utilities whose name is not checked and whose certificate is not pinned."""
    for n, utility in enumerate(settings.utilities):
        if isinstance(utility, OpenAdrUtility):
            continue
        if not utility.check_hostname and not utility.peer_lfdi:
            problem = "without check_hostname any certificate under the trust anchor would do"
            yield Finding(("utilities", n, "check_hostname"), problem, "give peer_lfdi")


def _watched(settings: Settings) -> Iterator[Finding]:
    """Find a listener that shows the site to whoever can reach it."""
    admin = settings.admin
    if admin.token_file is None and not _loopback(admin.host):
        problem = f"everybody who reaches {admin.host} could look on"
        yield Finding(("admin", "host"), problem, "give admin a token_file")


def _shared(settings: Settings) -> Iterator[Finding]:
    """Find a database that could be anybody's, and read by anybody on the way."""
    if settings.database is None:
        return
    parts = urlsplit(settings.database.get_secret_value())
    modes = parse_qs(parts.query).get("sslmode", [""])
    if parts.hostname and not _loopback(parts.hostname) and modes[-1] != "verify-full":
        problem = f"what is kept would be told to whoever calls himself {parts.hostname}"
        yield Finding(("database",), problem, "add ?sslmode=verify-full&sslrootcert=FILE")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


RULES: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "DG-1050": _unique_ids,
    "DG-1051": _one_station_each,
    "DG-1052": _precedence,
    "DG-1053": _own_certificates,
    "DG-1054": _whole_tls,
    "DG-1055": _pinned,
    "DG-1057": _networks,
    "DG-1058": _certified,
    "DG-1064": _issued,
    "DG-1065": _moved,
    "DG-1067": site_rules.members,
    "DG-1048": site_rules.ratings,
    "DG-1049": pace_rules.members,
    "DG-1059": _lapsing,
    "DG-1062": _watched,
    "DG-1068": _failing_safe,
    "DG-1046": _shared,
    "DG-1034": openadr_rules.apart,
    "DG-1094": openadr_rules.secured,
    "DG-1095": openadr_rules.contracts,
    "DG-1097": openadr_rules.named,
}
"""By error code."""
