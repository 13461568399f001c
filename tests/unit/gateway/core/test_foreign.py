"""What a station holds and nobody here set: kept and told, or taken back."""

import pytest

from gateway.core.engine import Engine
from gateway.core.events import HeldControl, ReplyStatus
from gateway.core.station import StationRules
from support.engine_bench import Bench, a_command, held_from

DER = {
    "isDefault": False,
    "controlId": "strange",
    "controlType": "FixedVar",
    "fixedVar": {"priority": 1, "setpoint": 5, "unit": "PctMaxVar"},
}
PROFILE = {
    "evseId": 0,
    "chargingProfile": {
        "id": 77,
        "stackLevel": 3,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [],
    },
}
STRANGE = (
    HeldControl("strange", "SetDERControl", DER),
    HeldControl("factory", "SetDERControl", DER | {"isDefault": True, "controlId": "factory"}),
    HeldControl("77", "SetChargingProfile", PROFILE),
)


def a_bench(book, decision):
    return Bench(
        Engine(book, [StationRules("CS1", ("dso",), policy={"foreign_controls": decision})])
    )


def test_they_are_named_and_stay(book):
    bench = a_bench(book, "keep")
    bench.connect(held=STRANGE)
    assert bench.audited("control.foreign")[0].details["ids"] == ["strange", "factory", "77"]
    assert bench.calls() == []


def test_where_policy_says_so_they_are_taken_back_by_id_and_defaults_stay(book):
    bench = a_bench(book, "clear")
    bench.connect(held=STRANGE)
    assert [(c.action, c.payload) for c in bench.calls()] == [
        ("ClearDERControl", {"isDefault": False, "controlId": "strange"}),
        ("ClearChargingProfile", {"chargingProfileId": 77}),
    ]
    bench.reply()
    assert len(bench.audited("control.foreign_cleared")) == 2
    assert bench.engine.quiet


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (ReplyStatus.NOT_FOUND, "control.foreign_cleared"),
        (ReplyStatus.REJECTED, "control.clear_failed"),
        (ReplyStatus.NO_ANSWER, "control.clear_failed"),
    ],
)
def test_the_outcome_is_told(book, status, kind):
    bench = a_bench(book, "clear")
    bench.connect(held=STRANGE[:1])
    bench.reply(status)
    assert [e.subject for e in bench.audited(kind)] == ["strange"]


def test_what_a_station_names_twice_is_answered_twice(book):
    bench = a_bench(book, "clear")
    bench.connect(held=STRANGE[:1] * 2)  # whatever flag it was asked for, it shows all
    first, second = bench.calls("ClearDERControl")
    bench.reply(call=first)
    bench.reply(ReplyStatus.NOT_FOUND, call=second)
    statuses = [e.details["status"] for e in bench.audited("control.foreign_cleared")]
    assert statuses == [ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND]
    assert bench.engine.quiet


def test_what_is_ours_is_not_foreign(book):
    bench = a_bench(book, "clear")
    bench.connect()
    bench.command(a_command())
    bench.reply()
    bench.connect(held=[held_from(bench.calls("SetDERControl")[0])])
    assert bench.audited("control.foreign") == bench.calls("ClearDERControl") == []


def cleared(bench):
    """Let a control of ours be set and withdrawn; return what the station was told to hold."""
    bench.connect()
    bench.command(a_command())
    bench.reply()
    bench.withdraw()
    bench.reply()
    assert bench.engine.world.stations["CS1"].ledger.entries == {}
    return held_from(bench.calls("SetDERControl")[0])


@pytest.mark.parametrize("decision", ["keep", "clear"])
def test_what_was_ours_and_is_still_there_is_cleared_once_more(book, decision):
    bench = a_bench(book, decision)
    ours = cleared(bench)
    bench.connect(held=[ours])
    assert [c.payload["controlId"] for c in bench.calls("ClearDERControl")] == [ours.id, ours.id]
    assert bench.audited("control.foreign") == []
    assert [e.subject for e in bench.audited("control.returned")] == [ours.id]
    bench.reply()
    assert bench.engine.world.stations["CS1"].ledger.entries == {}


def test_only_the_last_ones_that_were_ours_are_remembered(book):
    bench = a_bench(book, "keep")
    ours = cleared(bench)
    state = bench.engine.world.stations["CS1"]
    for number in range(63):
        state.let_go(f"other {number}")
    assert ours.id in state.gone
    state.let_go("one more")
    assert ours.id not in state.gone
    assert len(state.gone) == 64
