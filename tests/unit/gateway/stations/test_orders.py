"""Orders of an operator: files that only the owner can have written, taken once, answered once."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import SettingsError
from gateway.stations.errands import (
    KINDS,
    ChangePassword,
    InstallRoot,
    Move,
    Outcome,
    Renew,
    from_document,
    to_document,
)
from gateway.stations.orders import Orders

ALL = [
    Renew("CS1"),
    InstallRoot("CS1", "PEM"),
    KINDS["delete-root"]("CS1", "ab"),
    KINDS["list-roots"]("CS1"),
    Move("CS1", 3, "wss://x/ocpp"),
    ChangePassword("CS1"),
    KINDS["forget"]("CS1"),
]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "orders"


@pytest.fixture
def orders(folder):
    return Orders(folder)


def test_every_kind_of_errand_is_written_and_read_back():
    assert {type(errand) for errand in ALL} == set(KINDS.values())
    assert [from_document(json.loads(json.dumps(to_document(errand)))) for errand in ALL] == ALL


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "an errand is one of"),
        ({"errand": "dance", "station": "CS1"}, "an errand is one of"),
        ({"errand": "renew"}, "Renew needs station"),
        ({"errand": "renew", "station": 1}, "Renew takes station"),
        ({"errand": "renew", "station": "CS1", "mood": "good"}, "Renew takes station"),
        ({"errand": "move", "station": "CS1", "profile": True, "url": "x"}, "Move takes"),
    ],
)
def test_what_is_no_errand_is_refused(document, words):
    with pytest.raises(SettingsError, match=words):
        from_document(document)


def test_an_order_is_taken_once(orders):
    name = orders.place(Renew("CS1"))
    assert orders.take() == [(name, Renew("CS1"))]
    assert orders.take() == []


def test_the_oldest_comes_first(orders, folder):
    names = [orders.place(Renew(f"CS{number}")) for number in range(3)]
    for age, name in zip((1, 3, 2), names, strict=True):
        os.utime(folder / f"{name}.order", (1_000_000 - age, 1_000_000 - age))
    assert [errand.station for _, errand in orders.take()] == ["CS1", "CS2", "CS0"]


def test_an_order_that_was_taken_and_not_begun_is_left_for_the_next(orders, folder):
    names = [orders.place(Renew(f"CS{number}")) for number in range(4)]
    for age, name in enumerate(names):
        os.utime(folder / f"{name}.order", (1_000_000 - age, 1_000_000 - age))
    orders.take()
    assert orders.begin(names[0])
    orders.report(names[1], Outcome(done=False, words="nobody"))
    assert Orders(folder).left() == [(names[3], Renew("CS3")), (names[2], Renew("CS2"))]
    assert Orders(folder).take() == []


def test_an_order_begins_once(orders):
    name = orders.place(Renew("CS1"))
    orders.take()
    assert [orders.begin(name), orders.begin(name)] == [True, False]
    assert orders.left() == []


def test_what_is_left_is_judged_as_what_is_new(orders, folder):
    lay(folder, json.dumps(to_document(Renew("CS1"))), 0o666).rename(folder / "foreign.taken")
    assert orders.left() == []
    assert "others than this user" in orders.outcome("foreign").words
    assert list(folder.iterdir()) == []


def test_an_outcome_is_read_once(orders):
    name = orders.place(Renew("CS1"))
    assert orders.outcome(name) is None
    orders.report(name, Outcome(done=True, words="well"))
    assert orders.outcome(name) == Outcome(done=True, words="well")
    assert orders.outcome(name) is None


def test_an_order_can_be_withdrawn_until_it_is_taken(orders):
    first, second = orders.place(Renew("CS1")), orders.place(Renew("CS2"))
    assert orders.withdraw(first)
    assert [name for name, _ in orders.take()] == [second]
    assert not orders.withdraw(second)


def test_without_a_folder_there_are_no_orders(orders):
    assert orders.take() == []


def test_orders_are_for_their_owner_alone(orders, folder):
    orders.place(Renew("CS1"))
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def lay(folder, text, mode=0o600):
    folder.mkdir(exist_ok=True)
    path = folder / "foreign.order"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_order_that_others_may_have_written_is_refused(orders, folder, mode):
    lay(folder, json.dumps(to_document(Renew("CS1"))), mode)
    assert orders.take() == []
    assert "others than this user" in orders.outcome("foreign").words
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"errand": "dance"}', "{" + " " * 70_000])
def test_a_file_that_holds_no_order_is_refused_and_removed(orders, folder, text):
    lay(folder, text)
    assert orders.take() == []
    assert not orders.outcome("foreign").done
    assert list(folder.iterdir()) == []


def test_a_link_is_not_followed(orders, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps(to_document(Renew("CS1"))))
    folder.mkdir()
    (folder / "foreign.order").symlink_to(elsewhere)
    assert orders.take() == []
    assert elsewhere.exists()


def test_an_order_that_cannot_be_removed_is_not_carried_out(orders, folder):
    (folder / "foreign.order").mkdir(parents=True)
    assert orders.take() == []


def test_a_folder_that_is_none_is_no_reason_to_stop(folder):
    folder.write_text("")
    assert Orders(folder).take() == []
    Orders(folder).report("x", Outcome(done=True, words=""))


def test_an_outcome_that_nobody_reads_is_forgotten_in_time(orders, folder):
    folder.mkdir()
    orders.report("old", Outcome(done=True, words=""))
    orders.report("new", Outcome(done=True, words=""))
    now = datetime.now(UTC)
    aged = (now - timedelta(days=8)).timestamp()
    os.utime(folder / "old.outcome", (aged, aged))
    name = orders.place(Renew("CS1"))
    os.utime(folder / f"{name}.order", (aged, aged))
    orders.prune(now - timedelta(days=7))
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["new.outcome", f"{name}.order"]
    )


def test_where_there_is_no_folder_nothing_is_forgotten(orders):
    orders.prune(datetime.now(UTC))


def test_an_outcome_that_is_read_meanwhile_is_no_fault(orders, folder, monkeypatch):
    folder.mkdir()
    orders.report("old", Outcome(done=True, words=""))
    found = orders._waiting(".outcome")
    monkeypatch.setattr(orders, "_waiting", lambda _state: found)
    orders.outcome("old")
    orders.prune(datetime.now(UTC) + timedelta(days=1))
    assert list(folder.iterdir()) == []
