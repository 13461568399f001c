"""Commands for one EVSE of several: a bound of its own, and no control that is for the whole station."""

from dataclasses import replace

import pytest

from support.translation import (
    a_station,
    an_evse,
    limit,
    payloads,
    period,
    q,
    refused,
    running,
    situation,
    translated,
)
from translators.canonical.commands import Target
from translators.canonical.controls import ActiveSetpoint, FixedVar

TWO = a_station(an_evse(1), an_evse(2))


def placed(translation):
    return [
        (p["evseId"], p["chargingProfile"]["chargingProfilePurpose"], period(p)["limit"])
        for p in payloads(translation)
    ]


@pytest.mark.parametrize(
    ("transactions", "also"),
    [
        ((), []),
        ((running(evse=1),), []),
        ((running(evse=2, name="b"),), [(2, "TxProfile", 3000)]),
        ((running(-9000, evse=2),), []),
    ],
    ids=["nothing runs", "elsewhere", "a session there", "our own setpoint, which keeps the limit"],
)
def test_a_bound_of_one_evse_is_its_default_and_of_what_runs_there(transactions, also):
    made = translated(
        limit("load", "3000 W"),
        station=TWO,
        situation=situation(*transactions),
        target=Target("CS1", 2),
    )
    assert placed(made) == [(2, "TxDefaultProfile", 3000), *also]


def test_our_own_setpoint_is_cut_by_a_bound_beside_it():
    state = replace(situation(running(evse=2)), beside=(limit("load", "3000 W"),))
    made = translated(ActiveSetpoint(q("-9000 W")), station=TWO, situation=state)
    assert period(payloads(made)[0])["setpoint"] == 3000


@pytest.mark.parametrize(("station", "outcome"), [(TWO, "not_applicable"), (a_station(), None)])
def test_a_der_control_is_for_the_whole_station(station, outcome):
    made = translated(FixedVar(q("1 pct[setMaxVar]")), station=station, target=Target("CS1", 1))
    assert [found for found, _ in refused(made)] == ([outcome] if outcome else [])
