"""What a folder of mapping rules says of itself: its authors, the engine it needs, the schemas it read."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from translators.errors import MappingError
from translators.rules.schema import Metadata

_DIGEST = r"^[0-9a-f]{64}$"
_NUMBERS = re.compile(r"\d+")


class Pack(BaseModel):
    """`pack.yaml`: one for a folder. `schemas` are SHA-256 digests by edition of a protocol."""

    model_config = Metadata.model_config

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["Pack"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9_.]+$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    engine: Annotated[str, Field(pattern=r"^>=\d+\.\d+\.\d+$")]
    schemas: dict[str, Annotated[str, Field(pattern=_DIGEST)]]
    authors: Annotated[list[str], Field(min_length=1)]

    @property
    def name(self) -> str:
        """Return `id@version`."""
        return f"{self.id}@{self.version}"


def check_engine(pack: Pack, version: str) -> None:
    """Refuse a pack that needs a newer engine than `version`."""
    if _numbers(version) < _numbers(pack.engine):
        problem = f"needs an engine {pack.engine}, this is {version}"
        raise MappingError(problem, where=pack.name, rule="engine")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _NUMBERS.findall(version)[:3])
