"""What site.yaml may say of utilities that fall silent: what holds then, and from when."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.settings.fields import LongDuration, Rating, Strict, number

type Percent = Annotated[Fraction, BeforeValidator(number), Field(ge=0, le=100)]


class SiteLimits(Strict):
    """Limits of a whole site while a utility of it is silent; none where nothing is given."""

    max_import_w: Rating | None = Field(
        default=None, description="Most that the site may draw then, W."
    )
    max_export_w: Rating | None = Field(
        default=None, description="Most that the site may feed in then, W."
    )


class FailSafeLimits(Strict):
    """Limits of one station while a utility of it is silent; none where nothing is given."""

    max_import_w: Rating | None = Field(
        default=None, description="Most that a station may draw then, W."
    )
    max_import_pct: Percent | None = Field(
        default=None, description="The same in per cent of its rated charging power."
    )
    max_export_w: Rating | None = Field(
        default=None, description="Most that a station may feed in then, W."
    )
    max_export_pct: Percent | None = Field(
        default=None, description="The same in per cent of its rated discharging power."
    )


class FailSafe(FailSafeLimits):
    """What holds at the stations of a utility that is silent, for those without limits of their own."""

    after_s: LongDuration = Field(
        default=3_600.0,
        description="Silence after which they hold, beside all else, once what ran has ended.",
    )
    cold_start: Literal["keep", "fail_safe"] = Field(
        default="keep",
        description=(
            "Until a utility is heard for the first time after a start: stations keep what they hold,"
            " or the limits hold, too."
        ),
    )
