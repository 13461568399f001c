"""Times how long the models of openadr3 take for the events (3.1) on standard input.

The argument says how many rounds; the answer holds the least CPU milliseconds for all of them.
"""

import json
import sys
import time

from openadr3.entities import coerce


def main():
    text, spent = sys.stdin.buffer.read(), []
    for _ in range(int(sys.argv[1])):
        begin = time.process_time_ns()
        events = [coerce(event) for event in json.loads(text)]
        spent.append((time.process_time_ns() - begin) / 1e6)
    if {type(event).__name__ for event in events} != {"Event"}:
        raise SystemExit("not every event was read")
    sys.stdout.write(json.dumps({"cpu_ms": min(spent), "events": len(events)}))


main()
