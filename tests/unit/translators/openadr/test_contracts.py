"""Contracts: an event that breaks a rule is refused as a whole, by the rule's name."""

from typing import get_args

import pytest
from pydantic import ValidationError

from gateway.settings.mappings import mapping_files
from gateway.settings.openadr import OpenAdrUtility
from support.openadr import a_context, a_payload, an_event, an_interval, commands, read
from support.rulefiles import edited
from support.translation import book
from translators.chain import load_book
from translators.errors import MappingError
from translators.openadr.contracts import Terms, breach, examples, terms_of
from translators.openadr.wire import event_of
from translators.rules.contract_schema import Clause, Contract, EventKind

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
        (a_limit(units="W"), "descriptor", "payloadDescriptors[IMPORT_CAPACITY_LIMIT]"),
        (a_limit(payloadDescriptors=...), "descriptor", "payloadDescriptors"),
        (a_limit(numbered(1), numbered(1)), "interval_ids", "intervals"),
        (a_limit(numbered("a")), "interval_ids", "intervals"),
        (
            a_limit(numbered(0, a_payload("IMPORT_CAPACITY_LIMIT", 1, 2))),
            "payload",
            "intervals[0]/IMPORT_CAPACITY_LIMIT",
        ),
        (a_limit(intervals=[]), "intervals", "intervals"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_the_name_of_the_rule(event, rule, where):
    done = read(event, GAC)
    (refusal,) = done.refusals
    assert (done.value, refusal.rule, refusal.where) == ((), f"gac_2_2.{rule}", where)


def test_without_a_contract_the_same_event_is_read():
    assert len(commands(a_limit(priority=1, targets=["depot"]))) == 1


@pytest.mark.parametrize("example", list(examples(book())), ids=lambda it: f"{it.rule}:{it.name}")
def test_what_stands_beside_each_clause_holds(example):
    assert example.faults == ()


def test_each_clause_of_each_contract_has_a_name_of_its_own():
    for contract in book().of(Contract):
        names = [clause.name for kind in contract.events for clause in kind.clauses]
        assert len(names) == len(set(names))


def test_a_contract_that_no_rule_has_is_kept_by_nothing():
    assert terms_of(book(), "") is None
    (refusal,) = read(a_limit(), a_context(contract="acme")).refusals
    assert refusal.rule == "acme"
    assert refusal.problem.startswith("no mapping rule has the contract")


def test_an_event_of_no_kind_that_the_contract_knows_is_refused_by_its_name():
    (refusal,) = read(an_event(), a_context(contract="nl_flex_1_0")).refusals
    assert refusal.rule == "nl_flex_1_0"
    assert refusal.problem == ("is no event of the contract: it carries IMPORT_CAPACITY_LIMIT")


def test_an_envelope_that_keeps_the_contract_bounds_both_ways():
    both = (a_payload("IMPORT_CAPACITY_LIMIT", 10), a_payload("EXPORT_CAPACITY_LIMIT", 4))
    (command,) = commands(an_event(an_interval(*both), targets=["x"]), a_context(contract="doe"))
    assert [control.on.value for control in command.controls] == ["import", "export"]


def test_flexibility_is_refused_by_name_although_it_keeps_the_contract():
    kinds = {kind.kind: kind for kind in terms_of(book(), "nl_flex_1_0").events}
    done = read(kinds["dispatch"].sound, a_context(contract="nl_flex_1_0"))
    assert done.value == ()
    assert {refusal.function for refusal in done.refusals} == {"FLEX"}


SPAN = {"start": "2027-03-09T14:30:00Z", "duration": "PT1H"}
ODD = [
    # demand, event, where, how
    ({"period": "event"}, a_limit(intervalPeriod=...), "intervalPeriod", "is missing"),
    (
        {"period": "either"},
        a_limit(intervals=[], intervalPeriod=...),
        "intervalPeriod",
        "stands nowhere",
    ),
    (
        {"length": "P1D"},
        a_limit(intervalPeriod={"duration": "P1M"}),
        "intervalPeriod/duration",
        "'P1M' counts",
    ),
    (
        {"within": True},
        a_limit(numbered(0, **SPAN), intervalPeriod={"start": "0001-01-01"}),
        "intervalPeriod",
        "has no instant",
    ),
    (
        {"payloads": {"types": {"IMPORT_CAPACITY_LIMIT": {"least": 0}}}},
        a_limit(numbered(0, a_payload("IMPORT_CAPACITY_LIMIT", "x"))),
        "intervals[0]/IMPORT_CAPACITY_LIMIT",
        "is x, no number",
    ),
    (
        {"payloads": {"types": {"IMPORT_CAPACITY_LIMIT": {"uuid": True}}}},
        a_limit(),
        "intervals[0]/IMPORT_CAPACITY_LIMIT",
        "is 10, no UUID",
    ),
    (
        {"reports": {"each": [{"payload": "USAGE", "frequency": 0}]}},
        a_limit(reportDescriptors=[{"payloadType": "USAGE", "frequency": "\ud800"}]),
        "reportDescriptors[USAGE]/frequency",
        "is ?, not 0",
    ),
    (
        {"length": "P1D"},
        a_limit(intervalPeriod={"duration": "P99999999D"}),
        "intervalPeriod/duration",
        "is P99999999D, not P1D",
    ),
    (
        {"within": True},
        a_limit(intervalPeriod={"start": "9999-12-31T23:00:00Z", "duration": "P2D"}),
        "intervalPeriod",
        "ends after the year 9999",
    ),
    (
        {"reports": {"each": [{"payload": "USAGE"}]}},
        a_limit(reportDescriptors=[7]),
        "reportDescriptors",
        "ask 0 times for USAGE",
    ),
]


@pytest.mark.parametrize(("demand", "event", "where", "how"), ODD)
def test_what_cannot_be_judged_breaks_the_clause(demand, event, where, how):
    found = breach(terms(demand), event_of(event))
    assert (found.where, found.rule) == (where, "t.one")
    assert found.problem.startswith(how)


@pytest.mark.parametrize(
    ("demand", "event"),
    [
        ({"within": True}, a_limit(intervalPeriod=...)),
        ({"within": True}, a_limit(numbered(0))),
        ({"period": "event"}, a_limit()),
        ({"targets": {"least": 1}}, a_limit(targets="depot")),
    ],
)
def test_what_says_nothing_of_a_clause_keeps_it(demand, event):
    assert breach(terms(demand), event_of(event)) is None


def terms(demand):
    clause = Clause(
        name="one", says="is as it is", breaks=[{"name": "b", "set": {"id": "x"}}], **demand
    )
    return Terms("t", (EventKind(kind="any", sound={"id": "e"}, clauses=[clause]),))


@pytest.mark.parametrize("demand", [{}, {"ids": "rising", "apart": True}], ids=["none", "two"])
def test_a_clause_demands_exactly_one_thing(demand):
    with pytest.raises(ValidationError, match="states exactly one of"):
        terms(demand)


def test_tests_beside_clauses_that_do_not_hold_are_named():
    """The sound event names nobody, one change breaks nothing, another leaves no event."""
    path = "openadr/contracts/doe.yaml"
    text = edited(
        mapping_files()[path],
        ("id: e1\n      programID: doe\n      targets: [site]", "id: e1\n      programID: doe"),
        (
            "{name: watts, set: {payloadDescriptors.0.units: W}}",
            "{name: watts, set: {eventName: x}}",
        ),
        ("{intervals.1.payloads: []}", "{intervals: 7}"),
    )
    faults = [fault for it in examples(load_book({path: text})) for fault in it.faults]
    assert faults[0] == "doe.targets"
    assert "expected doe.descriptors, got doe.targets" in faults
    assert any("got no event: intervals: input should be" in fault for fault in faults)


def test_each_contract_that_settings_may_name_is_among_the_shipped_rules():
    named = set(get_args(OpenAdrUtility.model_fields["contract"].annotation)) - {""}
    assert named == {contract.contract for contract in book().of(Contract)}


def test_two_contracts_of_one_name_are_refused():
    path = "openadr/contracts/doe.yaml"
    again = edited(mapping_files()[path], ("id: openadr.doe", "id: openadr.doe_again"))
    with pytest.raises(MappingError, match=r"the contract doe is taken by openadr.doe@1.0.0"):
        load_book({path: mapping_files()[path], "z.yaml": again})
