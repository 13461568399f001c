"""Checks of form: ids, clauses, and the tests beside a rule."""

from __future__ import annotations

import re

from translators.rules.book import Rule
from translators.rules.lint.findings import Findings, Ground
from translators.rules.schema import SourceMapping
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

_CITE = re.compile(
    r"(IEEE (2030\.5|1547)(-\d{4})?|OCPP (2\.1|2\.0\.1)|CSIP(-AUS)?|OpenADR 3(\.\d){0,2}"
    r"|IEC (TR )?61850(-\d+)*(:\d{4}\w?)?|CEI (0-16|TR)|ISO 15118-\d+|Netbeheer Nederland"
    r"|MESA-DER:?|contract:|dergate:) \S.*"
    r"|[A-Z]\d{2}(\.FR\.\d+| \S.*)?"
)
_PREFIXES = {
    "ieee2030_5": ("ieee2030_5.", "csip_aus."),
    "openadr": ("openadr.",),
    "iec61850": ("iec61850.",),
    "2.1": ("ocpp21.", "ocpp."),
    "2.0.1": ("ocpp201.", "ocpp."),
}


def ids(ground: Ground) -> Findings:
    """Find ids that do not begin with the name of what the rule reads or fills."""
    for rule in ground.book.rules:
        for key in _families(rule):
            prefixes = _PREFIXES.get(key, ())
            if prefixes and not rule.id.startswith(prefixes):
                hint = f"begin it with {' or '.join(prefixes)}"
                yield ground.error(rule, ["metadata", "id"], f"the id is not of {key}", hint)


def _families(rule: Rule) -> list[str]:
    """Return what a rule reads or fills: a protocol, or the versions of OCPP."""
    if isinstance(rule, TargetRule):
        return rule.model.target.versions
    model = rule.model
    return [(model.source if isinstance(model, SourceMapping) else model.report).protocol]


def cites(ground: Ground) -> Findings:
    """Find clauses that name no document, and clauses that stand twice."""
    for rule in ground.documents:
        listed = rule.model.metadata.cites
        for number, cite in enumerate(listed):
            at = ("metadata", "cites", number)
            if not _CITE.fullmatch(cite):
                hint = (
                    "name the document first: 'IEEE 2030.5-2018 DERCurve', 'R04.FR.13', "
                    "'contract: its clause', 'dergate: own decision'"
                )
                yield ground.error(rule, at, f"{cite!r} cites no clause", hint)
            if cite in listed[:number]:
                yield ground.warning(rule, at, f"{cite!r} stands twice")


def tests(ground: Ground) -> Findings:
    """Find rules without a test, and tests that cannot fail or never run."""
    for rule in ground.book.rules:
        listed = rule.model.tests
        if not listed:
            yield ground.error(rule, [], "has no test", "add one under tests:")
        names = [test.name for test in listed]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield ground.error(rule, ["tests", number], f"two tests are called {name!r}")
        if isinstance(rule, SourceRule):
            yield from _vacuous(ground, rule)


def _vacuous(ground: Ground, rule: SourceRule) -> Findings:
    revisions = rule.model.source.revisions
    for number, test in enumerate(rule.model.tests):
        at = ("tests", number)
        if not test.expect and test.refused is None and test.losses is None:
            hint = "say expect:, losses: or refused:"
            yield ground.error(rule, at, f"test {test.name!r} expects nothing", hint)
        if test.revision is not None and test.revision not in revisions:
            problem = (
                f"test {test.name!r} is of revision {test.revision}, which the rule is not for"
            )
            yield ground.error(rule, at, problem, f"one of {', '.join(revisions)}")
    if all(test.refused is not None for test in rule.model.tests):
        yield ground.error(rule, ["tests"], "no test shows what the rule makes")
