"""What site.yaml may say of several stations behind one connection point: bounds, policy, meter."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.settings.fail_safe import SiteLimits
from gateway.settings.fields import Duration, Name, Rating, StationId, Strict, number
from gateway.settings.stations import Evse


class Member(Strict):
    """One station behind a connection point."""

    id: StationId = Field(description="Id of the station.")
    priority: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Who comes first by policy `priority`: lower wins."
    )
    phases: Annotated[list[Literal["L1", "L2", "L3"]], Field(max_length=3)] = Field(
        default=[],
        description="Phases of the connection that it is wired to; not known: it counts on each in full.",
    )
    minimum_a: Rating = Field(
        default=Fraction(6),
        description="Current of each phase below which an AC station pauses instead.",
    )
    away_w: Rating | None = Field(
        default=None,
        description=(
            "What it draws at most without a line, by its own settings; else what it confirmed,"
            " or its rating."
        ),
    )


class SiteMeter(Strict):
    """Who measures the connection point."""

    station: StationId = Field(
        description="Station whose main meter it is, none of the site's own."
    )
    stale_s: Duration = Field(
        default=60.0, description="Age from which its values no longer count: the worst case does."
    )
    load_w: Rating | None = Field(
        default=None,
        description="Largest load beside the stations, while it is silent; else nothing is left to them.",
    )
    generation_w: Rating | None = Field(
        default=None,
        description="Largest generation beside the stations, while it is silent; else as for load_w.",
    )


class Site(Strict):
    """Several stations behind one connection point, which a utility sees as one device."""

    id: StationId = Field(description="Its id, among those of stations.")
    stations: Annotated[list[Member], Field(min_length=1)] = Field(
        description="The stations behind it."
    )
    precedence: list[Name] = Field(
        default=[],
        description="Its utilities, the one that decides first; else in the order of `utilities`.",
    )
    policy: Literal["equal", "proportional", "priority", "first_come"] = Field(
        default="equal", description="Who gets how much of a bound that is too small for all."
    )
    nominal_v: Annotated[Fraction, BeforeValidator(number), Field(gt=0, le=1000)] = Field(
        default=Fraction(230), description="Nominal voltage between phase and neutral."
    )
    fuse_a: Rating | None = Field(
        default=None,
        description="Rated current of each phase of the connection: a bound whatever utilities say.",
    )
    meter: SiteMeter | None = Field(
        default=None,
        description="Who measures the connection point; without it bounds are for the stations alone.",
    )
    margin_w: Rating = Field(
        default=Fraction(0), description="Kept free beside what the meter shows."
    )
    step_w: Annotated[Fraction, BeforeValidator(number), Field(gt=0)] = Field(
        default=Fraction(500),
        description="Steps in which what the meter leaves to the stations grows.",
    )
    rotate_s: Duration = Field(
        default=900.0,
        description="After how long another station pauses, where there is not enough for all.",
    )
    fail_safe: SiteLimits = Field(
        default=SiteLimits(),
        description="What bounds the site while a utility of it is silent for long.",
    )


def rated_charge(evse: Evse, volts: Fraction) -> Fraction | None:
    """Return what an EVSE draws at most, in W: as rated, or for AC by its current; None if not given."""
    known = evse.ratings
    if known.max_charge_rate_w is not None or known.max_a is None or evse.current == "DC":
        return known.max_charge_rate_w
    return known.max_a * volts * evse.phases


def rated_discharge(evse: Evse, volts: Fraction) -> Fraction | None:
    """Return what an EVSE feeds in at most, in W: where nobody says, as much as it draws."""
    ratings = evse.ratings
    known = (ratings.max_discharge_rate_w, ratings.max_w, rated_charge(evse, volts))
    return next((one for one in known if one is not None), None)
