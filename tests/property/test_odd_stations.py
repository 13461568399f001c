"""Whatever a station says in messages of sound form, it gets one answer, and the engine outlives it."""

import asyncio
import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.events import StationConnected
from gateway.stations.answering import _HANDLERS
from support.engine_bench import Bench, a_command, an_engine, the_book
from support.schema_instances import resolved, schema_files
from support.stations import a_session, announce

VERSIONS = ("2.1", "2.0.1")
NUMBERS = [0, -1, 1, 0.1, 7, 5e-324, 10**18, 2**63, 1e15, 1e99, 1e308, -1e308]
WHOLE = [0, 1, 1.0, 2, 7, -1, 2**31, 2**63, 2**70, 1e22]
INSTANTS = [
    "2026-12-01T12:00:00Z",
    "2026-12-01T12:00:00.123456789+01:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2016-12-31T23:59:60Z",
]
TEXTS = ["", "x", "0", "-5", "1e99", "1e308", "false", "T1", "CS1", "EVSE", "Power", "MaxW", "VNom"]
TEXTS += ["DCDERCtrlr", "ModesSupported", "AvailabilityState", "Faulted", "Occupied", "Available"]
RATINGS = [(1, "DCDERCtrlr", "ModesSupported", "VoltVar"), (1, "DCDERCtrlr", "MaxW", "9000")]
HEARD = sorted({*_HANDLERS, "MeterValues", "TransactionEvent"} - {"BootNotification"})
ACTIONS = {
    version: [name for name in HEARD if f"{name}Request" in schema_files(version)]
    for version in VERSIONS
}


def an_instance(draw, schema, root):
    """Return an instance of a schema with some of its properties, and numbers that nobody expects."""
    schema = resolved(schema, root)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            given, needed = schema.get("properties", {}), schema.get("required", ())
            return {
                name: an_instance(draw, part, root)
                for name, part in given.items()
                if name in needed or (name != "customData" and draw.random() < 0.4)
            }
        case "array":
            count = max(draw.choice((1, 1, 2)), schema.get("minItems", 0))
            return [an_instance(draw, schema["items"], root) for _ in range(count)]
        case "integer":
            return draw.choice(WHOLE)
        case "number":
            return draw.choice(NUMBERS)
        case "boolean":
            return draw.choice((False, True))
        case "string" if schema.get("format") == "date-time":
            return draw.choice(INSTANTS)
        case _:
            return draw.choice(TEXTS)[: schema.get("maxLength", 99)]


async def hears(version, draw):
    """Let a station say a dozen things; each is answered once, and the engine hears what comes of it."""
    bench = Bench(an_engine(the_book()))
    bench.connect()
    bench.command(a_command())
    bench.reply()
    bench.at(10)
    async with a_session(version) as (station, session, posted):
        await announce(station, posted, RATINGS)
        bench.hear(posted.of(StationConnected)[0])
        heard = len(posted.events)
        for number in range(12):
            action = draw.choice(ACTIONS[version])
            schema = schema_files(version)[f"{action}Request"]
            before = len(station.sent)
            text = json.dumps([2, f"m{number}", action, an_instance(draw, schema, schema)])
            session.take(text.encode())
            said = [frame for frame in station.sent[before:] if frame[0] in {3, 4}]
            assert [frame[1] for frame in said] == [f"m{number}"]
            bench.now += timedelta(seconds=1)
            for event in posted.events[heard:]:
                bench.hear(event)
            heard = len(posted.events)


@given(st.sampled_from(VERSIONS), st.randoms(use_true_random=False))
def test_sound_messages_with_odd_numbers_end_in_one_answer_each(version, draw):
    asyncio.run(hears(version, draw))
