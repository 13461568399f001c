"""What a station says of its transactions and meters, and a metering block that hears it."""

from gateway.core.events import TransactionsChanged
from gateway.stations.blocks.metering import Metering
from gateway.stations.context import Context
from support.stations import NOON, Posted, an_entry

AT = "2026-12-01T12:00:00Z"
EVSE = {"id": 1}


def a_context(version="2.1"):
    async def nobody_calls(action, payload, priority):
        raise AssertionError(action)

    return Context(an_entry(), version, Posted(), nobody_calls, lambda: NOON)


def a_value(watts=5000, **changes):
    value = {"value": watts, "measurand": "Power.Active.Import"} | changes
    return {"timestamp": AT, "sampledValue": [value]}


def an_event(kind="Started", number="T1", **changes):
    return {
        "eventType": kind,
        "timestamp": AT,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": number},
    } | changes


class Meter:
    """A metering block and what it posted."""

    def __init__(self):
        self.block, self.context = Metering(), a_context()

    def hear(self, *args, **changes):
        return self.block.transaction_event(self.context, an_event(*args, **changes))

    @property
    def running(self):
        """The transactions that the engine was told last, as (EVSE, id)."""
        told = self.context.post.of(TransactionsChanged)
        return [(t.evse_id, t.transaction_id) for t in told[-1].transactions] if told else None
