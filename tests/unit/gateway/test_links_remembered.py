"""What a link is told at the start: the commands of an earlier run that did not end yet."""

from datetime import timedelta

import pytest

from gateway.core.effects import Persist, Table
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord, to_document
from gateway.site.links import records_of, remembered
from gateway.store.memory import MemoryStore
from support.engine_bench import NOON, a_command, a_default
from translators.canonical.commands import Interval, Target

LINK = ("dso", "CS1")


def a_store(*records):
    store = MemoryStore()
    documents = [Persist(Table.COMMANDS, record.key, to_document(record)) for record in records]
    store.commit(documents, NOON)
    return store


def seconds(**after_noon):
    return int((NOON + timedelta(**after_noon)).timestamp())


def test_nothing_is_remembered_of_an_empty_store():
    assert remembered(records_of(MemoryStore())) == {}


@pytest.mark.parametrize(
    "state",
    [State.RECEIVED, State.SCHEDULED, State.ACTIVE, State.REFUSED, State.CANCELLING],
)
def test_an_event_is_remembered_with_its_end(state):
    record = CommandRecord(a_command(start=10, minutes=60), state=state)
    assert remembered(records_of(a_store(record))) == {LINK: {"M1": seconds(minutes=70)}}


@pytest.mark.parametrize(
    "state", [State.COMPLETED, State.CANCELLED, State.SUPERSEDED, State.LATE, State.CLOSED]
)
def test_an_event_that_is_over_is_not_remembered(state):
    assert remembered(records_of(a_store(CommandRecord(a_command(), state=state)))) == {}


def test_a_default_control_and_an_event_without_end_have_no_end():
    default = CommandRecord(a_default("D1"), state=State.ACTIVE)
    endless = CommandRecord(a_command("M1", interval=Interval(NOON, None)), state=State.ACTIVE)
    assert remembered(records_of(a_store(default, endless))) == {LINK: {"D1": None, "M1": None}}


def test_each_link_remembers_its_own():
    here = CommandRecord(a_command("M1"))
    there = CommandRecord(a_command("M2", target=Target("CS2")))
    found = remembered(records_of(a_store(here, there)))
    assert {link: set(mrids) for link, mrids in found.items()} == {
        LINK: {"M1"},
        ("dso", "CS2"): {"M2"},
    }
