"""`dergate audit verify`: what it prints and how it ends."""

from contextlib import closing

import pytest
from typer.testing import CliRunner

from gateway.cli.evidence import app
from gateway.store.audit import AuditSegments
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
