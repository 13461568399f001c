"""Environments of peers: made once, remade when their lock changes, refused when tampered with."""

import pytest
from peers import prepare as preparing
from peers.prepare import (
    Peer,
    PeerCorruptError,
    PeerUnavailableError,
    main,
    peer,
    peers,
    prepare,
)

WRONG_HASH = "idna==3.20 \\\n    --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def a_peer(tmp_path):
    """Return a peer whose lock has this text."""

    def made(lock="", name="requirements.lock"):
        folder = tmp_path / "peer"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(lock)
        return Peer(folder, tmp_path / "environments" / "peer")

    return made


def test_every_peer_pins_each_package_by_version_and_hash():
    assert [it.name for it in peers()] == [
        "envoy_schema",
        "ocpp_rpc",
        "ocpp_ws_io",
        "openadr3",
        "openadr3_client",
        "openadr3_compliance",
        "opender",
        "py20305",
        "python_ocpp",
        "typed_ocpp",
    ]
    for each in peers():
        text = each.lock.read_text()
        assert "http:" not in text
        packages = text.count('"node_modules/' if each.is_node else "==")
        assert packages >= 5, each.name
        hashes = text.count('"integrity"' if each.is_node else "--hash=sha256:")
        assert hashes >= packages, each.name


def test_a_prepared_peer_stands_without_any_installer(a_peer, monkeypatch):
    wanted = a_peer()
    assert prepare(wanted) is True
    monkeypatch.setattr(preparing.sys, "executable", "/nonexistent")
    assert prepare(wanted) is False


def test_another_lock_makes_the_environment_anew(a_peer):
    prepare(a_peer())
    wanted = a_peer("# nothing, said in other words\n")
    left_over = wanted.environment / "left-over"
    left_over.touch()
    assert prepare(wanted) is True
    assert not left_over.exists()


def test_an_interrupted_preparation_is_begun_again(a_peer):
    wanted = a_peer()
    (wanted.environment / "bin").mkdir(parents=True)
    assert prepare(wanted) is True
    assert prepare(wanted) is False


def test_a_package_with_another_hash_is_no_reason_to_skip(a_peer, prepared):
    prepared("py20305")  # where the network is there
    with pytest.raises(PeerCorruptError, match="idna"):
        prepare(a_peer(WRONG_HASH))


def test_a_node_peer_without_node_is_unavailable(a_peer, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PeerUnavailableError, match="node is not installed"):
        prepare(a_peer("{}", "package-lock.json"))


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_what_is_absent_skips_its_tests_but_fails_them_in_ci(prepared, monkeypatch, ci, outcome):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="ocpp_rpc cannot be had here: node is not installed"):
        prepared("ocpp_rpc")


def test_an_installer_that_fails_says_why(a_peer):
    with pytest.raises(PeerUnavailableError, match="Invalid requirement"):
        prepare(a_peer("two words --hash=sha256:" + "0" * 64))


def test_the_command_prepares_what_is_named_and_counts_failures(a_peer, monkeypatch, capsys):
    wanted = a_peer()
    monkeypatch.setattr(preparing, "HERE", wanted.folder.parent)
    monkeypatch.setattr(preparing, "HOME", wanted.environment.parent)
    assert main([]) == 0
    assert main(["peer"]) == 0
    assert capsys.readouterr().out == "peer: made\npeer: stands\n"
    a_peer("two words")
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("peer: ")


def test_a_peer_lies_outside_the_sources():
    assert peer("py20305").environment.parent.name == ".venv-peers"
