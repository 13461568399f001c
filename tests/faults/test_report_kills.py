"""A gateway that is killed between sending a report and keeping that it did files each report once.

A few of the lives; `make report-faults` plays all of them.
"""

from support.openadr_kills import KILLS, lives, reports_of

FEW = {"3.0": ("reported:8",), "3.1": ("reported:2", "reported:9", "responded:2")}


async def test_a_killed_gateway_files_each_report_once(tmp_path):
    async with lives() as process:
        for revision, failpoints in FEW.items():
            assert set(KILLS).issuperset(failpoints)
            twin = await reports_of(process, tmp_path / revision, revision)
            assert (len(twin[0]), twin[1]) == (7, [])
            for failpoint in failpoints:
                place = tmp_path / f"{revision}-{failpoint.replace(':', '-')}"
                found = await reports_of(process, place, revision, failpoint)
                assert (failpoint, found) == (failpoint, twin)
