"""Which settings a command works by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path, typer.Option("-c", "--config", envvar="DERGATE_CONFIG", help="The settings.")
]
DEFAULT = Path("site.yaml")
