"""`dergate audit verify`: what it prints and how it ends."""

from contextlib import closing

import orjson
import pytest
from typer.testing import CliRunner

from gateway.cli.evidence import app
from gateway.errors import StoreError
from gateway.security.signing import signer_at
from gateway.store.audit import AuditSegments
from gateway.store.checkpoints import FILE, Notary
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore
from gateway.store.verification import verify
from support.store_builders import NOON, a_chain, an_audit


def run(*arguments):
    return CliRunner().invoke(app, ["verify", *[str(item) for item in arguments]])


@pytest.fixture
def folder(tmp_path):
    a_chain(tmp_path / "audit", 3)
    return tmp_path / "audit"


def head_of(folder):
    head = verify(folder).head
    return f"{head.sequence}:{head.digest}"


def cut(folder, keep):
    (path,) = folder.glob("*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[keep]))


def test_a_whole_chain_ends_with_its_head(folder):
    result = run(folder)
    assert result.exit_code == 0
    assert result.output.splitlines()[:3] == [
        "records  3",
        f"head     {head_of(folder)}",
        "whole    every record follows the one before it",
    ]


def test_it_says_what_a_chain_alone_cannot_show(folder):
    assert "--head" in run(folder).output
    assert "--head" not in run(folder, "--head", head_of(folder)).output


def test_a_broken_chain_exits_1_and_names_the_record(folder):
    cut(folder, slice(1, 3))
    result = run(folder)
    assert result.exit_code == 1
    assert "broken   record 1 is missing here: found record 2 (000000000001" in result.output


def test_a_head_noted_elsewhere_shows_a_cut_at_the_end(folder):
    noted = head_of(folder)
    cut(folder, slice(0, 2))
    result = run(folder, "--head", noted)
    assert result.exit_code == 1
    assert "broken   record 3 is missing" in result.output


def test_archived_records_may_be_gone(folder):
    noted = head_of(folder)
    cut(folder, slice(0, 2))
    archived = head_of(folder)
    a_chain(folder.with_name("again"), 3)
    cut(folder.with_name("again"), slice(2, 3))
    result = run(folder.with_name("again"), "--after", archived, "--head", noted)
    assert result.exit_code == 0, result.output


def test_the_database_knows_the_head(tmp_path):
    with closing(SqliteStore(tmp_path / "state.db")) as store:
        store.commit([an_audit()], NOON)
        with closing(AuditSegments(tmp_path / "audit")) as log:
            log.drain(store)
        store.commit([an_audit()], NOON)
    result = run(tmp_path / "audit", "--database", tmp_path / "state.db")
    assert result.exit_code == 1
    assert "broken   record 2 is missing" in result.output


@pytest.mark.parametrize("head", ["", "5", "x:" + "a" * 64, "5:" + "a" * 63, "5:" + "A" * 64])
def test_a_head_of_another_form_is_a_usage_error(folder, head):
    result = run(folder, "--head", head)
    assert result.exit_code == 2
    assert "is no SEQUENCE:HASH" in result.output


def dergate(*arguments):
    return CliRunner().invoke(app, [str(item) for item in arguments])


@pytest.fixture
def sealed(folder, tmp_path):
    """The folder with one checkpoint; returns the file of the public key."""
    signer = signer_at(tmp_path / "audit.key")
    Notary(folder, signer).seal(NOON, final=True)
    (tmp_path / "audit.pub").write_text(signer.public.pem)
    return tmp_path / "audit.pub"


def test_checkpoints_are_counted_and_their_key_is_named(folder, sealed):
    options = ("--checkpoint", folder / FILE)
    result = run(folder, *options, "--pubkey", sealed)
    assert result.exit_code == 0
    assert "sealed   1 checkpoints agree, signed by that key" in result.output
    assert (
        "sealed   1 checkpoints agree, not looked at: no --pubkey" in run(folder, *options).output
    )


def test_a_chain_that_its_checkpoint_does_not_know_exits_1(folder, sealed):
    cut(folder, slice(0, 2))
    result = run(folder, "--checkpoint", folder / FILE, "--pubkey", sealed)
    assert result.exit_code == 1
    assert "broken   record 3 is missing: the chain has to reach record 3" in result.output


def test_a_key_without_checkpoints_is_a_usage_error(folder, sealed):
    assert run(folder, "--pubkey", sealed).exit_code == 2


def test_the_story_of_a_command_is_shown(tmp_path):
    store = MemoryStore()
    store.commit([an_audit("command.scheduled", subject="u/S/M1", note="x")], NOON)
    with closing(AuditSegments(tmp_path / "audit")) as log:
        log.drain(store)
    result = dergate("show", tmp_path / "audit", "M1")
    assert result.exit_code == 0
    assert "gateway  command.scheduled  u/S/M1\n    note      x\n" in result.output
    (record,) = orjson.loads(dergate("show", tmp_path / "audit", "M1", "-o", "json").output)
    assert record["subject"] == "u/S/M1"
    nothing = dergate("show", tmp_path / "audit", "M2")
    assert (nothing.exit_code, "no record is about M2" in nothing.output) == (1, True)


def test_evidence_is_exported(folder, tmp_path):
    result = dergate("export", folder, "-o", tmp_path / "pack.zip", "--from", "2026-12-01")
    assert result.output == f"{tmp_path / 'pack.zip'} holds 1 segments\n"
    assert (tmp_path / "pack.zip").stat().st_size


def test_the_newest_checkpoint_is_an_anchor(folder, sealed):
    assert dergate("anchor", folder).output.encode() == (folder / FILE).read_bytes()
    (folder / FILE).write_text("")
    assert isinstance(dergate("anchor", folder).exception, StoreError)
