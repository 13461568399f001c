"""Canonical facts to what a client of IEC 61850 reads: attributes, and what ends a command."""

from __future__ import annotations

from translators.canonical.telemetry import ControlOutcome
from translators.errors import MappingError
from translators.iec61850.lineage import lineage_of
from translators.rules.book import Book
from translators.rules.facts import Facts
from translators.rules.report import Member
from translators.rules.trace import Translation


def attributes(
    book: Book, profile: str, node: str, facts: Facts
) -> Translation[tuple[Member, ...] | None]:
    """Return the attributes of a node of this class that tell these facts, by path below the node.

    `node` is the document of a report rule: a class, with a data object where a class has several.
    The nearest profile's rule tells them. None where a fact that the node needs is not known.
    """
    for name in lineage_of(book, profile).names:
        rule = book.report("iec61850", name, node, facts)
        if rule is not None:
            return rule.tell(facts, name)
    problem = f"no rule of profile {profile} tells {facts.subject} there"
    raise MappingError(problem, where=node, rule="iec61850")


def add_cause(book: Book, profile: str, outcome: ControlOutcome) -> int:
    """Return the AddCause (IEC 61850-7-2) that an outcome is told as; 25 is none."""
    facts = Facts("outcome", {"outcome": outcome.value})
    members = attributes(book, profile, "CommandTermination", facts).value or ()
    found = {member.path: member.value for member in members}
    cause = found.get("addCause")
    if not isinstance(cause, int):
        raise MappingError("is no number", where="CommandTermination/addCause", value=cause)
    return cause
