"""What an operator sees: commands, stations, what is in force and why."""

import json
from datetime import timedelta
from fractions import Fraction

from gateway.admin.views import View
from gateway.core.events import (
    AlarmReceived,
    ReplyStatus,
    SamplesTaken,
    TransactionsChanged,
    UtilityHeard,
)
from gateway.core.failsafe import UtilityRules
from support.engine_bench import NOON, Bench, a_command, a_default, an_engine, limit, pf
from translators.canonical.capability import Transaction
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import Alarm, GridFault, Sample
from translators.units import Kind


def in_force(view, station="CS1"):
    return {row["function"]: row for row in view().station(station)["in_force"]}


def test_a_command_is_one_row_over_all_its_stations(ready, view):
    ready.command(a_command("M1", description="peak"))
    ready.reply()
    (row,) = view().events()
    assert (row["utility"], row["mrid"], row["description"]) == ("dso", "M1", "peak")
    assert (row["primacy"], row["functions"], row["stations"]) == (
        10,
        ["FixedPowerFactor.injecting"],
        1,
    )
    assert row["states"] == {"scheduled": 1}
    assert row["start"] == "2026-12-01T12:10:00+00:00"
    assert row["refused"] == {}


def test_the_newest_command_stands_first_and_a_default_has_no_times(ready, view):
    ready.command(a_default("D1"))
    ready.command(a_command("M1", created=NOON))
    first, second = view().events()
    assert (first["mrid"], second["mrid"]) == ("M1", "D1")
    assert (second["default"], second["start"], second["end"]) == (True, None, None)


def test_a_command_shows_what_became_of_it_at_its_station(ready, view):
    ready.command(a_command("M1"))
    (row,) = view().event("M1")
    (control,) = row["controls"]
    assert (control["state"], control["type"]) == ("setting", "FixedPFInject")
    ready.reply(ReplyStatus.REJECTED)
    (row,) = view().event("M1")
    assert (row["station"], row["state"], row["controls"]) == ("CS1", "refused", [])
    assert row["refused"] == {"FixedPowerFactor.injecting": "not_applicable"}
    assert row["told"] == ["not_applicable", "received"]
    assert row["command"]["mrid"] == "M1"


def test_a_command_that_nobody_knows_is_nowhere(view):
    assert view().event("M9") == []
    assert view().station("CS9") is None


def test_a_station_says_who_holds_what_since_when_and_why(ready, view):
    ready.command(a_default("D1", limit()))
    ready.command(a_command("M1"))
    ready.reply()
    assert (
        in_force(view)["PowerLimit.import.connection_point"]["why"]
        == "default: no event asks for it"
    )
    assert "FixedPowerFactor.injecting" not in in_force(view)
    ready.at(20)
    held = in_force(view)["FixedPowerFactor.injecting"]
    assert (held["command"], held["why"]) == ("dso/CS1/M1", "primacy 10")
    assert (held["since"], held["until"]) == (
        "2026-12-01T12:10:00+00:00",
        "2026-12-01T13:10:00+00:00",
    )
    assert held["held"]
    assert held["controls"] == [ready.control_id(-1)]


def test_a_beaten_command_names_who_beats_it(ready, view):
    ready.command(a_command("M1"))
    ready.command(a_command("M2", pf("0.9"), start=30, primacy=1))
    ready.at(20)
    assert in_force(view)["FixedPowerFactor.injecting"]["beaten_by"] == "dso/CS1/M2"


def test_of_two_defaults_the_better_one_is_in_force(ready, view):
    ready.command(a_default("D1", pf("0.9"), primacy=3))
    ready.command(a_default("D2", pf("0.95"), primacy=2))
    assert in_force(view)["FixedPowerFactor.injecting"]["command"] == "dso/CS1/D2"


def test_times_are_the_utilitys(ready, view):
    ready.offset = timedelta(minutes=15)
    ready.command(a_command("M1"))
    ready.at(0)
    assert "FixedPowerFactor.injecting" in in_force(view)


