"""While another gateway may lead, the runtime decides and keeps, and sends nothing."""

import asyncio

import pytest

from gateway.core.effects import Table
from gateway.core.events import SamplesTaken
from support.engine_bench import pf, the_book
from support.runtime_bench import Site, a_command_now, received, until


class Lead:
    lapsed = True

    def __call__(self):
        return self.lapsed


@pytest.fixture
def lead():
    return Lead()


@pytest.fixture
def site(tmp_path, lead):
    return Site(tmp_path, the_book(), settings={"lapsed": lead})


async def test_what_is_decided_is_durable_and_waits_for_the_lead(site, lead):
    async with site.at_work(*received(a_command_now("M1", pf(), start_s=-60))) as runtime:
        await until(lambda: site.documents(Table.COMMANDS))
        runtime.post(SamplesTaken("CS1", ()))
        await asyncio.sleep(0.12)
        said = site.stations.sent, site.utility.responses, site.utility.reports
        assert said == ([], [], [])
        lead.lapsed = False
        await until(lambda: site.stations.sent and site.utility.responses)


async def test_measurements_and_status_wait_in_the_outbox(site, lead):
    lead.lapsed = False
    async with site.at_work() as runtime:
        await until(lambda: site.utility.reports)
        lead.lapsed = True
        outbox = runtime._outboxes["dso", "CS1"]
        outbox.measure("sample")
        outbox.describe("status")
        await asyncio.sleep(0.12)
        assert "sample" not in site.utility.samples
        assert "status" not in site.utility.reports
        lead.lapsed = False
        await until(lambda: "sample" in site.utility.samples and "status" in site.utility.reports)
