"""What a station puts aside for others, and lists of ids that may have been cut."""

from dataclasses import replace

import pytest

from gateway.core.effects import ReadBack
from gateway.core.engine import Engine
from gateway.core.events import HeldControl
from gateway.core.station import StationRules
from support.engine_bench import Bench, a_command, held_from, limit
from translators.canonical.controls import FixedVar, Quantity
from translators.units import Base, percent

VAR = FixedVar(Quantity(40, percent(Base.MAX_VAR)))


def entries(bench):
    return bench.engine.world.stations["CS1"].ledger.entries


def reads(bench):
    return sum(isinstance(effect, ReadBack) for effect in bench.effects)


def a_bench(book, decision="keep"):
    """Return a bench where a control of ours runs."""
    rules = StationRules("CS1", ("dso",), policy={"foreign_controls": decision})
    bench = Bench(Engine(book, [rules]))
    bench.connect()
    bench.command(a_command("M1", VAR, start=0))
    bench.reply()
    bench.notice(bench.control_id())
    return bench


def test_a_control_of_somebody_else_that_takes_over_is_told_and_read_back(book):
    bench = a_bench(book)
    ours, before = bench.control_id(), reads(bench)
    bench.notice("strange", superseded=[ours, "another"])
    assert [e.subject for e in bench.audited("control.overridden")] == [ours]
    assert reads(bench) == before + 1
    bench.report([replace(held_from(bench.calls("SetDERControl")[0]), superseded=True)])
    assert entries(bench)[ours].state.value == "aside"
    assert len(bench.calls("SetDERControl")) == 1


def strange(kind="FixedVar"):
    body = {"priority": 0, "setpoint": 5, "unit": "PctMaxVar"}
    named = {"isDefault": False, "controlId": "strange", "controlType": kind}
    return HeldControl("strange", "SetDERControl", named | {"fixedVar": body})


@pytest.mark.parametrize(("kind", "times"), [("FixedVar", 2), ("VoltVar", 1)])
def test_what_lay_aside_for_it_is_set_anew_once_it_is_cleared(book, kind, times):
    bench = a_bench(book, "clear")
    ours = replace(held_from(bench.calls("SetDERControl")[0]), superseded=True)
    bench.connect(held=[ours, strange(kind)])
    assert entries(bench)[ours.id].state.value == "aside"
    bench.reply()
    assert len(bench.calls("SetDERControl")) == times
    assert bench.engine.world.stations["CS1"].foreign == {}


@pytest.mark.parametrize(("count", "again"), [(23, 0), (24, 1)])
def test_a_list_of_ids_that_is_full_may_have_been_cut(book, count, again):
    bench = a_bench(book)
    bench.command(a_command("M2", VAR, start=120))
    before = reads(bench)
    ids = [f"other {number}" for number in range(count)]
    bench.reply(payload={"status": "Accepted", "supersededIds": ids})
    assert reads(bench) - before == again


def test_profiles_are_never_put_aside_by_der_controls(book):
    bench = a_bench(book)
    bench.command(a_command("M2", limit(), start=0))
    bench.reply()
    bench.notice("strange", superseded=[f"other {number}" for number in range(24)])
    states = {e.desired.action: e.state.value for e in entries(bench).values()}
    assert states == {"SetDERControl": "unknown", "SetChargingProfile": "held"}
