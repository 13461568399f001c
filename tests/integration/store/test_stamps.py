"""Time stamps of checkpoints, from a real authority on loopback."""

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gateway.cli.evidence import app
from gateway.cli.main import main
from gateway.security import stamping
from gateway.security.signing import signer_at
from gateway.store.audit import AuditSegments
from gateway.store.checkpoints import FILE, Notary
from gateway.store.stamps import FILE as STAMPS
from support.store_builders import NOON, a_chain, an_audit
from support.timestamping import Authority

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs the command openssl for an authority"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stamps") / "tsa")


@pytest.fixture
def url(authority):
    authority.say = authority.stamp
    with authority.serving() as where:
        yield where


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


class Site:
    """A folder of segments whose newest records are sealed on demand."""

    def __init__(self, path):
        self.folder = path / "audit"
        self.signer = signer_at(path / "audit.key")
        self.store = a_chain(self.folder, 3)
        self.minute = 0
        self.seal()

    def seal(self):
        self.minute += 1
        Notary(self.folder, self.signer).seal(NOON + timedelta(minutes=self.minute), final=True)

    def grow(self):
        with closing(AuditSegments(self.folder)) as segments:
            self.store.commit([an_audit()], NOON + timedelta(minutes=self.minute))
            segments.drain(self.store)
        self.seal()

    def stamp(self, url, root):
        return run("stamp", self.folder, "--tsa", url, "--tsa-ca", root)

    def check(self, root, checkpoints=None):
        sealed = checkpoints or self.folder / FILE
        return run("stamps", self.folder / STAMPS, "--checkpoint", sealed, "--tsa-ca", root)


def run(*arguments):
    return CliRunner().invoke(app, [str(item) for item in arguments])


def test_the_newest_checkpoint_is_stamped_once_and_proved_offline(site, authority, url):
    before = datetime.now(UTC) - timedelta(seconds=1)
    said = site.stamp(url, authority.root).output
    assert said.startswith("checkpoint of record 3 stamped at ")
    assert before <= datetime.fromisoformat(said.split()[-1]) <= datetime.now(UTC)
    asked = authority.asked
    assert "has a stamp already" in site.stamp(url, authority.root).output
    assert authority.asked == asked
    site.grow()
    assert "record 4" in site.stamp(url, authority.root).output
    result = site.check(authority.root)
    assert result.exit_code == 0
    assert result.output.startswith("stamped  2 checkpoints, the newest at ")


def test_only_a_hash_leaves_the_machine(site, authority, url):
    heard = []
    authority.say = lambda request: heard.append(request) or authority.stamp(request)
    site.stamp(url, authority.root)
    assert (site.folder / FILE).read_bytes()[15:60] not in heard[0]
    assert len(heard[0]) < 100


def test_a_checkpoint_that_was_written_anew_is_not_the_stamped_one(site, authority, url, tmp_path):
    site.stamp(url, authority.root)
    forged = Site(tmp_path / "other")  # another key over the same records
    result = site.check(authority.root, forged.folder / FILE)
    assert result.exit_code == 1
    assert "the stamp of record 3 is of a checkpoint that is not here" in result.output


def test_a_stamp_of_something_else_is_named(site, authority, url):
    site.stamp(url, authority.root)
    first = (site.folder / STAMPS).read_bytes()
    site.grow()
    site.stamp(url, authority.root)
    second = (site.folder / STAMPS).read_bytes()[len(first) :]
    answer = first.partition(b'"answer"')[2]
    (site.folder / STAMPS).write_bytes(second.partition(b'"answer"')[0] + b'"answer"' + answer)
    result = site.check(authority.root)
    assert result.exit_code == 1
    assert "the stamp of record 4 is no time stamp of this" in result.output


def test_an_authority_that_nobody_vouches_for_is_refused(site, url, tmp_path, capsys):
    stranger = Authority(tmp_path / "stranger").root
    assert (
        main(["audit", "stamp", *map(str, (site.folder, "--tsa", url, "--tsa-ca", stranger))]) == 4
    )
    assert "DG-1240" in capsys.readouterr().err
    assert not (site.folder / STAMPS).exists()


def test_an_answer_to_another_request_is_refused(site, authority, url, capsys):
    site.stamp(url, authority.root)
    (site.folder / STAMPS).unlink()
    old = (authority.folder / "answer").read_bytes()
    authority.say = lambda _: (200, "application/timestamp-reply", old)
    arguments = map(str, ("audit", "stamp", site.folder, "--tsa", url, "--tsa-ca", authority.root))
    assert main(list(arguments)) == 4
    assert "Nonce mismatch" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [
        (503, "text/plain", b"later"),
        (200, "text/html", b"<html>"),
        (200, "application/timestamp-reply", b"0" * 70_000),
        (200, "application/timestamp-reply", b"no DER"),
    ],
    ids=["refused", "a page", "too long", "no DER"],
)
def test_an_authority_that_gives_no_stamp_is_said_to(site, authority, url, capsys, answer):
    authority.say = lambda _: answer
    arguments = map(str, ("audit", "stamp", site.folder, "--tsa", url, "--tsa-ca", authority.root))
    assert main(list(arguments)) == 4
    assert f"{url} DG-124" in capsys.readouterr().err


def test_an_authority_that_is_not_there_is_said_to(site, authority, capsys):
    with authority.serving() as url:
        pass
    arguments = map(str, ("audit", "stamp", site.folder, "--tsa", url, "--tsa-ca", authority.root))
    assert main(list(arguments)) == 4
    assert "DG-1241 cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("text", [b"", b"{}\n", b"[1]\n", b"no json\n"])
def test_a_file_that_holds_no_stamps_is_named_by_line(site, authority, text, capsys):
    (site.folder / STAMPS).write_bytes(text)
    sealed = site.folder / FILE
    arguments = (site.folder / STAMPS, "--checkpoint", sealed, "--tsa-ca", authority.root)
    status = main(["audit", "stamps", *map(str, arguments)])
    said = capsys.readouterr()
    if text:
        assert (status, "stamps.ndjson:1 DG-1321" in said.err) == (70, True)
    else:
        assert (status, said.out) == (0, "stamped  0 checkpoints\n")


def test_without_the_extra_it_says_what_to_install(site, authority, monkeypatch, capsys):
    monkeypatch.setattr(stamping, "find_spec", lambda _: None)
    arguments = (site.folder, "--tsa", "http://127.0.0.1:9/", "--tsa-ca", authority.root)
    assert main(["audit", "stamp", *map(str, arguments)]) == 2
    assert "install dergate[stamps]" in capsys.readouterr().err


def test_files_that_are_not_there_are_named(site, authority, tmp_path, capsys):
    none = tmp_path / "none.pem"
    for root, code in ((none, "DG-1140"), (site.folder / FILE, "DG-1141")):
        arguments = (site.folder, "--tsa", "http://127.0.0.1:9/", "--tsa-ca", root)
        assert main(["audit", "stamp", *map(str, arguments)]) == 2
        assert code in capsys.readouterr().err
    arguments = (tmp_path / "none", "--checkpoint", site.folder / FILE, "--tsa-ca", authority.root)
    assert main(["audit", "stamps", *map(str, arguments)]) == 70
    assert "DG-1320 cannot be read" in capsys.readouterr().err
