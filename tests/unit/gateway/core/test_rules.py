"""Mapping rules that are replaced while the engine runs, or refused."""

from dataclasses import replace

from gateway.core.orders import RulesRefused, RulesReplaced
from support.engine_bench import a_command, limit


def rules_of_dispatches(bench):
    """Return the command and the digest of the rules of each dispatch, oldest first."""
    sent = bench.audited("control.dispatched")
    return [(e.details["command"].rpartition("/")[2], e.details["book"]) for e in sent]


def test_other_rules_hold_for_commands_that_come_and_not_for_those_that_are_there(ready, book):
    ready.command(a_command("M1"))
    ready.reply()
    ready.hear(RulesReplaced(replace(book, digest="other")))
    ready.command(a_command("M2", limit()))
    ready.reply()
    ready.connect()  # it holds nothing any more: both are sent again
    assert rules_of_dispatches(ready) == [("M1", book.digest), ("M2", "other")] * 2
    (replaced,) = ready.audited("rules.replaced")
    assert replaced.subject == "other"


def test_rules_that_are_refused_are_told_and_leave_those_in_force(ready, book):
    ready.hear(RulesRefused("mappings/site.yaml: no such rule"))
    (refused,) = ready.audited("rules.refused")
    assert (refused.subject, refused.details["problem"]) == (
        book.digest,
        "mappings/site.yaml: no such rule",
    )
    ready.command(a_command("M1"))
    assert rules_of_dispatches(ready) == [("M1", book.digest)]
