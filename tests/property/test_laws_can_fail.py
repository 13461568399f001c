"""Each law is broken once: by a rule of the book that is changed, or by code that is."""

from dataclasses import replace
from itertools import count

import pytest

from gateway.settings.mappings import mapping_files
from support import laws
from support.laws import Crossing
from support.translation import (
    F,
    a_station,
    an_evse,
    book,
    curve,
    droop,
    limit,
    q,
    running,
    situation,
)
from translators.canonical.controls import Connect, FixedVar, FreqWatt, VoltVar, VoltWatt
from translators.chain import load_book
from translators.errors import MappingError
from translators.ocpp import curves, frequency, limits, members
from translators.ocpp.desk import Desk
from translators.ocpp.inverse import numbers as inverse_numbers
from translators.rules import target
from translators.units import round_to, to_json_number

FIXED, STEEP = FixedVar(q("150 pct[setMaxVar]")), VoltVar(curve("92 44, 98 0, 102 0, 108 -44"))
PLAIN = FixedVar(q("12.3456789 pct[setMaxVar]"))


def broken(law, control, *, made_of=None, station=None, watts=-500):
    crossing = Crossing(
        made_of or book(), (control,), station or a_station(), situation(running(watts))
    )
    return list(law(crossing))


def changed(rule, old, new):
    """Return the book with one text of one rule changed."""
    files = dict(mapping_files())
    for path, text in files.items():
        start = text.find(f"id: {rule}\n")
        if start >= 0:
            end = text.find("\n---", start)
            part = text[start : end if end >= 0 else len(text)]
            assert old in part
            files[path] = text.replace(part, part.replace(old, new))
            return load_book(files)
    raise AssertionError(rule)


RULES = [
    pytest.param(
        laws.valid, FIXED, "ocpp21.fixed_var", "    clip: [-100.0, 100.0]\n", "", id="no bound"
    ),
    pytest.param(
        laws.never_looser,
        limit("export", "333.34 W"),
        "ocpp21.export_limit",
        "mode: down",
        "mode: half_even",
        id="a limit rounded up",
    ),
    pytest.param(
        laws.honest, STEEP, "ocpp21.volt_var", '"pct[setMaxVar]": PctMaxVar, ', "", id="no base"
    ),
    pytest.param(
        laws.honest,
        VoltWatt(curve("106 100, 110 0", "pct[setMaxW]")),
        "ocpp21.volt_watt",
        '"pct[setMaxW]": PctMaxW, "pct[statWAvail]": PctWAvail',
        '"pct[setMaxW]": PctWAvail, "pct[statWAvail]": PctMaxW',
        id="names of units exchanged",
    ),
]


@pytest.mark.parametrize(("law", "control", "rule", "old", "new"), RULES)
def test_a_changed_rule_breaks_its_law(law, control, rule, old, new):
    assert broken(law, control) == []
    try:
        found = broken(law, control, made_of=changed(rule, old, new))
    except MappingError as refused:
        found = [str(refused)]  # a book that does not load is caught even earlier
    assert found


def one_more(value):
    return to_json_number(value + 1)


def undeclared(number, value, _trace, _where):
    return round_to(value, number.spec.round.places) if number.spec.round else value


def no_step(number, value, trace, where):
    trace.step("round", where, value + 1, where, value)
    return value


numbers = count()
CODE = [
    pytest.param(laws.traced, PLAIN, target, "to_json_number", one_more, id="another number"),
    pytest.param(
        laws.unbroken, PLAIN, target.Number, "_rounded", no_step, id="a number from nowhere"
    ),
    pytest.param(laws.honest, PLAIN, target.Number, "_rounded", undeclared, id="rounded silently"),
    pytest.param(
        laws.in_order, STEEP, curves, "few", lambda points, *_: points[::-1], id="turned round"
    ),
    pytest.param(
        laws.same_again, PLAIN, members, "control_id", lambda *_: str(next(numbers)), id="new ids"
    ),
    pytest.param(laws.own_ids, PLAIN, members, "control_id", lambda *_: "one", id="one id for all"),
    pytest.param(
        laws.accounted,
        Connect(connected=True),
        Desk,
        "follow",
        lambda *_: None,
        id="followed by nobody",
    ),
]


@pytest.mark.parametrize(("law", "control", "place", "name", "other"), CODE)
def test_changed_code_breaks_its_law(law, control, place, name, other, monkeypatch):
    assert broken(law, control) == []
    monkeypatch.setattr(place, name, other)
    assert broken(law, control) != []


def test_a_residual_that_is_not_exact_breaks_its_law(monkeypatch):
    exact = target.Trace.lose

    def inexact(trace, kind, where, detail, residual=None):
        exact(trace, kind, where, detail, None if residual is None else residual + F(1, 10**6))

    assert broken(laws.residuals, PLAIN) == []
    monkeypatch.setattr(target.Trace, "lose", inexact)
    assert broken(laws.residuals, PLAIN) != []


def test_a_dialect_that_is_not_undone_breaks_the_way_back(monkeypatch):
    station = a_station(an_evse(), droop="percent")
    assert broken(laws.reads_back, droop(), station=station) == []
    undo = {**inverse_numbers.UNDO, "droop": lambda value, *_: value}
    monkeypatch.setattr(inverse_numbers, "UNDO", undo)
    assert broken(laws.reads_back, droop(), station=station) != []


def test_a_setpoint_that_is_not_cut_to_a_limit_breaks_its_law(monkeypatch):
    asked, station = limit("export", "100 W"), a_station(an_evse(modes=()))
    assert broken(laws.never_looser, asked, station=station, watts=9000) == []
    monkeypatch.setattr(limits, "_share", lambda before, *_: before)
    assert broken(laws.never_looser, asked, station=station, watts=9000) != []


def test_a_frequency_curve_of_the_wrong_sign_breaks_its_law(monkeypatch):
    asked, station = (
        FreqWatt(curve("60 100, 62 0", "pct[setMaxW]", "Hz")),
        a_station(an_evse(modes=())),
    )
    drawn = frequency._vertices
    assert broken(laws.honest, asked, station=station) == []
    monkeypatch.setattr(
        frequency, "_vertices", lambda *args: [replace(v, y=-v.y) for v in drawn(*args)]
    )
    assert broken(laws.honest, asked, station=station) != []
