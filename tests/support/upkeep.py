"""The upkeep of a few stations at work, stations that answer as they were told to, and what is waited for."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from gateway.core.events import SecurityNoticed
from gateway.security import pki
from gateway.security.issuing import KeyAuthority
from gateway.security.vault import Vault
from gateway.stations.context import Connected, Context
from gateway.stations.orders import Orders
from gateway.stations.session import Clocks
from gateway.stations.upkeep import Means, Pace, Upkeep, Ward
from support.errands import ACCEPTED, Answers, setting, variables
from support.requests import OPERATOR, a_request
from support.runtime_bench import until
from support.stations import NOON, PATIENCE_S, Posted, a_weak_verifier, an_entry

OLD = a_weak_verifier()
URL = "wss://gateway.example/ocpp"
SWIFT = Pace(interval_s=0.01, sweep_s=0.0, retry_s=3600, request_s=5)


class Bench:
    """The upkeep of a few stations, which are here as long as they are in `here`."""

    def __init__(self, folder, *, pace=SWIFT, authority=True, **wards):
        self.posted, self.here, self.used = Posted(), {}, []
        self.vault, self.orders = Vault(folder / "vault"), Orders(folder / "orders")
        self.monotonic = 0.0
        made = None
        if authority:
            root = pki.create_endpoint_authority(folder / "ca")
            made = KeyAuthority(root.certificate_path, root.key_path, 90)
        means = Means(
            self.vault,
            self.orders,
            self.here.get,
            self.posted,
            Clocks(lambda: NOON, lambda: self.monotonic),
            authority=made,
            operator=OPERATOR,
            url=URL,
            pace=pace,
        )
        self.upkeep = Upkeep({"CS1": Ward(OLD), **wards}, means)
        self.upkeep.use = lambda station, verifier: self.used.append((station, verifier))

    def comes(self, name="CS1", version="2.1", *, profile=2, **answers):
        """Let a station be here, by a security profile."""
        call = Answers(version, **answers)
        self.here[name] = Connected(version, call)
        self.upkeep.past.profiles[name] = profile
        return call

    def asks(self, name="CS1"):
        """Let a station ask for a certificate."""
        context = Context(an_entry(name), "2.1", None, None, lambda: NOON)
        csr = a_request(f"O={OPERATOR}", f"CN={name}")
        return self.upkeep.handlers()["SignCertificate"](context, {"csr": csr})

    def triggered(self, name="CS1"):
        """Return an answer to a trigger after which the station asks."""

        def answer(_payload):
            asyncio.get_running_loop().call_soon(self.asks, name)
            return ACCEPTED

        return answer

    async def until(self, wanted):
        """Wait until something is so; return what it is."""
        return await until(wanted, within_s=PATIENCE_S)

    async def outcome(self, name):
        return await self.until(lambda: self.orders.outcome(name))

    async def ordered(self, errand):
        return await self.outcome(self.orders.place(errand))

    async def rounds(self, seconds=0.05):
        """Let it look around some times, where nothing is to come of it."""
        await asyncio.sleep(seconds)

    @property
    def kinds(self):
        return [event.kind for event in self.posted.of(SecurityNoticed)]


@asynccontextmanager
async def at_work(folder, **options):
    bench = Bench(folder, **options)
    running = asyncio.create_task(bench.upkeep.run())
    try:
        yield bench
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def movable(profile="2", **changes):
    answers = {
        "GetVariables": [variables(NetworkConfigurationPriority="1", SecurityProfile=profile)],
        "SetNetworkProfile": [ACCEPTED],
        "SetVariables": [setting()],
        "Reset": [ACCEPTED],
        "CertificateSigned": [ACCEPTED],
    }
    return answers | changes


def ends_in(bench, days, name="CS1"):
    end = NOON + timedelta(days=days)
    bench.vault.keep(name, certificate_begin=NOON.isoformat(), certificate_end=end.isoformat())
