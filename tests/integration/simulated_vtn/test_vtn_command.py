"""`dergate sim vtn` as a process: it ends when it is told to, and says by its status what VENs did."""

import signal
import subprocess
import sys

import httpx
import pytest

from gateway.security import pki
from gateway.security.tls import web_client_context
from support.places import ROOT


@pytest.mark.parametrize(
    ("paths", "status"), [(["programs"], 0), (["programs", "programs?x=1"], 1)]
)
def test_a_signal_ends_it_with_what_there_was_to_complain_of(tmp_path, paths, status):
    (tmp_path / "day.yaml").write_text("open: true\nprograms: [{name: flex}]\n")
    authority = pki.create_endpoint_authority(tmp_path)
    made = pki.issue_endpoint(authority)
    tls = ["--certificate", made.certificate_path, "--key", made.key_path]
    command = [
        sys.executable,
        "-m",
        "gateway",
        "sim",
        "vtn",
        tmp_path / "day.yaml",
        "--port",
        "0",
        *tls,
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().removeprefix("serving ").strip()
        trust = web_client_context(authority.certificate_path)
        with httpx.Client(verify=trust, trust_env=False) as ven:
            served = [ven.get(f"{url}/{path}").json()[0]["programName"] for path in paths]
        process.send_signal(signal.SIGTERM if status else signal.SIGINT)
        said = process.stdout.read()
    assert served == ["flex"] * len(paths)
    assert process.returncode == status
    assert said == "complaint: somebody GET /programs: the edition knows no query x\n" * status
