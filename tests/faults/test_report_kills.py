"""A gateway that is killed between sending a report and keeping that it did files each report once.

A few of the lives; `make report-faults` plays all of them.
"""

import pytest

from support.openadr_kills import KILLS, lives, reports_of

FEW = {
    "3.0": ("reported:8",),
    "3.1": ("reported:2", "reported:9", "responded:2"),
}


@pytest.mark.parametrize("revision", FEW)
async def test_a_killed_gateway_files_each_report_once(tmp_path, revision):
    assert set(KILLS).issuperset(FEW[revision])
    async with lives() as process:
        twin = await reports_of(process, tmp_path / "twin", revision)
        assert (len(twin[0]), twin[1]) == (7, [])
        for failpoint in FEW[revision]:
            place = tmp_path / failpoint.replace(":", "-")
            found = await reports_of(process, place, revision, failpoint)
            assert (failpoint, found) == (failpoint, twin)
