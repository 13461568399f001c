"""What a stalled station and a storm of newcomers do to the others, in small numbers."""

import asyncio
import json
from contextlib import closing

import pytest
import typer
from typer.testing import CliRunner

from gateway.bench import storm
from gateway.bench.fanout import contender
from gateway.bench.fleet import _STORM, BusyError, Fleet, RefusedError, Station
from gateway.bench.stall import P99, Stall
from gateway.bench.stations import lines
from gateway.bench.storm import Storm
from gateway.bench.watched import percentile
from gateway.bench.wire import PLAIN, Wire
from gateway.cli.measure import bench


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(bench)

    def measured(*words):
        result = CliRunner().invoke(app, [*words, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    return measured


def test_one_that_reads_nothing_is_left_out_and_the_others_are_timed(run):
    found = run("fanout", "--stalled", "--stations", "4", "--rounds", "2")
    assert found["pairs"] == 2
    assert min(found["p99_ms_median"].values()) > 0
    assert min(found["p99_cpu_ms_median"].values()) > 0
    assert found["transport"] == "websockets"


def test_in_a_storm_all_come_in_and_every_steady_station_answers_every_event(run, monkeypatch):
    monkeypatch.setattr(storm, "STEADY", 3)
    monkeypatch.setattr(storm, "_EVERY_S", 0.05)
    found = run("connect", "--storm", "--tls", "--stations", "6", "--transport", "picows")
    assert (found["stations"], found["tls"], found["transport"]) == (6, True, "picows")
    assert found["events"] > 0
    assert 0 < found["event_p99_ms"] <= found["event_p99_ms_worst"]
    assert found["cpu_us_per_station"] > 0


def test_a_fleet_that_dies_in_a_storm_ends_it_with_its_command(capfd):
    with (
        contender("raw websockets", 1) as side,
        closing(storm._Fleet(side, "0-many")) as coming,
        pytest.raises(RuntimeError, match="0-many"),
    ):
        coming.wait()
    assert "invalid literal for int()" in capfd.readouterr().err


def test_over_tls_a_raw_server_takes_part_too(run):
    found = run("fanout", "--tls", "--stations", "3", "--rounds", "1")
    assert found["tls"] is True
    assert found["ratios"]["vs_raw_websockets"] > 0


@pytest.mark.parametrize(
    "words",
    [
        ("inbound", "--stalled"),
        ("fanout", "--storm"),
        ("gateway", "--storm"),
        ("inbound", "--engine"),
        ("mapping", "--peers"),
        ("mapping", "--tls"),
        ("gateway", "--stations", "5"),
        ("engine", "--transport", "picows"),
        ("memory", "--rounds", "5"),
        ("fanout", "--calls", "5"),
        ("connect", "--peers"),
        ("fanout", "--engine", "--stalled"),
        ("fanout", "--peers", "--stalled"),
        ("connect", "--rounds", "2", "--storm"),
    ],
    ids=" ".join,
)
def test_what_a_subject_does_not_have_is_refused(words):
    app = typer.Typer()
    app.command()(bench)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert f"{words[1]} is for" in result.output


async def test_a_station_that_is_refused_ends_the_fleet_and_is_not_counted_as_dropped():
    fleet = Fleet(boots=False)
    async with await _a_server(b"HTTP/1.1 401 Unauthorized\r\n\r\n") as server:
        host, port = server.sockets[0].getsockname()
        with pytest.raises(ExceptionGroup) as found:
            await fleet.connect(host, port, range(1), _STORM)
    assert found.group_contains(RefusedError, match="401 Unauthorized")
    assert fleet.dropped == 0


async def _a_server(answer):
    async def meet(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    return await asyncio.start_server(meet, "127.0.0.1", 0)


def test_how_far_the_others_moved_is_the_median_of_pairs():
    walls = [(10, 11), (20, 21), (10, 30)]
    pairs = tuple((P99(calm, 1.0), P99(stalled, 1.02)) for calm, stalled in walls)
    found = Stall(10, pairs)
    assert (found.moved, found.cpu_moved) == (pytest.approx(0.1), pytest.approx(0.02))
    told = "\n".join(lines(found))
    assert "10.00%     p99_moved" in told
    assert "2.00%     p99_cpu_moved" in told


def test_a_storm_is_a_table_too():
    found = Storm(5000, 101.5, 900.0, 7, 2, (1.0, 3.0), ((4.0, 5.0), (6.0,)), Wire(tls=True))
    assert found.p99_ms == 6.0
    told = "\n".join(lines(found))
    assert "101.50 s   until 5000 stations (wss) were in" in told
    assert "7     times a station was told when to come again" in told
    assert found.plain()["event_p99_ms_worst"] == 6.0


@pytest.mark.parametrize(
    ("values", "found"), [([], 0.0), ([3.0], 3.0), (list(range(101)), 99)], ids=str
)
def test_a_percentile_is_one_of_the_values(values, found):
    assert percentile(values, 0.99) == found


@pytest.mark.parametrize(
    ("head", "after_s"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 17\r\n\r\n", 17),
        (b"HTTP/1.1 429 Too Many Requests\r\n\r\n", 0.5),
    ],
    ids=["an instant of its own", "no instant"],
)
async def test_a_station_comes_again_when_it_was_told_to(head, after_s):
    station = Station(Fleet(boots=False), "bench-000000", "x")
    station.data_received(head)
    with pytest.raises(BusyError) as found:
        await station.open
    assert found.value.after_s == after_s


@pytest.mark.parametrize("wire", [PLAIN, Wire("picows"), Wire(tls=True), Wire("picows", tls=True)])
def test_a_child_is_told_over_what_it_is_reached(wire):
    assert Wire.read(wire.words) == wire


def test_plain_lines_need_no_files(tmp_path):
    assert PLAIN.files(tmp_path) == {}
    assert PLAIN.context(tmp_path) is None


def test_a_fleet_that_connects_has_one_size():
    app = typer.Typer()
    app.command()(bench)
    result = CliRunner().invoke(app, ["fanout", "--stations", "5,6"])
    assert result.exit_code == 2
    assert "are for engine" in result.output
