"""A gateway at work over PostgreSQL: it waits for the server beside its loop, and goes on by itself."""

import asyncio
from contextlib import closing

import pytest

from gateway.core.effects import Table
from gateway.store.audit import AuditSegments
from gateway.store.postgres import PostgresStore
from gateway.store.postgres_wire import Address
from gateway.store.verification import verify
from support.engine_bench import pf, the_book
from support.postgres import asked
from support.runtime_bench import Site, a_command_now, received, until
from translators.canonical.telemetry import ControlOutcome


class SharedSite(Site):
    """A site whose state is in PostgreSQL."""

    url = ""

    def parts(self):
        self.store = PostgresStore(self.url)
        assert self.store.take(60)
        return self.parts_over(self.store, AuditSegments(self.folder / "audit"))

    def outcomes(self):
        return [response.outcome for response in self.utility.responses]


@pytest.fixture
def site(tmp_path, postgres_url):
    made = SharedSite(tmp_path, the_book())
    made.url = postgres_url
    return made


async def test_a_command_runs_and_its_audit_is_whole(site):
    async with site.at_work(*received(a_command_now("M1", pf(), start_s=-60))):
        await until(lambda: site.stations.sent and site.outcomes(), within_s=60)
    await asyncio.to_thread(_left, site)
    assert verify(site.folder / "audit").fault is None


def _left(site):
    asked(site.url, "UPDATE lease SET until = '-infinity'")
    with closing(PostgresStore(site.url)) as store:
        assert store.take(60)
        assert len(store.load(Table.COMMANDS)) == 1
        assert verify(site.folder / "audit").head == store.commit([], site.clock.now().utc)


async def test_nothing_is_said_while_the_server_refuses_and_it_goes_on_by_itself(site):
    async with site.at_work() as runtime:
        await until(lambda: not runtime.refusal)
        site.store._line._address = Address("postgresql://127.0.0.1:1/none")
        site.store._line._drop()
        for event in received(a_command_now("M1", pf(), start_s=-60)):
            runtime.post(event)
        await until(lambda: "does not answer" in runtime.refusal, within_s=60)
        assert site.outcomes() == []
        site.store._line._address = site.store._address
        await until(lambda: ControlOutcome.RECEIVED in site.outcomes(), within_s=60)
        assert runtime.refusal == ""


async def test_what_is_being_written_when_the_gateway_ends_is_written_to_its_end(site):
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    async with site.at_work() as runtime:
        await until(lambda: not runtime.refusal)
        commit = site.store.commit

        def slow(effects, at):
            loop.call_soon_threadsafe(begun.set)
            head = commit(effects, at)
            written.append(head)
            return head

        written, site.store.commit = [], slow
        for event in received(a_command_now("M1", pf(), start_s=-60)):
            runtime.post(event)
        await begun.wait()
    assert written
