"""The simulated utility as a service: a script is played while clients come and go."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from gateway.simulators.utility_2030_5 import load_script, serve
from gateway.simulators.utility_2030_5_xml import parse

SCRIPT = """
page_size: 5
programs: [{id: feeder, primacy: 1}]
devices: [{certificate: mine.pem, programs: [feeder]}]
steps:
  - {at_s: 0.2, fault: {kind: status, path: /tm, with: {code: 500}}}
  - {at_s: 0.0, add: {id: a, program: feeder, duration_s: 60, parts: {max_lim_w: 50}}}
"""


class Lines:
    """What was announced; `next_with` waits for a line."""

    def __init__(self):
        self.all = []
        self._more = asyncio.Event()

    def __call__(self, line):
        self.all.append(line)
        self._more.set()

    async def next_with(self, words):
        async with asyncio.timeout(10):
            while True:
                for line in self.all:
                    if words in line:
                        return line
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def serving(files, folder):
    lines = Lines()
    script = load_script(SCRIPT, folder)
    service = asyncio.create_task(
        serve(script, files, lines, address=("127.0.0.1", 0), folder=folder)
    )
    try:
        url = (await lines.next_with("serving")).removeprefix("serving ")
        yield SimpleNamespace(url=url), lines
    finally:
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)


async def test_a_script_is_played_in_the_order_of_its_times(files, mine, connect):
    async with serving(files, mine.certificate_path.parent) as (utility, lines):
        await lines.next_with("step at 0.2 s")
        steps = [line for line in lines.all if line.startswith("step")]
        assert [line.split(":")[0] for line in steps] == ["step at 0.0 s", "step at 0.2 s"]
        async with connect(utility, mine) as client:
            page = parse((await client.get("/derp/1/derc")).content)
            assert page.at("DERControl/DERControlBase/opModMaxLimW") == "5000"
            assert (await client.get("/tm")).status_code == 500


async def test_posts_and_refusals_are_announced_and_plain_reads_are_not(files, mine, connect):
    async with (
        serving(files, mine.certificate_path.parent) as (utility, lines),
        connect(utility, mine) as client,
    ):
        await client.get("/dcap")
        await client.get("/nothing")
        await client.post("/rsp", "<a/>")
        line = await lines.next_with("POST /rsp 400")
        assert line.startswith(mine.lfdi[:8])
        assert await lines.next_with("GET /nothing 404 nothing lies here")
        assert not any("/dcap 200" in item for item in lines.all)
