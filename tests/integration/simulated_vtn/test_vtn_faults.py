"""Faults of the simulated VTN on the wire, its TLS, and what it forgets."""

import asyncio

import httpx
import pytest

from gateway.security import pki
from gateway.security.tls import web_client_context, web_server_context
from gateway.simulators.vtn import Kind, Options, Quirk, SimulatedVtn
from gateway.simulators.vtn_faults import FAULTS, drip, slow, status
from support.vtn import EVENT, REVISIONS, a_report, a_ven, options

both = pytest.mark.parametrize("revision", REVISIONS)


async def outcome(ven, method, path, **parts):
    """Return the status and what the body is, or the error of the connection."""
    try:
        answer = await ven.request(method, path, **parts)
    except httpx.TransportError as exc:
        return type(exc).__name__
    try:
        return answer.status_code, type(answer.json()).__name__
    except ValueError:
        return answer.status_code, answer.text[:5]


OUTCOMES = {
    "cut": ("RemoteProtocolError", True),
    "cut_json": ((201, '{"eve'), True),
    "drip": ((201, "dict"), True),
    "html": ((200, "<!doc"), False),
    "huge": ((200, "list"), False),
    "lost_answer": (("RemoteProtocolError", "ReadError"), True),
    "reset": (("RemoteProtocolError", "ReadError"), False),
    "slow": ((201, "dict"), True),
    "status": ((503, ""), False),
}
ARGUMENTS = {"drip": (0.001,), "slow": (0.01,), "status": (503,), "huge": (2000,)}


@both
@pytest.mark.parametrize("kind", FAULTS)
async def test_a_fault_spoils_an_answer_and_the_next_one_is_honest(revision, kind):
    expected, acts = OUTCOMES[kind]
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        event = vtn.add_event(vtn.add_program("flex"), **EVENT)
        fault = FAULTS[kind](*ARGUMENTS.get(kind, ()))
        vtn.spoil("/reports", fault, method="POST", times=1)
        assert (await ven.get("reports")).json() == []
        found = await outcome(ven, "POST", "reports", json=a_report(event, vtn))
        assert found == expected or found in expected
        assert len(vtn.reports) == acts
        last = a_report(event, vtn, reportName="s")
        assert (await ven.post("reports", json=last)).status_code == 201


async def test_a_fault_lasts_for_its_time_or_until_it_is_healed():
    clock = [0.0]
    async with SimulatedVtn(clock=lambda: clock[0]) as vtn, a_ven(vtn) as ven:
        vtn.spoil("/events*", status(500), for_s=3600)
        for at, expected in ((0, 500), (1800, 500), (3599, 500)):
            clock[0] = at
            assert (await ven.get("events")).status_code == expected
        clock[0] = 3600
        async with a_ven(vtn) as fresh:
            assert (await fresh.get("events")).status_code == 200
            vtn.spoil("/events*", status(500))
            assert (await fresh.get("events")).status_code == 500
            vtn.heal()
            assert (await fresh.get("events")).status_code == 200


async def test_a_slow_answer_comes_after_its_pause():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        for fault in (slow(30), drip(30)):
            vtn.spoil("/events", fault, times=1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ven.get("events"), 0.1)


async def test_who_does_not_wait_as_told_is_complained_of():
    clock = [0.0]
    async with SimulatedVtn(clock=lambda: clock[0]) as vtn, a_ven(vtn) as ven:
        vtn.spoil("/events", status(503, retry_after_s=30), times=2)
        answer = await ven.get("events")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        clock[0] = 30
        await ven.get("events")
        assert vtn.complaints == []
        clock[0] = 59
        await ven.get("events")
        assert vtn.complaints == ["ven_client GET /events: comes before Retry-After is over"]


@both
async def test_a_clock_that_is_off_shows_in_dates_and_metadata(revision):
    async with SimulatedVtn(Options(revision=revision), clock=lambda: 0.0) as vtn:
        vtn.time_offset_s = 90
        vtn.add_program("flex")
        async with a_ven(vtn) as ven:
            answer = await ven.get("programs")
        assert answer.headers["date"] == "Thu, 01 Jan 1970 00:01:30 GMT"
        assert answer.json()[0]["createdDateTime"] == "1970-01-01T00:01:30Z"


@both
async def test_a_restart_forgets_what_it_is_told_to(revision):
    async with SimulatedVtn(options(Quirk.REUSED_IDS, revision=revision)) as vtn, a_ven(vtn) as ven:
        vtn.add_ven("gateway")
        vtn.add_event(vtn.add_program("flex"), **EVENT)
        await vtn.down()
        vtn.forget(Kind.VEN, Kind.EVENT)
        await vtn.up()
        assert (await ven.get("vens")).json() == []
        assert vtn.add_event("flex", **EVENT) == "0"
        assert [item["id"] for item in (await ven.get("programs")).json()] == ["0"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def made(authority):
    return pki.issue_endpoint(authority)


@both
async def test_it_serves_tls(revision, authority, made):
    tls = web_server_context(made.certificate_path, made.key_path)
    async with SimulatedVtn(Options(revision=revision), tls=tls) as vtn:
        trust = web_client_context(authority.certificate_path)
        async with httpx.AsyncClient(verify=trust, trust_env=False) as ven:
            answer = await ven.get(f"{vtn.url}/auth/server")
        expected = {"3.0": (401, None), "3.1": (200, f"{vtn.url}/auth/token")}
        assert (answer.status_code, answer.json().get("tokenURL")) == expected[revision]
        async with httpx.AsyncClient(trust_env=False) as stranger:
            with pytest.raises(httpx.ConnectError, match="verify failed"):
                await stranger.get(f"{vtn.url}/programs")
