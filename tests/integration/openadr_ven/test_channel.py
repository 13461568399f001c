import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

import orjson
import pytest
from aiohttp import web

from gateway.connectors.openadr.access import VtnAccess
from gateway.connectors.openadr.channel import LARGEST_BODY, Channel
from gateway.errors import IdentityError
from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_http import Request, Role
from gateway.security import pki
from gateway.security.tls import station_server_context


class Server:
    """Answers each path by a handler, and keeps what was asked."""

    def __init__(self, **handlers):
        self.asked, self._handlers = [], handlers

    async def handle(self, request):
        body = await request.read()
        self.asked.append((request.method, request.path_qs, dict(request.headers), body))
        answer = self._handlers.get(request.path.strip("/"), lambda: web.json_response([]))()
        return await answer if asyncio.iscoroutine(answer) else answer


@asynccontextmanager
async def serving(server, tls=None):
    app = web.Application(client_max_size=LARGEST_BODY * 2)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/openadr3"
    finally:
        await runner.cleanup()


def an_access(url, *, insecure=True, trust_anchor=None, timeout_s=2.0):
    ven = VenAccess("grid", url, "ven", request_timeout_s=timeout_s)
    return VtnAccess(ven, trust_anchor, insecure)


def events(**changes):
    return Request(Role.EVENTS, "GET", **{"path": "/events", **changes})


async def asked(request=None, *, bearer="", timeout_s=2.0, **handlers):
    """Return the answer to one request, and the server that gave it."""
    server = Server(**{f"openadr3/{name}": handler for name, handler in handlers.items()})
    async with (
        serving(server) as url,
        Channel(an_access(url, timeout_s=timeout_s)) as channel,
    ):
        return await channel.exchange(request or events(), bearer), server


async def test_a_request_carries_its_query_in_order_and_its_token():
    query = (("skip", "0"), ("targets", "a b"), ("targets", "c&d"))
    answer, server = await asked(events(query=query), bearer="t0ken")
    assert (answer.status, answer.body) == (200, b"[]")
    ((method, path, headers, _),) = server.asked
    assert (method, path) == ("GET", "/openadr3/events?skip=0&targets=a+b&targets=c%26d")
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["Accept-Encoding"] == "identity"


async def test_a_body_is_written_with_all_digits_of_its_numbers():
    body = {"values": [Decimal("0.10"), Decimal("12345678901234567890.5"), 7, "x"]}
    _, server = await asked(Request(Role.REPORTS, "POST", "/reports", body=body))
    ((_, _, headers, sent),) = server.asked
    assert sent == b'{"values":[0.10,12345678901234567890.5,7,"x"]}'
    assert headers["Content-Type"] == "application/json"


async def test_a_form_is_sent_as_one():
    form = {"grant_type": "client_credentials", "client_secret": "s&cret"}
    _, server = await asked(Request(Role.TOKEN, "POST", "/auth/token", form=form))
    ((_, _, headers, sent),) = server.asked
    assert sent == b"grant_type=client_credentials&client_secret=s%26cret"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_names_of_headers_are_in_lower_case():
    answer, _ = await asked(events=lambda: web.json_response([], headers={"ETag": '"7"'}))
    assert answer.headers["etag"] == '"7"'
    assert "date" in answer.headers


def _moved(to):
    return lambda: web.Response(status=307, headers={"Location": to})


async def test_a_redirect_on_the_same_origin_is_followed():
    answer, server = await asked(events=_moved("/openadr3/events/"), bearer="t")
    assert answer.status == 307, "it leads to itself: that ends"
    assert len(server.asked) == 6


async def test_a_redirect_elsewhere_is_not_followed():
    answer, server = await asked(events=_moved("https://example.org/events"), bearer="t")
    assert (answer.status, answer.ok) == (307, False)
    assert "example.org" in answer.problem
    assert len(server.asked) == 1


async def test_what_changes_something_is_not_redirected():
    request = Request(Role.REPORTS, "POST", "/reports", body={})
    answer, server = await asked(request, reports=_moved("/openadr3/other"))
    assert (answer.status, len(server.asked)) == (307, 1)


async def test_no_token_goes_to_another_origin():
    server, other = Server(), Server()
    async with (
        serving(server) as url,
        serving(other) as elsewhere,
        Channel(an_access(url)) as channel,
    ):
        await channel.exchange(Request(Role.TOKEN, "GET", f"{elsewhere}/token"), "t0ken")
    ((_, _, headers, _),) = other.asked
    assert "Authorization" not in headers


async def test_a_body_without_end_is_given_up():
    large = b"[" + b" " * LARGEST_BODY + b"]"
    answer, _ = await asked(events=lambda: web.Response(body=large))
    assert (answer.status, answer.body) == (0, b"")
    assert answer.problem == "the body is longer than 16 MiB"


async def test_a_body_that_is_coded_without_being_asked_for_is_no_answer():
    coded = {"Content-Encoding": "br"}
    answer, _ = await asked(events=lambda: web.Response(body=b"[]", headers=coded))
    assert (answer.status, "'br'" in answer.problem) == (0, True)


async def test_a_slow_answer_is_no_answer():
    async def slow():
        await asyncio.sleep(30)

    answer, _ = await asked(events=slow, timeout_s=0.1)
    assert (answer.status, answer.problem) == (0, "no complete answer within 0.1 s")


async def test_nobody_there_is_a_problem_for_people():
    async with Channel(an_access("http://127.0.0.1:1")) as channel:
        answer = await channel.exchange(events())
    assert answer.status == 0
    assert answer.problem.startswith("cannot be reached: ")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://127.0.0.1"])
async def test_plain_http_is_spoken_only_where_that_was_allowed(url):
    async with Channel(an_access(url, insecure=False)) as channel:
        answer = await channel.exchange(events())
    assert (answer.status, "plain HTTP" in answer.problem) == (0, True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def identity(authority):
    return pki.issue_endpoint(authority)


@asynccontextmanager
async def over_tls(identity, **access):
    context = station_server_context(identity.certificate_path, identity.key_path)
    async with (
        serving(Server(), context) as url,
        Channel(an_access(url, insecure=False, **access)) as channel,
    ):
        yield channel


async def test_a_server_that_leads_to_the_trust_anchor_is_spoken_to(identity, authority):
    async with over_tls(identity, trust_anchor=authority.certificate_path) as channel:
        for _ in range(2):
            answer = await channel.exchange(events())
            assert (answer.problem, orjson.loads(answer.body)) == ("", [])


async def test_a_server_that_leads_to_no_root_of_the_system_is_not(identity):
    async with over_tls(identity) as channel:
        answer = await channel.exchange(events())
    assert (answer.status, "CERTIFICATE_VERIFY_FAILED" in answer.problem) == (0, True)


async def test_trust_anchors_that_cannot_be_read_open_nothing(tmp_path):
    with pytest.raises(IdentityError):
        async with Channel(an_access("https://vtn", trust_anchor=tmp_path / "none.pem")):
            pass
