"""The servers on npm packages that `dergate bench … --peers` measures do what their figures stand for."""

import pytest

from gateway.bench.fanout import contender
from gateway.bench.foreign import NODE, rivals
from gateway.bench.wire import PLAIN, Wire


@pytest.fixture(scope="module", params=list(NODE))
def rival(request, prepared):
    """Three stations of a rival; the tests of this file ask it one after the other."""
    prepared(NODE[request.param].folder)
    with contender(request.param, 3) as side:
        side.meet()
        yield side


def test_every_station_is_called_and_answers(rival):
    assert rival.ask("fan")["done"] == 3


def test_what_stations_measure_is_taken_in_and_answered(rival):
    heard = rival.fleet("say", 2)
    assert (heard["said"], heard["refused"]) == (6, 0)
    assert rival.ask("begin")["taken"] == 6


def test_its_cpu_is_counted(rival):
    rival.ask("begin")
    rival.ask("fan")
    assert rival.ask("end")["cpu_ns"] > 0


def test_an_answer_against_the_schema_fails_the_call(rival):
    rival.fleet("answer", '{"status":"Perhaps"}')
    assert rival.ask("fan")["done"] == 0
    rival.fleet("answer", '{"status":"Accepted"}')
    assert rival.ask("fan")["done"] == 3


def test_measurements_against_the_schema_are_refused(rival):
    before = rival.ask("begin")["taken"]
    rival.fleet("spoil")
    assert rival.fleet("say", 1)["refused"] == 3
    assert rival.ask("begin")["taken"] == before


def test_they_take_part_where_they_are_installed_and_only_on_plain_lines(prepared):
    for peer in NODE.values():
        prepared(peer.folder)
    assert rivals(PLAIN, peers=True) == ["raw websockets", "ocpp", "ocpp-rpc", "ocpp-ws-io"]
    assert rivals(Wire(tls=True), peers=True) == ["raw websockets", "ocpp"]
    assert rivals(PLAIN, peers=False) == ["raw websockets"]
