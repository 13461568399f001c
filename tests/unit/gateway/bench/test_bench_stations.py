"""The benchmarks of the station side do the work that they measure, and say so where one does not."""

import json
from fractions import Fraction

import pytest
import typer
from typer.testing import CliRunner

from gateway.bench.contender import Contender, resident_kb
from gateway.bench.fanout import contender
from gateway.bench.fleet import Fleet, _frame, framed, measurement, name_of
from gateway.bench.foreign import NODE
from gateway.bench.memory import Memory
from gateway.bench.rounds import ENGINE, Line, Verdict, checked, in_turns
from gateway.bench.stations import lines
from gateway.cli.measure import bench
from gateway.stations.validators import violation

FEW = ["--rounds", "1", "--stations", "5"]


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(bench)

    def measured(*words):
        few = FEW[2:] if words[0] == "memory" else FEW
        result = CliRunner().invoke(app, [*words, *few, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    return measured


def test_a_fan_out_has_every_answer_on_disk_and_refuses_bad_ones(run):
    found = run("fanout")
    assert found["audit_rows"] == 2 * (
        5 + 1
    )  # one round to warm up: an intent and five answers each
    assert found["refused_answers"] == 5
    assert found["templates"] == 5  # as many as ratings profiles: what is told rests on them
    mine, raw = found["cpu_us_min"]["gateway"], found["cpu_us_min"]["raw websockets"]
    most = found["cpu_us_min"]["gateway, all ratings differ"]
    assert found["ratios"] == {
        "vs_raw_websockets": raw / mine,
        "vs_raw_websockets_all_differ": raw / most,
    }


def test_peers_take_part_where_they_are_asked_for(run):
    ratios = run("inbound", "--peers")["ratios"]
    of_node = {f"vs_{peer.folder}" for peer in NODE.values() if peer.installed}
    assert set(ratios) == {"vs_raw_websockets", "vs_ocpp"} | of_node


def test_measurements_come_in_as_samples_and_bad_ones_are_refused(run):
    found = run("inbound")
    assert found["samples_min"] == 8  # three phases and all of them, of power and of voltage
    assert found["watts"] == str(-5 * 3 * Fraction("7365.5"))  # message 21 of each, exactly
    assert found["refused_calls"] == 2 * 5


def test_a_connection_costs_something_and_a_password_more(run):
    found = run("connect")
    assert found["cpu_us_min"]["raw websockets"] > 0
    assert found["password_us"] > 1_000


def test_memory_is_the_slope_between_few_and_many(run):
    assert set(run("memory")["kb_per_station"]) == {"gateway", "raw websockets"}


def test_the_message_that_stations_send_is_sound():
    assert violation("2.1", "MeterValues", json.loads(measurement()), request=True) is None


def test_what_stations_say_to_be_refused_is_refused_for_its_evse_and_for_its_value():
    fleet = Fleet(boots=False)
    fleet.spoil()
    spoilt = [json.loads(text.removeprefix(b',"MeterValues",')[:-1]) for text in fleet.messages]
    faults = [violation("2.1", "MeterValues", payload, request=True) for payload in spoilt]
    value = "meterValue/0/sampledValue/0/value"
    assert {(fault.code, fault.where) for fault in faults[::2]} == {
        ("TypeConstraintViolation", "evseId")
    }
    assert {(fault.code, fault.where) for fault in faults[1::2]} == {
        ("TypeConstraintViolation", value)
    }


@pytest.mark.parametrize("size", [0, 125, 126, 65_535])
def test_a_frame_of_the_fleet_says_its_size(size):
    frame = framed(b"x" * size)
    assert frame[0] == 0x81
    assert frame.endswith(b"\0\0\0\0" + b"x" * size)


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"", None),
        (b"\x81", None),
        (b"\x81\x02a", None),
        (b"\x81\x02abrest", (1, b"ab", 4)),
        (b"\x81\x7e\x00\x80" + b"x" * 128, (1, b"x" * 128, 132)),
        (b"\x81\x7f" + (70_000).to_bytes(8, "big") + b"x" * 70_000, (1, b"x" * 70_000, 70_010)),
    ],
    ids=["nothing", "half a head", "half a text", "a text and more", "a longer one", "a long one"],
)
def test_a_frame_of_a_server_is_read_whole_or_not_at_all(data, read):
    assert _frame(data) == read


def test_stations_have_names_of_one_length():
    assert {len(name_of(number)) for number in (0, 99, 12_345)} == {12}


def test_a_contender_that_has_not_done_its_work_has_no_figure():
    with contender("raw websockets", 1) as side, pytest.raises(RuntimeError, match="3 answers"):
        checked(side, "answers", 3, 4)


def test_a_child_that_dies_is_told_with_its_command():
    with pytest.raises(RuntimeError, match="false"):
        Contender("dead", ["false"], 1, boots=False)


def test_ratios_are_of_minima_and_say_how_many_times_a_rivals_throughput():
    rounds = (
        Line("gateway", 20.0, 1.0),
        Line("raw websockets", 30.0, 1.0),
        Line("ocpp", 400.0, 9.0),
        Line("gateway", 10.0, 2.0),
        Line("raw websockets", 25.0, 1.0),
        Line("ocpp", 300.0, 8.0),
    )
    found = Verdict("fanout", 7, rounds, {"audit_rows": 8})
    assert found.ratios == {"vs_raw_websockets": 2.5, "vs_ocpp": 30.0}
    assert found.plain()["cpu_us_median"] == {"gateway": 15, "raw websockets": 27.5, "ocpp": 350}
    table = "\n".join(lines(found))
    assert "10.00 µs  fanout, 7 stations: gateway" in table
    assert "2.50     vs_raw_websockets" in table
    assert "8     audit_rows" in table


def test_what_is_told_beside_the_figures_is_of_the_gateway_itself():
    rounds = (
        Line("gateway", 20.0, 1.0, {"written_ms": 5.0}),
        Line("gateway", 20.0, 1.0, {"written_ms": 4.0}),
        Line("gateway, all ratings differ", 90.0, 1.0, {"written_ms": 900.0}),
        Line("raw websockets", 30.0, 1.0),
    )
    found = Verdict("fanout", 7, rounds)
    assert found.plain()["written_ms_min"] == 4.0
    assert found.ratios["vs_raw_websockets_all_differ"] == 30 / 90


def test_rounds_alternate():
    played = []

    def play(side):
        played.append(side)
        return Line(side, 1.0, 1.0)

    in_turns(["a", "b"], 2, play)
    assert played == ["a", "b", "a", "b"]


def test_memory_is_a_table_too():
    assert "KB  one station at rest" in "\n".join(lines(Memory(5, 20.0, 13.0)))


def test_a_process_knows_what_it_holds():
    assert resident_kb() > 1_000


def test_the_engine_decides_for_each_station_and_all_of_it_is_on_disk(run):
    found = run("fanout", "--engine")
    mine, raw = (
        found["cpu_us_min"]["gateway, with its engine"],
        found["cpu_us_min"]["raw websockets"],
    )
    assert found["ratios"]["vs_raw_websockets_with_engine"] == raw / mine


def test_an_engine_that_has_not_written_what_it_decided_has_no_figure():
    with contender(ENGINE, 2) as side:
        side.meet()
        assert side.ask("fan")["done"] == 2
        told = side.ask("audit")
        assert told["fault"] is None
        kinds = side.ask("begin")
        assert told["records"] == told["rows"] == kinds["rows"]
        assert kinds["control.dispatched"] == kinds["control.accepted"] == 2