def test_a_station_shows_which_of_its_utilities_is_silent_and_since_when(ready, view):
    ready.hear(UtilityHeard("dso", "CS1", 60.0))
    ready.at(2)
    assert view().stations()[0]["silent"] == {}
    ready.at(3)
    assert view().stations()[0]["silent"] == {"dso": "silent"}
    ready.now += timedelta(seconds=5)
    assert view().station("CS1")["heard"] == {"dso": NOON.isoformat()}
    assert view().stations()[1]["silent"] == {}


def test_an_event_that_may_not_begin_is_not_in_force(ready, view):
    ready.engine.world.utilities["dso"] = UtilityRules(starts=False)
    ready.command(a_command("M1", start=5))
    ready.hear(UtilityHeard("dso", "CS1", 60.0))
    ready.at(6)
    assert in_force(view) == {}


def test_without_any_event_no_word_is_known(book):
    assert View(an_engine(book).world, NOON).station("CS1")["heard"] == {}


def test_a_station_shows_what_it_is_and_measures(ready, view):
    ready.command(a_command("M1"))
    ready.hear(AlarmReceived(Alarm("CS1", "VoltVar", GridFault.OVER_VOLTAGE, NOON)))
    ready.hear(SamplesTaken("CS1", (Sample("CS1", 1, Kind.POWER, Fraction(1500), NOON),)))
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    there, away = view().stations()
    assert (there["connected"], there["version"], there["alarms"]) == (True, "2.1", ["OverVoltage"])
    assert there["controls_by_state"] == {"setting": 1}
    assert (away["connected"], away["version"]) == (False, None)
    found = view().station("CS1")
    (measured,) = found["measured"]
    assert measured == {"evse": 1, "kind": "W", "value": 1500.0, "at": NOON.isoformat()}
    assert found["transactions"][0]["transaction_id"] == "T1"
    assert view().station("CS2")["profile"] is None


def test_a_station_that_does_nothing_of_what_it_took_is_named(ready, view):
    ready.command(a_default("D1", pf("0.9")))
    ready.reply()
    for second in range(60, 600, 60):
        ready.now = NOON + timedelta(seconds=second)
        values = ((Kind.POWER, 5000), (Kind.REACTIVE, 5000))
        told = tuple(
            Sample("CS1", None, kind, Fraction(value), ready.now) for kind, value in values
        )
        ready.hear(SamplesTaken("CS1", told))
    assert view().stations()[0]["not_following"] == ["FixedPowerFactor.injecting"]


def test_a_charging_profile_goes_by_its_purpose(ready, view):
    ready.command(a_command("M1", limit()))
    (control,) = view().station("CS1")["controls"]
    assert control["type"] == "ChargingStationMaxProfile"


def test_all_of_it_is_json(ready, view):
    ready.command(a_command("M1", pf(), limit()))
    ready.command(a_default("D1", pf("0.9")))
    seen = view()
    for value in (seen.events(), seen.event("M1"), seen.stations(), seen.station("CS1")):
        assert json.loads(json.dumps(value)) == value


def test_between_two_utilities_modes_show_who_has_precedence_and_limits_all(book):
    bench = Bench(an_engine(book, "dso", "iso"), others={"iso": timedelta(hours=1)})
    bench.connect()
    bench.command(a_command("S", pf(), limit(), start=0, minutes=10))
    bench.command(a_command("W", pf("0.9"), limit(), utility="iso", start=60, minutes=20))
    bench.command(a_default("D", pf(), limit(), limit(LimitOn.EXPORT), utility="iso"))
    rows = View(bench.engine.world, bench.now).station("CS1")["in_force"]
    assert sorted((row["function"].split(".")[1], row["command"]) for row in rows) == [
        ("export", "iso/CS1/D"),
        ("import", "dso/CS1/S"),
        ("import", "iso/CS1/W"),
        ("injecting", "dso/CS1/S"),
    ]
    assert View(bench.engine.world, bench.now).stations()[0]["utilities"] == ["dso", "iso"]
    bench.at(10)
    assert in_force(lambda: View(bench.engine.world, bench.now))["FixedPowerFactor.injecting"][
        "command"
    ] == ("iso/CS1/W")
