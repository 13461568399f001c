"""What clients of reference VTNs sent, held to the schemas of the simulated one."""

import json
from contextlib import suppress

import pytest

from gateway.simulators.vtn_schema import CRUD_VERBS, HTTP_VERBS, Edition, faults
from gateway.simulators.vtn_world import Kind

OLD, NEW = Edition(new=False, verbs=HTTP_VERBS), Edition(new=True, verbs=CRUD_VERBS)
FOLDERS = {
    "vtn-reference-3.0.1": OLD,
    "vtn-reference-3.1.0-main": NEW,
    "vtn-reference-3.1.0-mqtt": NEW,
}
KINDS = {f"{kind.lower()}s": kind for kind in Kind}
STORED_ALL_THE_SAME = ["intervalPeriod/start: '0001-01-01' is not a 'date-time'"]
# Keeps the schema: names what there is not, or says nothing of its objectType.
REFUSED_FOR_OTHER_REASONS = [
    {"programID": "nope", "eventName": "x", "intervals": []},
    {"venName": "x"},
]


def writes(folder):
    """Yield kind, body and status of each write of a client."""
    for item in json.loads((folder / "index.json").read_text())["exchanges"]:
        named = [part for part in item.get("path", "").split("/") if part in KINDS]
        sent = item["kind"] in ("ven_request", "business_logic_request")
        if sent and named and item.get("request_body"):
            with suppress(ValueError):
                body = json.loads((folder / item["request_body"]).read_text())
                yield KINDS[named[-1]], body, item["status"]


@pytest.mark.parametrize("name", FOLDERS)
def test_what_was_stored_keeps_the_schema_but_for_a_bare_date(captures, name):
    stored = [row for row in writes(captures / "openadr" / name) if row[2] in (200, 201)]
    found = [fault.text for kind, body, _ in stored for fault in faults(kind, body, FOLDERS[name])]
    assert len(stored) > 30
    assert found == STORED_ALL_THE_SAME


@pytest.mark.parametrize("name", FOLDERS)
def test_what_was_refused_breaks_the_schema_or_names_what_there_is_not(captures, name):
    refused = [row for row in writes(captures / "openadr" / name) if row[2] == 400]
    kept = [body for kind, body, _ in refused if not faults(kind, body, FOLDERS[name])]
    assert len(refused) > len(kept) + 2
    for body in kept:
        assert body.get("eventID") == "nope" or body in REFUSED_FOR_OTHER_REASONS
