"""The files of the input log: what is in them, what a crash or a full disk leaves, how long they stay."""

import errno
import os
from datetime import timedelta

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.core.effects import Audit, Table
from gateway.core.events import Now, SamplesTaken, StationDisconnected, StationReplied, Tick
from gateway.errors import StoreError
from gateway.settings.mappings import mapping_files
from gateway.store import inputs
from gateway.store.inputs import InputSegments, rule_texts, runs
from support.engine_bench import NOON, the_book
from support.recorded import KEEP, a_setup
from translators.canonical.telemetry import Sample
from translators.units import Kind

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "inputs"


@pytest.fixture
def log(folder):
    opened = a_log(folder)
    yield opened
    opened.close()


def a_log(folder, keep=KEEP):
    return InputSegments(folder, a_setup(), keep)


def now(later=timedelta(), **offsets):
    return Now(
        NOON + later, later.total_seconds(), {u: timedelta(seconds=s) for u, s in offsets.items()}
    )


def begin(log, at=timedelta(), kept=None):
    log.begin(kept or {}, now(at), [])


def hear(log, event, later=timedelta(), effects=(), **offsets):
    log.hear(event, now(later, **offsets))
    log.decided(effects)
    log.write()


def heard(folder):
    (run,) = runs(folder)
    return list(run.inputs(lambda _digest: the_book()))


def parts(folder):
    return sorted(path.name for path in folder.glob("*.jsonl"))


def lines(folder):
    return [
        orjson.loads(line)
        for name in parts(folder)
        for line in (folder / name).read_bytes().splitlines()
    ]


def test_a_run_tells_what_it_began_with_and_what_it_heard(folder, log):
    log.begin({Table.SITE: {"hold": {"reason": "x"}}}, now(dso=1), [Audit("k", "a", "s")])
    hear(log, StationDisconnected("CS1"), DAY / 24, [Audit("k", "a", "s")], dso=1)
    (run,) = runs(folder)
    beginning = run.beginning()
    assert beginning.setup == a_setup()
    assert beginning.kept[Table.SITE] == {"hold": {"reason": "x"}}
    assert beginning.now == now(dso=1)
    (item,) = heard(folder)
    assert (item.number, item.event, item.now) == (
        1,
        StationDisconnected("CS1"),
        now(DAY / 24, dso=1),
    )
    assert len(item.effects) == len(beginning.effects) == 32


def test_offsets_are_told_where_they_change(folder, log):
    begin(log)
    for seconds in (1, 1, 2):
        hear(log, Tick(), dso=seconds)
    assert [len(line["now"]) for line in lines(folder) if "event" in line] == [3, 2, 3]
    assert [item.now.offsets["dso"].seconds for item in heard(folder)] == [1, 1, 2]


def test_what_was_written_is_there_before_the_log_is_closed(folder, log):
    begin(log)
    hear(log, Tick())
    assert len(heard(folder)) == 1


def test_each_day_has_a_part_of_its_own(folder, log):
    begin(log)
    hear(log, Tick(), dso=1)
    hear(log, Tick(), DAY, dso=1)
    hear(log, Tick(), DAY, dso=1)
    assert parts(folder) == ["20261201T120000000000-0001.jsonl", "20261201T120000000000-0002.jsonl"]
    assert [item.now.utc.day for item in heard(folder)] == [1, 2, 2]
    assert all(item.now.offsets for item in heard(folder))
    (run,) = runs(folder / parts(folder)[1])
    assert len(run.parts) == 2


def test_a_line_that_a_crash_cut_off_is_passed_over(folder, log):
    begin(log)
    hear(log, Tick())
    hear(log, Tick())
    log.close()
    part = folder / parts(folder)[0]
    part.write_bytes(part.read_bytes()[:-5])
    assert len(heard(folder)) == 1


def test_a_beginning_that_a_crash_cut_off_says_so(folder, log):
    begin(log, kept={Table.SITE: {"a": {}}})
    log.close()
    part = folder / parts(folder)[0]
    whole = part.read_bytes().splitlines(keepends=True)
    for left, problem in (
        (whole[:2], "is not whole"),
        (whole[1:], "is not there"),
        ([], "is not there"),
    ):
        part.write_bytes(b"".join(left))
        (run,) = runs(folder)
        with pytest.raises(StoreError, match=f"DG-1340 its beginning {problem}"):
            run.beginning()


