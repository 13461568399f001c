"""Contracts: an event that breaks a rule is refused as a whole, by the rule's name."""

import pytest

from support.openadr import a_context, a_payload, an_event, an_interval, commands, read

EAN = "871234567890123456"
GAC = a_context(contract="gac_2_2")


def a_limit(*intervals, **changes):
    """An event that keeps GAC 2.2."""
    return an_event(*intervals, **{"priority": None, "targets": [EAN], **changes})


def numbered(number, *payloads, **period):
    return an_interval(*payloads, **period) | {"id": number}


def test_an_event_that_keeps_the_contract_is_read():
    assert len(commands(a_limit(numbered(0), numbered(3)), GAC)) == 2


def test_targets_of_3_0_are_eans_in_the_values_of_a_map():
    event = a_limit(targets=[{"type": "RESOURCE_NAME", "values": [EAN]}])
    assert len(commands(event, GAC)) == 1


def test_time_may_stand_on_every_interval():
    own = {"start": "2027-03-09T14:30:00Z", "duration": "PT1H"}
    assert len(commands(a_limit(numbered(0, **own), intervalPeriod=...), GAC)) == 1


@pytest.mark.parametrize(
    ("event", "rule", "where"),
    [
        (a_limit(priority=1), "priority", "priority"),
        (a_limit(numbered(0, duration="PT1H")), "time", "intervalPeriod"),
        (a_limit(intervalPeriod=...), "time", "intervals"),
        (a_limit(targets=...), "targets", "targets"),
        (a_limit(targets=["depot"]), "targets", "targets"),
        (a_limit(targets=7), "targets", "targets"),
        (a_limit(targets=[{"type": "GROUP", "values": 7}]), "targets", "targets"),
        (a_limit(units="W"), "descriptor", "payloadDescriptors"),
        (a_limit(payloadDescriptors=...), "descriptor", "payloadDescriptors"),
        (a_limit(numbered(1), numbered(1)), "interval_ids", "intervals"),
        (a_limit(numbered("a")), "interval_ids", "intervals"),
        (a_limit(numbered(0, a_payload("IMPORT_CAPACITY_LIMIT", 1, 2))), "payload", "intervals[0]"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_the_name_of_the_rule(event, rule, where):
    done = read(event, GAC)
    (refusal,) = done.refusals
    assert (done.value, refusal.rule, refusal.where) == ((), f"gac_2_2.{rule}", where)


def test_without_a_contract_the_same_event_is_read():
    assert len(commands(a_limit(priority=1, targets=["depot"]))) == 1
