"""openadr3-client reads recorded events: how many it can, and what both of us make of those.

It asks for time zones where the recorded VTNs give none, for whole numbers where curves have points, and for
starts where intervals follow each other.
"""

import json

import pytest

from translators.openadr.wire import event_of, parse

FIGURES = {
    # folder: (edition, events that it can read, different events that were served)
    "vtn-reference-3.0.1": ("3.0", 0, 25),
    "vtn-reference-3.1.0-main": ("3.1", 0, 25),
    "vtn-reference-3.1.0-mqtt": ("3.1", 22, 26),
}


def served(folder):
    """Return the different events of all lists that a VTN served, as texts."""
    found = set()
    for item in json.loads((folder / "index.json").read_text())["exchanges"]:
        lists = item.get("method") == "GET" and item["path"].partition("?")[0].endswith("/events")
        if lists and item["status"] == 200 and item.get("response_body"):
            events = json.loads((folder / item["response_body"]).read_text())
            found |= {json.dumps(event) for event in events if isinstance(event, dict)}
    return sorted(found)


def gist(event):
    """Return what an event says, as far as nobody may read it otherwise."""
    payloads = [
        (
            payload["type"],
            [float(v) if isinstance(v, int | float) else v for v in payload["values"]],
        )
        for interval in event["intervals"] or ()
        for payload in interval["payloads"]
    ]
    return event["id"], event["programID"], event["eventName"], event["priority"], payloads


def ours(text):
    event = event_of(parse(text))
    payloads = [
        (payload.type, [v if isinstance(v, str | bool) else float(v) for v in payload.values])
        for interval in event.intervals
        for payload in interval.payloads
    ]
    return event.id, event.program, event.name, event.priority, payloads


@pytest.mark.parametrize("name", FIGURES)
async def test_it_reads_so_many_and_we_all_and_both_the_same(service, captures, name):
    client = service("openadr3_client", "read.py")
    edition, readable, many = FIGURES[name]
    texts, alike = served(captures / "openadr" / name), 0
    for text in texts:
        (told,) = await client.ask(edition=edition, event=json.loads(text))
        mine = ours(text) if "event" in told else event_of(parse(text))
        if "event" in told:
            assert gist(told["event"]) == mine
            alike += 1
    assert (alike, len(texts)) == (readable, many)
