"""While the disk is full, locked, read-only or slow, nothing is said that is not durable."""

import random

from gateway.core.effects import RespondToUtility, SendToStation
from support.disks import KINDS, Judge, played
from support.engine_bench import the_book
from support.runtime_bench import Site
from support.store_builders import NOON
from translators.canonical.telemetry import ControlOutcome

COUNT = 24


async def test_nothing_is_acknowledged_or_sent_without_a_durable_row(tmp_path):
    draws = random.Random(2026)  # noqa: S311 - to be drawn again
    result = await played(tmp_path, the_book(), COUNT, draws)
    assert result.early == []
    assert result.commands == COUNT
    assert result.judged >= COUNT
    assert min(result.struck[kind] for kind in KINDS) >= 1


async def test_what_is_said_without_a_durable_row_is_found(tmp_path):
    site = Site(tmp_path, the_book())
    judge = Judge(tmp_path / "state.db")
    answer = RespondToUtility(
        "r1", "dso", "CS1", "M1", ControlOutcome.RECEIVED, NOON, "/rsp", "2018"
    )
    async with site.at_work():
        judge("send", SendToStation("CS1", "r1", "SetDERControl", {"controlId": "c1"}))
        judge("respond", answer)
        judge("send", SendToStation("CS1", "r2", "GetDERControl", {}))
    assert (len(judge.early), judge.seen) == (2, 2)
