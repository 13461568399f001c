"""What the settings of several stations behind one connection mean for the engine."""

from datetime import timedelta
from fractions import Fraction

import orjson
import pytest

from gateway.core.allocation import Policy
from gateway.core.inputs import Setup, setup_document, setup_from
from gateway.core.site_state import MeterRules
from gateway.core.slots import Slot
from gateway.settings import load
from gateway.site import site_rules, station_rules, utility_accesses
from support.site import a_site, a_station, a_utility, an_evse, an_identity, enrol, write_site

PHASES = ("L1", "L2", "L3")


def ac(**changes):
    return an_evse(current="AC", ratings={"MaxA": 32}, **changes)


def dc(**ratings):
    return an_evse(ratings={"MaxChargeRateW": 50000} | ratings)


def for_the_depot():
    return {key: value for key, value in an_identity().items() if key != "station"} | {
        "site": "depot"
    }


def settings_of(folder, *evses, member=None, **site):
    depot = {"id": "depot", "stations": [{"id": "CS1"} | (member or {})]} | site
    apart = [site["meter"]["station"]] if "meter" in site else []
    values = a_site(
        stations=[a_station(evses=list(evses)), *map(a_station, apart)],
        utilities=[a_utility("grid", for_the_depot(), *map(an_identity, apart))],
        sites=[depot],
    )
    return load(write_site(folder, values), {})


def member_of(folder, *evses, member=None, **site):
    (rules,) = site_rules(settings_of(folder, *evses, member=member, **site))
    return rules.members[0]


def test_a_site_follows_the_utilities_of_its_identities(tmp_path):
    settings = settings_of(tmp_path, dc())
    (rules,) = site_rules(settings)
    assert (rules.id, rules.utilities, rules.policy) == ("depot", ("grid",), Policy.EQUAL)
    assert [station.utilities for station in station_rules(settings)] == [()]


def test_the_link_of_a_site_has_its_id(tmp_path):
    enrol(tmp_path, "CS1")
    (access,) = utility_accesses(settings_of(tmp_path, dc()))
    assert access.station == "depot"


@pytest.mark.parametrize(
    ("evses", "most"),
    [
        pytest.param([dc()], (50000, 50000), id="feeds in as much as it draws"),
        pytest.param([dc(MaxDischargeRateW=10000)], (50000, 10000), id="its own discharge"),
        pytest.param([dc(MaxW=0)], (50000, 0), id="never feeds in"),
        pytest.param([ac()], (22080, 22080), id="amps of three phases"),
        pytest.param([ac(phases=1), ac(id=2, phases=1)], (14720, 14720), id="in sum"),
    ],
)
def test_the_worst_case_is_what_its_evses_are_rated_for(tmp_path, evses, most):
    found = member_of(tmp_path, *evses).most
    assert (found[Slot.CHARGE], found[Slot.DISCHARGE]) == most


@pytest.mark.parametrize(
    ("evse", "watts"),
    [
        pytest.param(ac(), 4140, id="three phases"),
        pytest.param(ac(phases=1), 1380, id="one phase"),
        pytest.param(dc(), 0, id="DC"),
    ],
)
def test_the_minimum_is_six_amps_by_phases_and_voltage(tmp_path, evse, watts):
    assert member_of(tmp_path, evse).least == watts


def test_without_a_fuse_phases_do_not_count(tmp_path):
    member = member_of(tmp_path, ac())
    assert (member.amps, member.alone) == ({}, {})


@pytest.mark.parametrize(
    ("evse", "phases", "amps", "alone"),
    [
        pytest.param(ac(), [], 690, 230, id="a car may use one phase of three"),
        pytest.param(ac(phases=1), ["L2"], 230, 230, id="one known phase"),
        pytest.param(dc(), [], 690, 690, id="DC loads its phases alike"),
    ],
)
def test_watts_count_on_each_phase_by_the_worst_case(tmp_path, evse, phases, amps, alone):
    member = member_of(tmp_path, evse, member={"phases": phases}, fuse_a=63)
    wired = phases or PHASES
    assert member.amps == dict.fromkeys(wired, Fraction(1, amps))
    assert member.alone == dict.fromkeys(wired, Fraction(1, alone))


def test_meter_fuse_and_pace_are_taken_over(tmp_path):
    (rules,) = site_rules(
        settings_of(
            tmp_path,
            dc(),
            member={"away_w": 11000, "priority": 2},
            fuse_a=63,
            meter={"station": "METER", "load_w": 30000},
            margin_w=1000,
            step_w=250,
            rotate_s=60,
            policy="priority",
            precedence=["grid"],
        )
    )
    assert rules.meter == MeterRules("METER", timedelta(seconds=60), Fraction(30000), None)
    assert (rules.margin, rules.step, rules.rotate) == (1000, 250, timedelta(minutes=1))
    assert rules.fuse == dict.fromkeys(PHASES, 63)
    assert (rules.members[0].away, rules.members[0].priority) == (11000, 2)


def test_the_input_log_tells_of_sites(tmp_path):
    rules = site_rules(settings_of(tmp_path, ac(), fuse_a=63, meter={"station": "METER"}))
    setup = Setup("digest", (), sites=tuple(rules))
    assert setup_from(orjson.loads(orjson.dumps(setup_document(setup)))) == setup
