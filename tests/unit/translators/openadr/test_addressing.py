"""Whom an event is for, in the targets of both editions."""

import pytest

from support.openadr import an_event
from translators.openadr.addressing import Addressee, Audience
from translators.openadr.wire import Program, event_of

AUDIENCE = Audience(
    "our-ven",
    (
        Addressee("site-1", "site one"),
        Addressee("CS1", "cs-1", frozenset({"area-7", "odd \u2603 / name"})),
        Addressee("CS2", "cs-2", frozenset({"area-8"})),
    ),
    targets=frozenset({"fleet"}),
    members=frozenset({"CS1"}),
)
EVERYBODY = {"site-1", "CS2"}


def values(kind, *texts):
    return {"type": kind, "values": list(texts)}


def addressed(targets, program=None):
    return AUDIENCE.addressed(event_of(an_event(targets=targets, eventName="peak")), program)


@pytest.mark.parametrize("targets", [..., None, []])
def test_what_names_nobody_is_for_all_but_members_of_a_site(targets):
    assert addressed(targets) == EVERYBODY


@pytest.mark.parametrize(
    ("targets", "subjects"),
    [
        (["cs-1"], {"CS1"}),
        (["cs-1", "cs-2"], {"CS1", "CS2"}),
        (["area-7", "elsewhere"], {"CS1"}),
        (["odd \u2603 / name"], {"CS1"}),
        (["fleet"], EVERYBODY),
        (["our-ven", "cs-1"], {"site-1", "CS1", "CS2"}),
        (["elsewhere"], set()),
        (["CS-1"], set()),
    ],
)
def test_texts_of_3_1_name_resources_and_their_targets(targets, subjects):
    assert addressed(targets) == subjects


@pytest.mark.parametrize(
    ("targets", "subjects"),
    [
        ([values("RESOURCE_NAME", "cs-1", "cs-2")], {"CS1", "CS2"}),
        ([values("RESOURCE_NAME", "area-7")], set()),
        ([values("GROUP", "area-7", "area-8")], {"CS1", "CS2"}),
        ([values("GROUP", "cs-1")], set()),
        ([values("GROUP", "fleet")], EVERYBODY),
        ([values("GROUP", "area-7"), values("RESOURCE_NAME", "cs-2")], set()),
        ([values("GROUP", "area-7"), values("GROUP", "area-8")], {"CS1", "CS2"}),
        ([values("VEN_NAME", "our-ven")], EVERYBODY),
        ([values("VEN_NAME", "another")], set()),
        ([values("VEN_NAME", "our-ven"), values("RESOURCE_NAME", "cs-1")], {"CS1"}),
        ([values("EVENT_NAME", "peak")], EVERYBODY),
        ([values("EVENT_NAME", "other")], set()),
        ([values("PROGRAM_NAME", "flex")], EVERYBODY),
        ([values("PROGRAM_NAME", "named flex"), values("GROUP", "area-8")], {"CS2"}),
        ([values("SERVICE_AREA", 7)], set()),
    ],
)
def test_types_of_3_0_all_have_to_match_and_one_value_of_each(targets, subjects):
    assert addressed(targets, Program("flex", "named flex")) == subjects


@pytest.mark.parametrize(
    "targets",
    [
        "cs-1",
        {"type": "GROUP"},
        [None],
        [True],
        [{"type": "GROUP"}],
        [{"values": ["cs-1"]}],
        [[]],
        [""],
    ],
)
def test_targets_that_cannot_be_read_are_nobodys(targets):
    assert addressed(targets) == set()


def test_numbers_are_names_by_their_digits():
    ean = Audience("v", [Addressee("CS1", "871690000000000001")])
    assert ean.addressed(event_of(an_event(targets=[871690000000000001]))) == {"CS1"}


def test_a_ven_without_a_name_is_named_by_no_text():
    nameless = Audience("", [Addressee("CS1", "cs-1")])
    assert nameless.addressed(event_of(an_event(targets=[""]))) == set()


def test_the_program_is_known_by_its_id_where_it_was_not_read():
    assert addressed([values("PROGRAM_NAME", "flex")]) == EVERYBODY
