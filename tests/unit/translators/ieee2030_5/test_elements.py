"""Members of a report as a tree of elements, and documents that no rule tells."""

from datetime import UTC, datetime

import pytest

from support.translation import book
from translators.canonical.commands import Revision
from translators.canonical.status import StationStatus
from translators.errors import MappingError
from translators.ieee2030_5.elements import leaf, members, tree, whole
from translators.ieee2030_5.outbound import der_status
from translators.ieee2030_5.wire import SEP2, Resource
from translators.rules.book import link
from translators.rules.facts import Facts
from translators.rules.report import Member
from translators.rules.trace import Loss, LossKind, Translation

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
OLD = Revision.IEEE2030_5_2018


def test_what_shares_a_head_stands_together_in_the_order_of_the_members():
    told = tree("A", [Member("b/c", 1), Member("d", "x"), Member("b/e/f", value=True)])
    assert told == Resource(
        "A",
        children=(
            Resource("b", children=(leaf("c", 1), Resource("e", children=(leaf("f", "true"),)))),
            leaf("d", "x"),
        ),
    )


@pytest.mark.parametrize(("name", "space"), [("aus", "urn:aus"), ("", SEP2), ("other", SEP2)])
def test_a_member_stands_in_its_namespace(name, space):
    (child,) = tree("A", [Member("b", 1, name)], {"aus": "urn:aus"}).children
    assert child.namespace == space


def test_a_document_without_a_rule_is_named():
    with pytest.raises(MappingError, match="DERStatus = '2018': no rule tells it"):
        der_status(link({}, {}), OLD, StationStatus(AT, connected=True))


def test_what_is_owed_and_stays_untold_is_an_error_of_the_rules():
    lost = Loss(LossKind.DROP, "r", "here", "it is not known")
    with pytest.raises(MappingError, match="left untold: it is not known"):
        whole(Translation(None, losses=(lost,)))


def test_members_come_with_their_trace():
    told = members(book(), OLD, "DERStatus", Facts("status", {"connected": False, "at": AT}))
    assert told.value[0] == Member("alarmStatus", "00000000")
    assert {step.rule.partition("@")[0] for step in told.steps} == {"ieee2030_5.der_status"}
