"""The table of R04: one control is there, another comes; who is told superseded, and who runs when.

A row is worked out by hand. `runs` says who is in force at seconds after the start, `.` is nobody.
"""

from dataclasses import dataclass, field

import pytest

from gateway.simulators.station_controls import MAX_IDS, Controls
from gateway.simulators.station_options import ALL_MODES
from gateway.simulators.station_schema import check_request, check_response
from support.station_messages import BODIES, EPOCH, set_control


@dataclass(frozen=True)
class Row:
    """`old` and `new`: priority, start, length (None: a default); `at` is when the new one comes."""

    words: str
    old: tuple
    new: tuple
    at: float
    answer: list
    runs: dict
    notices: list = field(default_factory=list)


WAITS, RUNS = (5, 10, 20), (5, 0, 20)
START, END = True, False
ROWS = (
    # The old one waits
    Row("better, sooner", WAITS, (1, 5, 10), 2, ["old"], {4: ".", 6: "new", 14: "new", 16: ".", 25: "."},
        [("new", START, ["old"]), ("new", END, [])]),
    Row("better, same time", WAITS, (1, 10, 20), 2, ["old"], {9: ".", 11: "new", 29: "new", 31: "."},
        [("new", START, ["old"]), ("new", END, [])]),
    Row("better, later: at once all the same (FR.06)", WAITS, (1, 15, 5), 2, ["old"],
        {11: ".", 16: "new", 21: "."}, [("new", START, ["old"]), ("new", END, [])]),
    Row("better, no overlap", WAITS, (1, 50, 5), 2, ["old"], {11: ".", 51: "new", 56: "."},
        [("new", START, ["old"]), ("new", END, [])]),
    Row("worse, sooner", WAITS, (9, 5, 30), 2, ["new"], {6: ".", 11: "old", 31: "."},
        [("old", START, []), ("old", END, [])]),
    Row("worse, later", WAITS, (9, 15, 30), 2, ["new"], {11: "old", 29: "old", 31: "."},
        [("old", START, []), ("old", END, [])]),
    Row("equal, sooner", WAITS, (5, 5, 10), 2, [], {6: "new", 14: "new", 16: "old", 29: "old", 31: "."},
        [("new", START, []), ("new", END, []), ("old", START, []), ("old", END, [])]),
    Row("equal, later", WAITS, (5, 15, 30), 2, [], {11: "old", 29: "old", 31: "new", 46: "."},
        [("old", START, []), ("old", END, []), ("new", START, []), ("new", END, [])]),
    # The old one runs
    Row("better, now (FR.03)", RUNS, (1, 5, 10), 5, ["old"], {4: "old", 6: "new", 16: "."},
        [("old", START, []), ("new", START, ["old"]), ("new", END, [])]),
    Row("better, since before", RUNS, (1, 0, 10), 5, ["old"], {4: "old", 6: "new", 11: "."},
        [("old", START, []), ("new", START, ["old"]), ("new", END, [])]),
    Row("better, later (FR.07, FR.21)", RUNS, (1, 10, 30), 5, [],
        {6: "old", 9: "old", 11: "new", 39: "new", 41: "."},
        [("old", START, []), ("new", START, ["old"]), ("new", END, [])]),
    Row("better, after its end", RUNS, (1, 25, 5), 5, [], {6: "old", 19: "old", 21: ".", 26: "new", 31: "."},
        [("old", START, []), ("old", END, []), ("new", START, []), ("new", END, [])]),
    Row("worse, now (FR.08)", RUNS, (9, 5, 60), 5, ["new"], {6: "old", 19: "old", 21: "."},
        [("old", START, []), ("old", END, [])]),
    Row("worse, later", RUNS, (9, 10, 60), 5, ["new"], {11: "old", 21: "."},
        [("old", START, []), ("old", END, [])]),
    Row("equal, now: who runs goes on", RUNS, (5, 5, 30), 5, [], {6: "old", 19: "old", 21: "new", 36: "."},
        [("old", START, []), ("old", END, []), ("new", START, []), ("new", END, [])]),
    Row("equal, gone before it could run", RUNS, (5, 5, 10), 5, [], {6: "old", 16: "old", 21: "."},
        [("old", START, []), ("old", END, [])]),
    # Over, or a default
    Row("the old one is over", (5, 0, 3), (9, 5, 10), 5, [], {1: "old", 4: ".", 6: "new", 16: "."},
        [("old", START, []), ("old", END, []), ("new", START, []), ("new", END, [])]),
    Row("the newcomer is over", RUNS, (1, 0, 3), 5, [], {4: "old", 6: "old", 21: "."},
        [("old", START, []), ("old", END, [])]),
    Row("a scheduled one over a default", (0, None, None), (9, 5, 10), 2, [], {3: "old", 6: "new", 16: "old"},
        [("new", START, []), ("new", END, [])]),
    Row("a default under a scheduled one", RUNS, (0, None, None), 5, [], {6: "old", 21: "new"},
        [("old", START, []), ("old", END, [])]),
    Row("a better default", (5, None, None), (1, None, None), 5, ["old"], {4: "old", 6: "new"}),
    Row("a worse default", (5, None, None), (9, None, None), 5, ["new"], {4: "old", 6: "old"}),
    Row("an equal default", (5, None, None), (5, None, None), 5, [], {4: "old", 6: "old"}),
)  # fmt: skip


