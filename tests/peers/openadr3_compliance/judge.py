"""Judges OpenADR 3.1 events by the validators of openadr3-client for GAC 2.2 and NL-Flex 1.0.

Each input line is {"contract": …, "event": …}. The answer holds what the validator finds wrong, or what the
model of the client cannot read. Then comes an `end`.
"""

import json
import sys

from openadr3_client.oadr310.models.event.event import ExistingEvent
from openadr3_client_gac_compliance.gac22.event_gac_compliant import validate_event_gac_compliant
from openadr3_client_nlflex_compliance.nlflex10.event_nlflex_compliant import (
    validate_event_nlflex_compliant,
)
from pydantic import ValidationError

VALIDATORS = {
    "gac_2_2": validate_event_gac_compliant,
    "nl_flex_1_0": validate_event_nlflex_compliant,
}
METADATA = {
    "objectType": "EVENT",
    "createdDateTime": "2027-03-09T09:00:00Z",
    "modificationDateTime": "2027-03-09T09:00:00Z",
}


def judged(contract, event):
    try:
        read = ExistingEvent.model_validate({**METADATA, **event})
    except (ValidationError, TypeError) as error:
        return {"unreadable": str(error).partition("\n")[0] + " " + _first(error)}
    found = VALIDATORS[contract](read) or []
    return {"broken": [str(one["type"]) for one in found]}


def _first(error):
    if not isinstance(error, ValidationError):
        return ""
    first = error.errors()[0]
    return ".".join(map(str, first["loc"])) + ": " + first["msg"]


def main():
    for line in sys.stdin:
        told = {"kind": "event", **judged(**json.loads(line))}
        sys.stdout.write(json.dumps(told) + "\n" + json.dumps({"kind": "end"}) + "\n")
        sys.stdout.flush()


main()
