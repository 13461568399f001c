"""The kinds of values that site.yaml may have, and the strictness of all its groups."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
)


def number(value: object) -> object:
    """Return whole and decimal numbers as the fraction that they are; leave the rest to be refused."""
    return Fraction(value) if isinstance(value, int | Decimal) and value is not True else value


def seconds(value: object) -> object:
    """Return a decimal as the seconds that it is; leave the rest to be refused."""
    return float(value) if isinstance(value, Decimal) else value


def _path(value: object, info: ValidationInfo) -> object:
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / value if isinstance(value, str) and value else value


def text(value: object) -> object:
    """Take a year for the text that it is."""
    return str(value) if type(value) is int else value


def _database(value: SecretStr) -> SecretStr:
    """Take the address of a PostgreSQL database, as libpq writes it."""
    if re.fullmatch(r"postgres(ql)?://\S+/[^\s/]+", value.get_secret_value()) is None:
        raise ValueError("must be postgresql://USER@HOST/NAME")
    return value


type Exact = Annotated[Fraction, BeforeValidator(number)]
type Rating = Annotated[Fraction, BeforeValidator(number), Field(ge=0)]
type PowerFactor = Annotated[Fraction, BeforeValidator(number), Field(gt=0, le=1)]
type Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0, le=86_400)]
type LongDuration = Annotated[float, BeforeValidator(seconds), Field(gt=0, le=31 * 86_400)]

# No `type` statements: a field takes its description only from an alias that is expanded.
ReturnAfter = Annotated[
    Duration | None,
    Field(description="How long it must be heard again without a gap; else one poll interval."),
]
WhileSilent = Annotated[
    Literal["start", "hold"],
    Field(
        description="Whether its known events begin while it is silent; what runs goes on to its end."
    ),
]
KeepOffset = Annotated[
    LongDuration,
    Field(
        description="How long its clock offset counts unconfirmed; after that no event of it begins."
    ),
]
type SitePath = Annotated[Path, BeforeValidator(_path)]
type Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}$")]
# OCPP-J part 4, 3.1.1: identifierString; a colon would end the user name of Basic authentication.
type StationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9*_=+|@.-]{1,48}$")]
type Network = Annotated[str, Field(pattern=r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$")]
type DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
type Port = Annotated[int, Field(ge=0, le=65_535)]


class Strict(BaseModel):
    """A group of settings that takes no key and no type but its own."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=False
    )


class Bound(Strict):
    """What stands for one station or one site at a utility."""

    station: str = Field(default="", description="Id of the station that it stands for.")
    site: str = Field(
        default="", description="Id of the site that it stands for, in place of a station."
    )

    @property
    def stands_for(self) -> str:
        """Return the id of the station or site."""
        return self.site or self.station


def facts(values: BaseModel) -> dict[str, Any]:
    """Return what was given, by the standard's own names, without what is None."""
    named = {
        info.alias or name: getattr(values, name)
        for name, info in type(values).model_fields.items()
    }
    return {name: value for name, value in named.items() if value is not None}