class Play:
    """A station whose seconds are counted from EPOCH."""

    def __init__(self):
        self.controls = Controls(ALL_MODES)
        self.now = EPOCH
        self.notices = []

    def until(self, second):
        while self.now < EPOCH + second:
            self.now += 0.5
            for notice in self.controls.advance(self.now):
                check_request("2.1", "NotifyDERStartStop", notice)
                told = notice.get("supersededIds", [])
                self.notices.append((notice["controlId"], notice["started"], told))

    def put(self, name, priority, start, length):
        timed = {} if start is None else {"start": EPOCH + start, "duration": length}
        request = set_control("VoltVar", name, default=start is None, priority=priority, **timed)
        answer = self.controls.set(request, self.now)
        check_response("2.1", "SetDERControl", answer)
        assert answer["status"] == "Accepted"
        self.until(self.now - EPOCH + 0.5)
        return answer.get("supersededIds", [])

    @property
    def runs(self):
        found = self.controls.active.get("VoltVar")
        return "." if found is None else found.id


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words)
def test_the_table(row):
    play = Play()
    play.put("old", *row.old)
    probes = dict(sorted(row.runs.items()))
    seen, answer = {}, None
    for second in sorted({*probes, row.at}):
        play.until(second)
        if second == row.at:
            answer = play.put("new", *row.new)
        if second in probes:
            seen[second] = play.runs
    play.until(100)
    assert answer == row.answer
    assert seen == probes
    assert play.notices == row.notices


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words)
def test_nothing_is_left_of_scheduled_ones_in_the_end(row):
    play = Play()
    play.put("old", *row.old)
    play.until(row.at)
    play.put("new", *row.new)
    play.until(100)
    assert all(item.is_default for item in play.controls.held)


def test_a_chain_of_ever_better_ones_runs_the_best_at_each_time():
    play = Play()
    play.put("c", 5, 0, 60)
    assert play.put("b", 3, 10, 40) == []
    assert play.put("a", 1, 20, 20) == ["b"]  # b waits: at once; c runs: when a starts
    assert [(play.until(second), play.runs)[1] for second in (5, 15, 25, 45)] == [
        "c",
        "c",
        "a",
        ".",
    ]
    assert play.notices[1] == ("a", True, ["b", "c"])


def test_a_superseded_one_supersedes_nobody():
    play = Play()
    play.put("best", 0, 0, 5)
    assert play.put("worse", 5, 0, 50) == ["worse"]
    assert play.put("worst", 9, 10, 20) == ["worst"]
    play.until(11)
    assert play.runs == "."  # worst was below best when it came


def test_an_update_of_a_superseded_one_may_free_it():
    play = Play()
    play.put("best", 1, 0, 20)
    play.put("worse", 5, 0, 60)
    assert play.put("worse", 0, 0, 60) == ["best"]
    assert play.runs == "worse"


def test_an_update_that_ends_sooner_ends_sooner():
    play = Play()
    play.put("old", 5, 0, 60)
    play.until(10)
    assert play.put("old", 5, 0, 12) == []
    play.until(13)
    assert play.notices == [("old", True, []), ("old", False, [])]
    assert play.controls.held == ()


def test_what_runs_is_told_once_more_on_request():
    play = Play()
    play.put("old", 5, 0, 60)
    play.put("base", 5, None, None)
    [notice] = play.controls.started()
    assert (notice["controlId"], notice["started"]) == ("old", True)


# 24 ids


@pytest.mark.parametrize("moment", ["waiting", "running"])
def test_no_answer_and_no_notice_names_more_than_24(moment):
    play = Play()
    for number in range(MAX_IDS + 1):
        play.put(f"w{number}", 5, 40, 20)
    if moment == "running":
        play.put("runs", 5, 0, 60)
    answer = play.put("best", 0, 50, 5)
    assert len(answer) == MAX_IDS
    play.until(51)
    assert len(play.notices[-1][2]) == MAX_IDS
    assert sum(item.superseded for item in play.controls.held) == MAX_IDS + 1 + (
        moment == "running"
    )


def test_no_array_of_a_report_is_longer_than_24():
    controls = Controls(ALL_MODES, part=100)
    for number in range(MAX_IDS + 6):
        controls.set(set_control("FixedVar", f"c{number}"), EPOCH)
    answer, reports = controls.get({"requestId": 1})
    assert answer["status"] == "Accepted"
    for report in reports:
        check_request("2.1", "ReportDERControl", report)
    assert [len(report["fixedVar"]) for report in reports] == [MAX_IDS, 6]


@pytest.mark.parametrize("kind", ALL_MODES)
def test_all_types_are_held_run_and_reported(kind):
    controls = Controls(ALL_MODES)
    assert controls.set(set_control(kind), EPOCH) == {"status": "Accepted"}
    controls.advance(EPOCH)
    assert controls.active[kind].type == kind
    _, [report] = controls.get({"requestId": 1, "controlType": kind})
    check_request("2.1", "ReportDERControl", report)


@pytest.mark.parametrize(
    "kind", [kind for kind in BODIES if kind not in {"EnterService", "Gradients"}]
)
def test_all_but_two_types_may_be_scheduled(kind):
    controls = Controls(ALL_MODES)
    assert controls.set(set_control(kind, default=False), EPOCH)["status"] == "Accepted"


@pytest.mark.parametrize("kind", ["EnterService", "Gradients"])
def test_two_types_may_not(kind):
    controls = Controls(ALL_MODES)
    timed = set_control(kind, default=True)
    timed["isDefault"] = False
    assert controls.set(timed, EPOCH)["status"] == "Rejected"
