"""Tokens: asked for, renewed, refused, and what an endpoint may answer instead."""

import base64
import json

import pytest

from gateway.protocols.openadr_access import Auth, Client
from gateway.protocols.openadr_http import Answer, Role
from gateway.protocols.openadr_token import Tokens

URL = "https://vtn.example/openadr3"


def tokens(**changes):
    known = {"auth": Auth.POST, "id": "me", "secret": "hush", "token_url": "https://id.example/t"}
    return Tokens(Client(**{**known, **changes}), URL)


def given(status=200, **body):
    return Answer(status, {}, json.dumps({"access_token": "abc", **body}).encode())


def got(session, answer=None, now=0.0):
    session.answered(session.request(now), answer or given(), now)
    return session


def test_without_credentials_nothing_is_asked():
    session = tokens(auth=Auth.NONE)
    assert (session.request(0.0), session.bearer) == (None, "")
    assert not session.refused("", 0.0)


def test_post_has_the_secret_in_the_form():
    request = tokens(scopes=("read_all", "write_vens")).request(0.0)
    assert request.form == {
        "grant_type": "client_credentials",
        "client_id": "me",
        "client_secret": "hush",
        "scope": "read_all write_vens",
    }


def test_basic_has_it_in_a_header():
    request = tokens(auth=Auth.BASIC, secret="a:b").request(0.0)
    coded = request.headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(coded) == b"me:a%3Ab"
    assert "client_secret" not in request.form


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (Answer(200, body=b'{"tokenURL": "https://id.example/t"}'), "https://id.example/t"),
        (Answer(200, body=b'{"tokenURL": "/t"}'), "https://vtn.example/t"),
        (Answer(404), "/auth/token"),
        (Answer(200, body=b"nonsense"), "/auth/token"),
    ],
)
def test_the_endpoint_is_found_out(answer, path):
    session = tokens(token_url="")
    first = session.request(0.0)
    assert (first.role, first.path) == (Role.DISCOVERY, "/auth/server")
    assert got(session, answer).request(0.0).path == path


@pytest.mark.parametrize("url", ["http://id.example/t", "file:///etc/passwd", "ftp://x/t"])
def test_no_secret_goes_anywhere_but_over_tls(url):
    session = got(tokens(token_url=""), Answer(200, body=json.dumps({"tokenURL": url}).encode()))
    assert session.request(0.0) is None
    assert "no https address" in session.problem


@pytest.mark.parametrize(
    ("lasts", "asked_again_at"),
    [
        (3600, 3570),
        ("100", 90),
        (1, 10),
        (0, None),
        (-5, None),
        ("soon", None),
        (None, None),
        (True, None),
    ],
)
def test_a_token_is_renewed_a_little_early(lasts, asked_again_at):
    session = got(tokens(), given(expires_in=lasts))
    if asked_again_at is None:
        assert session.request(1e12) is None
    else:
        assert session.request(asked_again_at - 0.1) is None
        assert session.request(asked_again_at) is not None


@pytest.mark.parametrize(
    ("scope", "found"),
    [("a b", {"a", "b"}), (["a", 1], {"a"}), (None, set()), (7, set())],
)
def test_scopes_come_in_two_forms(scope, found):
    assert got(tokens(), given(scope=scope)).scopes == found


def test_a_refused_token_is_renewed_once():
    session = got(tokens())
    assert session.refused("abc", 100.0)
    assert session.bearer is None
    got(session, given(access_token="def"), 100.0)
    assert not session.refused("def", 101.0)
    assert session.bearer == "def"


def test_who_used_an_older_token_tries_with_the_newer_one():
    session = got(tokens(), given(access_token="new"))
    assert session.refused("old", 0.0)
    assert session.request(0.0) is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(0, problem="no answer"),
        Answer(500),
        Answer(401, body=b'{"error": "invalid_client", "error_description": "hush is wrong"}'),
        Answer(403, body=b"[]"),
        Answer(200, body=b"[]"),
        given(access_token=""),
        given(access_token="a\nb"),
        given(access_token=7),
        given(token_type="mac"),
    ],
)
def test_what_is_no_token_is_told_and_tried_later(answer):
    session = got(tokens(), answer)
    assert session.bearer is None
    assert session.problem.startswith("no token: ")
    assert "hush" not in session.problem
    assert session.request(1.0) is None
    assert session.request(10.0) is not None
