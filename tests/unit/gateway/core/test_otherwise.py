"""A recorded run under other rules: what stations would have been told instead."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import Audit, ReadBack, SendToStation
from gateway.core.engine import Engine
from gateway.core.events import ControlsReported, HeldControl, Now, ReplyStatus, StationDisconnected
from gateway.core.ledger import EntryState
from gateway.core.orders import RulesReplaced
from gateway.core.otherwise import Day, Otherwise, Told, about, differences, told
from gateway.core.replaying import Decision
from gateway.core.station import StationRules
from support.engine_bench import Bench, a_command, an_engine, held_from, limit, pf
from support.otherbooks import coarse, without_var
from translators.canonical.controls import FixedVar, Quantity
from translators.compare import Direction, MessageChange
from translators.units import Base, percent

VAR = FixedVar(Quantity(Fraction(40), percent(Base.MAX_VAR)))


class Beside(Bench):
    """A bench beside which an engine with other rules lives through the same."""

    def beside(self, book):
        self.day = Day()
        rules = [StationRules("CS1", ("dso",)), StationRules("CS2", ("dso",))]
        self.other = Otherwise(Engine(book, rules), self.day)
        self.sent, self.instead, self.otherwise = [], [], []
        return self

    def hear(self, event):
        effects = super().hear(event)
        now = self.heard
        self.day.take(Decision(1, now, event, effects, None))
        self.sent += told(self.engine, effects)
        self.otherwise += self.other.hear(event, now)
        self.instead = list(told(self.other.engine, self.otherwise))
        return effects

    @property
    def heard(self):
        return Now(self.now, 0.0, {"dso": timedelta()})

    @property
    def rival(self):
        return self.other.engine.world.stations["CS1"]

    def states(self):
        return [entry.state for entry in self.rival.ledger.entries.values()]


@pytest.fixture
def beside(book):
    return lambda mine, other: Beside(an_engine(mine)).beside(other)


def test_by_the_same_rules_nothing_would_be_told_otherwise(book, beside):
    bench = beside(book, book)
    bench.connect()
    bench.command(a_command("M1", pf(), VAR, limit()))
    bench.reply()
    bench.at(71)
    assert bench.sent
    assert differences(bench.sent, bench.instead) == []


def test_a_number_that_other_rules_round_otherwise_shows(book, beside):
    bench = beside(book, coarse())
    bench.connect()
    bench.command(a_command("M1", pf("0.95")))
    bench.reply()
    (found,) = differences(bench.sent, bench.instead)
    (change,) = found.changes
    assert (found.station, found.control) == ("CS1", bench.control_id())
    assert (change.path, change.before, change.after) == ("fixedPFInject/displacement", 0.95, 1)
    assert change.direction is Direction.OTHER
    assert bench.states() == [EntryState.HELD]


def test_what_other_rules_refuse_would_not_have_been_told(book, beside):
    bench = beside(book, without_var())
    bench.connect()
    bench.command(a_command("M1", VAR))
    bench.reply()
    (found,) = differences(bench.sent, bench.instead)
    assert found.changes == (MessageChange("SetDERControl", ("FixedVar",), False, Direction.OTHER),)
    assert bench.states() == []


def test_what_nobody_told_that_day_is_accepted_and_held(book, beside):
    bench = beside(without_var(), book)
    bench.connect()
    bench.command(a_command("M1", VAR))
    assert bench.calls("SetDERControl") == []
    assert bench.states() == [EntryState.HELD]
    bench.connect()
    assert bench.states() == [EntryState.HELD]
    (found,) = differences(bench.sent, bench.instead)
    assert [change.sent for change in found.changes] == [True]
    bench.withdraw()
    assert bench.states() == []
    assert [call.action for call in bench.instead] == ["SetDERControl", "ClearDERControl"]


def test_a_limit_that_is_told_now_is_safer():
    one = Told("CS1", "7", "SetChargingProfile", {"a": 1}, ("PowerLimit.import.device",))
    (found,) = differences([], [one])
    assert [change.direction for change in found.changes] == [Direction.SAFER]


def test_a_control_taken_back_instead_of_set_is_neither_safer_nor_looser():
    sets = Told("CS1", "a", "SetDERControl", {"x": 1}, ("PowerLimit.import.device",))
    clears = Told("CS1", "a", "ClearDERControl", {"y": 1})
    (found,) = differences([sets], [clears])
    assert [(change.sent, change.direction) for change in found.changes] == [
        (False, Direction.LOOSER),
        (True, Direction.OTHER),
    ]


def test_a_refusal_of_the_station_is_one_by_the_other_rules_too(book, beside):
    bench = beside(book, coarse())
    bench.connect()
    bench.command(a_command("M1", pf("0.95")))
    bench.reply(ReplyStatus.REJECTED, reason="no")
    kinds = [effect.kind for effect in bench.otherwise if isinstance(effect, Audit)]
    assert "control.refused" in kinds


def test_what_a_station_held_it_holds_as_it_was_told_otherwise(book, beside):
    bench = beside(book, coarse())
    bench.connect()
    bench.command(a_command("M1", pf("0.95")))
    bench.reply()
    foreign = HeldControl("foreign", "SetDERControl", {"controlId": "foreign"})
    sent = len(bench.instead)
    bench.connect(held=[held_from(bench.last(SendToStation)), foreign])
    assert bench.states() == [EntryState.HELD]
    assert len(bench.instead) == sent


def test_what_a_station_forgot_it_forgot_as_it_was_told_otherwise(book, beside):
    bench = beside(book, coarse())
    bench.connect()
    bench.command(a_command("M1", pf("0.95")))
    bench.reply()
    bench.connect(held=[])
    assert [call.action for call in bench.instead] == ["SetDERControl", "SetDERControl"]


def test_what_it_shows_of_a_control_that_it_was_not_told_counts_as_foreign(book, beside):
    bench = beside(book, without_var())
    bench.connect()
    bench.command(a_command("M1", VAR))
    bench.reply()
    bench.connect(held=[held_from(bench.last(SendToStation))])
    assert bench.states() == []


def test_an_answer_after_the_line_broke_is_nobodys(book, beside):
    bench = beside(book, coarse())
    bench.connect()
    bench.command(a_command("M1", pf("0.95")))
    call = bench.last(SendToStation)
    bench.hear(StationDisconnected("CS1"))
    bench.connect()
    before = len(bench.otherwise)
    bench.reply(call=call)
    assert len(bench.otherwise) == before


def test_rules_that_were_replaced_that_day_change_nothing(book, beside):
    bench = beside(book, coarse())
    bench.hear(RulesReplaced(without_var()))
    assert bench.other.engine.world.translator.book is coarse()


def test_it_continues_from_what_the_run_continued_from(book, beside):
    first = Bench(an_engine(book))
    first.connect()
    first.command(a_command("M1", pf("0.95")))
    first.reply()
    bench = beside(book, coarse())
    bench.other.begin(first.kept, bench.heard)
    assert bench.states() == [EntryState.HELD]


def test_what_is_only_asked_gets_no_answer_that_proves_anything(book, beside):
    bench = beside(book, book)
    bench.connect()
    asks = SendToStation("CS1", "x", "GetCompositeSchedule", {"evseId": 1})
    bench.other.settle([asks, ReadBack("CS1", "y")], bench.heard)
    assert list(told(bench.engine, [asks])) == []
    assert about(asks).subject == '{"evseId":1}'


def test_a_read_back_that_nobody_asked_for_that_day_is_nobodys(book, beside):
    bench = beside(book, book)
    bench.hear(ControlsReported("CS1", "z", ()))
    assert bench.otherwise == []
