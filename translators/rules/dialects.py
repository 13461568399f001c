"""Dialect packs: how station models, known by vendor, model and firmware, read what the standards leave open.

The schema's text is the default. What deviates from it needs evidence: a document's clause, a lab run, or a
record of what a station read back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from translators.canonical.capability import Dialect as Readings
from translators.rules.schema import Metadata

_NUMBERS = re.compile(r"\d+")
_BOUND = re.compile(r"(>=|<=|>|<|=)\s*(\d+(?:\.\d+)*)")


class _Strict(BaseModel):
    model_config = Metadata.model_config


class Match(_Strict):
    """Which stations a pack is for; `*` in a text stands for anything, a text that is absent fits all.

    `firmware` is one range or several that hold together: `>=2.1, <3`.
    """

    vendor_name: Annotated[str | None, Field(alias="vendorName")] = None
    model: str | None = None
    firmware: str | None = None

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        for part in (self.firmware or ">=0").split(","):
            if _BOUND.fullmatch(part.strip()) is None:
                raise ValueError(f"firmware {part.strip()!r} is no range such as '>=2.1'")
        return self

    def fits(self, vendor: str, model: str, firmware: str) -> bool:
        """Say whether a station is meant; one that tells no firmware lies in no range of it."""
        names = ((self.vendor_name, vendor), (self.model, model))
        if not all(wanted is None or fnmatchcase(has, wanted) for wanted, has in names):
            return False
        return self.firmware is None or _within(firmware, self.firmware)

    @property
    def narrowness(self) -> tuple[bool, bool, bool]:
        """Return what ranks packs that fit one station: firmware, then model, then vendor."""
        return self.firmware is not None, self.model is not None, self.vendor_name is not None


class Keys(_Strict):
    """The readings of one model; a key that is absent keeps the reading of a wider pack."""

    excitation: Literal["as_spec", "inverted"] | None = None
    wattpf_y: Literal["as_spec", "inverted"] | None = None
    droop: Literal["per_unit", "percent"] | None = None
    vref: Literal["native", "bake_multiplicative", "bake_additive"] | None = None
    gradient: Literal["pct_per_s", "seconds_full_scale"] | None = None
    enter_service_voltage: Literal["pct", "volts"] | None = None
    enter_service_ramp: Literal["seconds", "pct_per_s"] | None = None
    trip_axes: Literal["value_x", "time_x"] | None = None
    central_setpoint_limits: Literal["omit", "include"] | None = None
    hysteresis_unit: Literal["y", "x"] | None = None


class Evidence(_Strict):
    """What shows that a model reads so: the record, run or clause, and which keys it shows."""

    kind: Literal["read_back", "lab_run", "document"]
    ref: Annotated[str, Field(min_length=3)]
    keys: Annotated[list[str], Field(min_length=1)]


class Dialect(_Strict):
    """One pack: the stations that it is for, how they read, and what shows it."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["Dialect"]
    metadata: Metadata
    match: Match
    keys: Keys
    evidence: list[Evidence] = []

    @model_validator(mode="after")
    def _shown(self) -> Self:
        default, shown = Readings(), {key for item in self.evidence for key in item.keys}
        unknown = sorted(shown - set(Keys.model_fields))
        if unknown:
            raise ValueError(f"evidence names {unknown[0]!r}, which is no key of a dialect")
        told = self.keys.model_dump(exclude_none=True)
        bare = [k for k, v in told.items() if v != getattr(default, k) and k not in shown]
        if bare:
            raise ValueError(f"{bare[0]} deviates from the schema's text without evidence")
        return self

    @property
    def id(self) -> str:
        """Return `id@version`."""
        return f"{self.metadata.id}@{self.metadata.version}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one station reads, and the packs that say so, the narrowest first."""

    dialect: Readings
    packs: tuple[str, ...]


def reading(packs: Iterable[Dialect], vendor: str, model: str, firmware: str = "") -> Reading:
    """Return how a station reads: the schema's text, then what packs that fit say, the narrowest last."""
    fitting = [pack for pack in packs if pack.match.fits(vendor, model, firmware)]
    fitting.sort(key=lambda pack: (pack.match.narrowness, pack.id))
    dialect = Readings()
    for pack in fitting:
        dialect = replace(dialect, **pack.keys.model_dump(exclude_none=True))
    return Reading(dialect, tuple(pack.id for pack in reversed(fitting)))


def _within(firmware: str, ranges: str) -> bool:
    """Say whether the numbers of a version lie in every range; a text without numbers lies in none."""
    has = [int(number) for number in _NUMBERS.findall(firmware)]
    return bool(has) and all(_bounded(has, part.strip()) for part in ranges.split(","))


def _bounded(has: list[int], bound: str) -> bool:
    sign, _, wanted = re.split(r"(?<=[<>=])(\s*)(?=\d)", bound, maxsplit=1)
    pairs = zip_longest(has, map(int, wanted.split(".")), fillvalue=0)
    order = next(((a > b) - (a < b) for a, b in pairs if a != b), 0)
    return {">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0, "=": order == 0}[
        sign
    ]
