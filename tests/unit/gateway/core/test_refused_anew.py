"""A limit that its utility asks for otherwise, and that the station refuses so: it does not become freer."""

import pytest

from gateway.core.events import ReplyStatus
from gateway.core.orders import ParticipationChanged
from support.engine_bench import a_command, a_default, limit, pf
from translators.canonical.controls import Energize, LimitOn
from translators.canonical.telemetry import ControlOutcome as Told

PROFILE = "SetChargingProfile"


def sent(bench):
    return [call.action for call in bench.calls() if "Composite" not in call.action]


def asked(control, mrid="M1", **changes):
    return a_command(mrid, control, **{"start": -10, "minutes": 120, **changes})


def served(bench, command, status=ReplyStatus.ACCEPTED):
    """Let a utility serve a command, and the station answer what it is sent for it."""
    answered = len(bench.calls())
    bench.command(command)
    while len(bench.calls()) > answered:
        call = bench.calls()[answered]
        answered += 1
        bench.reply(status if call.action.startswith("Set") else ReplyStatus.ACCEPTED, call=call)


def refused(bench, *, before=7000, after=5000, on=LimitOn.IMPORT, minutes=120):
    """Let a limit be held, and its next edition be refused."""
    served(bench, asked(limit(on, watts=before)))
    again = asked(limit(on, watts=after), version=1, minutes=minutes)
    served(bench, again, ReplyStatus.REJECTED)
    assert bench.told()[-1] is Told.NOT_APPLICABLE


@pytest.mark.parametrize("after", [5000, 9000])
def test_the_old_limit_stays_to_the_end(ready, after):
    refused(ready, after=after)
    ready.at(109)
    assert sent(ready) == [PROFILE] * 2
    ready.at(110)
    assert sent(ready)[2:] == ["ClearChargingProfile"]


def test_what_would_end_earlier_is_taken_back_then_though_the_old_form_runs_on(ready):
    refused(ready, on=LimitOn.EXPORT, before=20000, after=10000, minutes=30)
    ready.at(19)
    assert sent(ready) == ["SetDERControl"] * 2
    ready.at(20)
    assert sent(ready)[2:] == ["ClearDERControl"]


def test_it_is_taken_back_where_the_limit_was_to_begin_later(ready):
    served(ready, asked(limit(watts=7000)))
    served(ready, asked(limit(watts=5000), version=1, start=30), ReplyStatus.REJECTED)
    assert sent(ready)[2:] == ["ClearChargingProfile"]


def test_it_is_taken_back_when_its_utility_withdraws_it(ready):
    refused(ready)
    ready.withdraw()
    assert sent(ready)[2:] == ["ClearChargingProfile"]
    ready.reply()
    assert ready.told()[-1] is Told.CANCELLED


def test_it_is_taken_back_when_an_operator_declines_it(ready):
    served(ready, asked(limit(watts=7000)))
    ready.command(asked(limit(watts=5000), version=1))
    ready.hear(ParticipationChanged("M1", out=True, reason="no", actor="ann"))
    ready.reply(ReplyStatus.REJECTED)
    assert sent(ready)[-1] == "ClearChargingProfile"


def test_a_tighter_edition_that_the_station_takes_comes_in_its_place(ready):
    refused(ready)
    served(ready, asked(limit(watts=4000), version=2))
    assert sent(ready) == [PROFILE] * 3


def test_another_limit_that_holds_by_then_is_told_before_it_goes(ready):
    served(ready, asked(limit(LimitOn.LOAD, 9000), "M0", start=-20))
    served(ready, asked(limit(watts=7000)))
    before = len(sent(ready))
    ready.command(asked(limit(watts=5000), version=1))
    ready.reply(ReplyStatus.REJECTED)
    assert sent(ready)[before:] == [PROFILE] * 2
    ready.reply()
    assert sent(ready)[before + 2 :] == ["ClearChargingProfile"]


def test_a_limit_stays_where_to_cease_was_refused(ready):
    served(ready, asked(limit(watts=7000)))
    served(ready, asked(Energize(energized=False), version=1), ReplyStatus.REJECTED)
    assert "ClearChargingProfile" not in sent(ready)


def test_a_default_limit_stays(ready):
    served(ready, a_default("D1", limit(watts=7000)))
    served(ready, a_default("D1", limit(watts=5000), version=1), ReplyStatus.REJECTED)
    assert sent(ready) == [PROFILE] * 2


def test_a_mode_does_not(ready):
    served(ready, asked(pf("0.95")))
    served(ready, asked(pf("0.9"), version=1), ReplyStatus.REJECTED)
    assert sent(ready)[-1] == "ClearDERControl"


def test_what_was_never_held_is_not_missed(ready):
    served(ready, asked(limit(watts=5000)), ReplyStatus.REJECTED)
    assert sent(ready) == [PROFILE]
    assert ready.engine.world.stations["CS1"].ledger.entries == {}