def test_a_log_of_a_newer_form_is_refused(folder, log, monkeypatch):
    monkeypatch.setattr(inputs, "FORM", 2)
    begin(log)
    monkeypatch.undo()
    (run,) = runs(folder)
    with pytest.raises(StoreError, match="DG-1341 has form 2, this dergate knows up to 1"):
        run.beginning()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda found: found.pop(-2), "DG-1342 event 3 follows event 1"),
        (lambda found: found.__setitem__(-2, b"{\n"), ":4 DG-1343 is no JSON"),
        (lambda found: found.__setitem__(-2, found[-2].replace(b"Tick", b"Tack")), "is no event"),
        (lambda found: found.__setitem__(-2, found[-2].replace(b"2026-", b"year ")), "is no event"),
    ],
)
def test_what_is_missing_or_broken_is_named_with_its_place(folder, log, change, problem):
    begin(log)
    for _ in range(3):
        hear(log, Tick())
    log.close()
    part = folder / parts(folder)[0]
    found = part.read_bytes().splitlines(keepends=True)
    change(found)
    part.write_bytes(b"".join(found))
    with pytest.raises(StoreError, match=problem):
        heard(folder)


def refusing(monkeypatch, times):
    """Let the disk refuse so often, then write half of what it is given, then all."""
    left, write = [times], os.write

    def refuse(file, data):
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        if left[0] == 0:
            left[0] = -1
            return write(file, data[: len(data) // 2])
        return write(file, data)

    monkeypatch.setattr(os, "write", refuse)


def test_what_a_full_disk_refuses_waits_and_nothing_is_lost(folder, log, monkeypatch):
    begin(log)
    refusing(monkeypatch, 2)
    with capture_logs() as logs:
        for later in (timedelta(), DAY, DAY, DAY, DAY):
            hear(log, Tick(), later)
    log.close()
    assert [entry["event"] for entry in logs] == ["inputs.refused"]
    assert len(heard(folder)) == 5


def test_a_disk_that_refuses_for_too_long_ends_the_log_of_the_run(folder, log, monkeypatch):
    begin(log)
    hear(log, Tick())
    monkeypatch.setattr(inputs, "MOST_WAITING", 200)
    refusing(monkeypatch, 100)
    with capture_logs() as logs:
        for _ in range(9):
            hear(log, Tick())
    assert [entry["event"] for entry in logs] == ["inputs.refused", "inputs.ended"]
    assert len(heard(folder)) == 1


def test_a_folder_that_cannot_be_made_ends_nothing_but_the_log(tmp_path):
    (tmp_path / "file").write_text("")
    log = a_log(tmp_path / "file" / "inputs")
    with capture_logs() as logs:
        log.keep_rules(mapping_files())
        begin(log)
        hear(log, Tick())
    assert {entry["event"] for entry in logs} == {"inputs.refused"}


def test_an_event_that_cannot_be_written_ends_the_log_with_all_before_it_whole(folder, log):
    begin(log)
    hear(log, Tick())
    with capture_logs() as logs:
        for value in (2**70, 1):
            hear(log, StationReplied("CS1", "r", "Accepted", "", {"n": value}))
    assert [entry["event"] for entry in logs] == ["inputs.ended"]
    assert len(heard(folder)) == 1


def test_an_event_over_which_the_gateway_ended_is_there_without_what_was_decided(folder, log):
    begin(log)
    log.hear(Tick(), now())
    log.hear(SamplesTaken("CS1", (Sample("CS1", 1, Kind.POWER, 1, NOON),)), now())
    log.close()
    assert [item.effects for item in heard(folder)] == [None, None]


def test_runs_that_ended_long_enough_ago_are_removed(folder):
    for days in (0, 20, 40):
        log = a_log(folder)
        begin(log, days * DAY)
        hear(log, Tick(), days * DAY + DAY)
        log.close()
        ended = (NOON + days * DAY).timestamp()
        for part in runs(folder)[-1].parts:
            os.utime(part, (ended, ended))
    assert [run.name[:8] for run in runs(folder)] == ["20261221", "20270110"]


def test_rules_are_kept_once_and_are_what_their_name_says(folder, log):
    texts, digest = mapping_files(), the_book().digest
    log.keep_rules(texts)
    log.keep_rules(texts)
    assert rule_texts(folder, digest) == texts
    (path,) = folder.glob("rules-*.json")
    path.write_bytes(orjson.dumps(texts | {"more.yaml": ""}))
    with pytest.raises(StoreError, match="DG-1344 is not what its name says"):
        rule_texts(folder, digest)
    with pytest.raises(StoreError, match="DG-1344 cannot be read"):
        rule_texts(folder, "0" * 64)


def test_a_log_that_has_not_begun_writes_nothing(folder, log):
    log.write()
    assert not folder.exists()
