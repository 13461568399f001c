"""A gateway in this process, as `dergate run` has it."""

import asyncio

from gateway import app
from gateway.settings.mode import FOR_REAL


class Service:
    """A gateway in this process."""

    def __init__(self, settings, mode=FOR_REAL):
        self.stop = asyncio.Event()
        self._ready = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            app.serve(settings, self._ready.set_result, self.stop, mode)
        )

    async def running(self):
        """Wait until stations may connect; raise what prevented it."""
        async with asyncio.timeout(30):
            await asyncio.wait([self.task, self._ready], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self._ready.cancel()
            self.task.result()
        return self._ready.result()

    async def end(self):
        self.stop.set()
        async with asyncio.timeout(30):
            await self.task
