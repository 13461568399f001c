"""Reads OpenADR 3 events with the models of openadr3-client.

Each input line is {"edition": "3.0" or "3.1", "event": …}. The answer holds the event as the model has it, or
what the model finds wrong first. Then comes an `end`.
"""

import json
import sys

from openadr3_client.oadr301.models.event.event import ExistingEvent as Event301
from openadr3_client.oadr310.models.event.event import ExistingEvent as Event310
from pydantic import ValidationError

MODELS = {"3.0": Event301, "3.1": Event310}


def read(edition, event):
    try:
        found = MODELS[edition].model_validate(event)
    except ValidationError as error:
        return {"problem": error.errors()[0]["msg"]}
    return {"event": found.model_dump(mode="json", by_alias=True)}


def main():
    for line in sys.stdin:
        told = {"kind": "event", **read(**json.loads(line))}
        sys.stdout.write(json.dumps(told) + "\n" + json.dumps({"kind": "end"}) + "\n")
        sys.stdout.flush()


main()
