"""What goes up, by the shipped rules: the functions of the translators with the book filled in."""

from fractions import Fraction

from support.translation import book
from translators.canonical.controls import Gradients
from translators.canonical.status import Availability, StationStatus
from translators.ieee2030_5 import mirror, nameplate, outbound
from translators.rules.facts import answer

__all__ = [
    "averages",
    "der_availability",
    "der_capability",
    "der_settings",
    "der_status",
    "end_device",
    "reading",
    "report",
    "response",
    "status_code",
    "usage_point",
]


def status_code(outcome, revision):
    return outbound.status_code(book(), outcome, revision)


def response(outcome, revision, *, mrid, lfdi, created, elements=()):
    told = answer(outcome, event=mrid, device=lfdi, at=created, elements=elements)
    return outbound.response(book(), revision, told)


def end_device(revision, lfdi, at):
    return outbound.end_device(book(), revision, lfdi, at)


def der_status(revision, *, connected, alarms, at, **known):
    return outbound.der_status(
        book(), revision, StationStatus(at, connected, alarms, **known)
    ).value


def der_availability(revision, **known):
    return outbound.der_availability(book(), revision, Availability(**known))


def der_capability(profile, revision, csip_aus=""):
    return nameplate.der_capability(book(), profile, revision, csip_aus)


def der_settings(profile, revision, at, *, gradient=0, defaults=(), csip_aus=""):
    defaults = [Gradients(Fraction(gradient, 100)), *defaults]
    return nameplate.der_settings(
        book(), profile, revision, at, defaults=defaults, csip_aus=csip_aus
    )


def usage_point(revision, lfdi, interval_s, post_rate_s=None):
    return mirror.usage_point(book(), revision, lfdi, interval_s, post_rate_s)


def reading(revision, lfdi, average, start, duration_s):
    return mirror.reading(book(), revision, lfdi, average, (start, duration_s)).value


def averages(revision, samples):
    return mirror.averages(book(), revision, samples)


def report(protocol, revision, document, **match):
    """Return the shipped rule of a document, by the facts that select it."""
    rules = book().reports[protocol, revision, document]
    (rule,) = [rule for rule in rules if rule.model.match == match]
    return rule
