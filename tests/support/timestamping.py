"""A time stamping authority of its own root: `openssl ts` behind HTTP on loopback."""

import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_CONFIG = """
[tsa]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
[ts]
default_tsa = tsa
[stamping]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,timeStamping
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[req]
distinguished_name = name
prompt = no
[name]
"""


class Authority:
    """Keys and certificates in a folder, made now; answers requests as it is told to."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder, self.root, self.say = folder, folder / "ca.pem", self.stamp
        self.asked = 0
        (folder / "serial").write_text("01\n")
        self._config = folder / "tsa.cnf"
        self._config.write_text(_CONFIG.format(folder=folder))
        self._certify("ca", "authority", "-x509", "-subj", "/CN=Root of stamps")
        issuer = ("-x509", "-CA", self.root, "-CAkey", folder / "ca.key")
        self._certify("tsa", "stamping", *issuer, "-subj", "/CN=Stamps")

    def stamp(self, request):
        """Return status, content type and answer to one request."""
        (self.folder / "query").write_bytes(request)
        asked = ("-queryfile", self.folder / "query", "-out", self.folder / "answer")
        self._openssl("ts", "-reply", "-config", self._config, "-section", "tsa", *asked)
        return 200, "application/timestamp-reply", (self.folder / "answer").read_bytes()

    @contextmanager
    def serving(self):
        """Listen on loopback; yield the URL."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                authority.asked += 1
                request = self.rfile.read(int(self.headers["content-length"]))
                status, kind, body = authority.say(request)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Stay silent."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()
                thread.join()

    def _certify(self, name, section, *rest):
        key, out = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "3650")
        files = ("-config", self._config, "-extensions", section, "-keyout", key, "-out", out)
        self._openssl("req", *kind, *files, *rest)

    def _openssl(self, *arguments):
        command = ["openssl", *(str(item) for item in arguments)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
