"""What stands under the admin address and is no gateway, over a real socket."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gateway.cli.asking import Gateway
from gateway.errors import PeerError


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>\n")

    def log_message(self, *_words):
        """Say nothing."""


@contextmanager
def another_server():
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "ask", [lambda gateway: gateway.get("events"), lambda gateway: list(gateway.lines("tap"))]
)
def test_another_server_under_that_address_is_named(ask):
    with another_server() as url, pytest.raises(PeerError, match="DG-1295 answers no JSON") as told:
        ask(Gateway(url))
    assert told.value.where == url
