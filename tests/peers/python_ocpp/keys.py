"""Tell which keys of the schemas of a version (v201 or v21) the package cannot bring back unharmed."""

import importlib.util
import json
import sys
from pathlib import Path

from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case


def named(schema):
    """Yield every property that a schema names."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from named(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from named(part)


def main():
    package = Path(importlib.util.find_spec("ocpp").submodule_search_locations[0])
    keys = set()
    for path in (package / sys.argv[1] / "schemas").glob("*.json"):
        keys.update(named(json.loads(path.read_text(encoding="utf-8-sig"))))
    broken = [
        key
        for key in sorted(keys)
        if [*snake_to_camel_case(camel_to_snake_case({key: 1}))] != [key]
    ]
    sys.stdout.write(json.dumps({"kind": "keys", "known": len(keys), "broken": broken}) + "\n")


main()
