"""A station's nameplate as IEEE 2030.5 tells it: DERCapability and DERSettings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

from translators.canonical.capability import Ratings, StationProfile
from translators.canonical.commands import Revision
from translators.ieee2030_5.elements import UINT16, bitmap, branch, leaf, measure, scale, seconds
from translators.ieee2030_5.modes import DOE_MODES, modes_of
from translators.ieee2030_5.wire import Resource
from translators.rules.trace import Loss, LossKind, Translation

DER_TYPE_EVSE = 82
_RULE = "ieee2030_5.outbound"


def der_capability(
    profile: StationProfile, revision: Revision, csip_aus: str = ""
) -> Translation[Resource | None]:
    """Return the DERCapability of a station, None while its rated power is unknown.

    `csip_aus` is the namespace of CSIP-AUS where the utility speaks it: doeModesSupported is
    mandatory there. Ratings of several EVSEs add up; one that is unknown leaves the sum unknown.
    """
    losses: list[Loss] = []
    members = _ratings(profile, "rtg", losses)
    if members is None:
        return _unknown("DERCapability")
    first, second = modes_of(profile)
    second_word = leaf("modesSupported2", bitmap(second)) if _is_2023(revision) else None
    document = branch(
        "DERCapability",
        leaf("modesSupported", bitmap(_told(first, revision))),
        second_word,
        *members,
        leaf("type", DER_TYPE_EVSE),
        leaf("doeModesSupported", bitmap(DOE_MODES, 1), csip_aus) if csip_aus else None,
    )
    return Translation(document, losses=tuple(losses))


def der_settings(
    profile: StationProfile,
    revision: Revision,
    at: datetime,
    *,
    gradient: int = 0,
    csip_aus: str = "",
) -> Translation[Resource | None]:
    """Return the DERSettings of a station, None while its rated power is unknown.

    The gateway sets no bound of its own: settings equal ratings. `gradient` is setGradW in
    hundredths of a percent per second (0: none). `at` is the utility's time of the last change.
    """
    losses: list[Loss] = []
    members = _ratings(profile, "set", losses)
    if members is None:
        return _unknown("DERSettings")
    first, second = modes_of(profile)
    second_word = leaf("modesEnabled2", bitmap(second)) if _is_2023(revision) else None
    document = branch(
        "DERSettings",
        leaf("modesEnabled", bitmap(_told(first, revision))),
        second_word,
        leaf("setGradW", gradient),
        *members,
        leaf("updatedTime", seconds(at)),
        leaf("doeModesEnabled", bitmap(DOE_MODES, 1), csip_aus) if csip_aus else None,
    )
    return Translation(document, losses=tuple(losses))


def _unknown(kind: str) -> Translation[Resource | None]:
    detail = f"{kind} needs the rated power, which the station has not told"
    return Translation(None, losses=(Loss(LossKind.DROP, _RULE, kind, detail),))


def _is_2023(revision: Revision) -> bool:
    return revision is Revision.IEEE2030_5_2023


def _told(first: int, revision: Revision) -> int:
    """Return the bits that the revision knows: 27 and above are of 2023."""
    return first if _is_2023(revision) else first & (1 << 27) - 1


def _ratings(profile: StationProfile, prefix: str, losses: list[Loss]) -> list[Resource] | None:
    """Return the ratings in the order of the schema, under names that begin with `prefix`."""
    charge = _sum(profile, lambda ratings: ratings.max_charge_rate_w)
    power = _sum(profile, lambda ratings: ratings.max_w) or charge
    if power is None:
        return None
    members = [
        measure(f"{prefix}MaxA", _sum(profile, lambda r: r.max_a), losses, UINT16),
        measure(f"{prefix}MaxChargeRateW", charge, losses),
        measure(f"{prefix}MaxDischargeRateW", _sum(profile, _discharge), losses),
        measure(f"{prefix}MaxVA", _sum(profile, lambda r: r.max_va), losses, UINT16),
        measure(f"{prefix}MaxVar", _sum(profile, lambda r: r.max_var), losses),
        measure(f"{prefix}MaxVarNeg", _negative(_sum(profile, _absorbed)), losses),
        measure(f"{prefix}MaxW", power, losses),
        _power_factor(f"{prefix}MinPFOverExcited", _worst(profile, lambda r: r.over_excited_pf)),
        _power_factor(f"{prefix}MinPFUnderExcited", _worst(profile, lambda r: r.under_excited_pf)),
        measure(f"{prefix}VNom", _common(profile, lambda r: r.v_nom), losses, UINT16),
    ]
    return [member for member in members if member is not None]


def _discharge(ratings: Ratings) -> Fraction | None:
    return ratings.max_discharge_rate_w


def _absorbed(ratings: Ratings) -> Fraction | None:
    return ratings.max_var_neg


def _negative(value: Fraction | None) -> Fraction | None:
    """Return var absorbed as 2030.5 writes it: rtgMaxVarNeg is below zero."""
    return None if value is None else -abs(value)


def _power_factor(name: str, displacement: Fraction | None) -> Resource | None:
    """Return a PowerFactor, cut to thousandths away from unity's side: never better than true."""
    if displacement is None:
        return None
    thousandths = -(-displacement * 1000 // 1)
    scaled = scale(Fraction(thousandths, 1000), UINT16)
    return branch(name, leaf("displacement", scaled.value), leaf("multiplier", scaled.multiplier))


def _known(
    profile: StationProfile, rating: Callable[[Ratings], Fraction | None]
) -> list[Fraction] | None:
    """Return a rating of each EVSE, None where one is unknown or there is no EVSE."""
    values = [rating(evse.ratings) for evse in profile.evses]
    known = [value for value in values if value is not None]
    return known if known and len(known) == len(values) else None


def _sum(profile: StationProfile, rating: Callable[[Ratings], Fraction | None]) -> Fraction | None:
    known = _known(profile, rating)
    return None if known is None else sum(known, Fraction(0))


def _worst(
    profile: StationProfile, rating: Callable[[Ratings], Fraction | None]
) -> Fraction | None:
    """Return the largest: the displacement that every EVSE reaches."""
    known = _known(profile, rating)
    return None if known is None else max(known)


def _common(
    profile: StationProfile, rating: Callable[[Ratings], Fraction | None]
) -> Fraction | None:
    """Return the rating that all EVSEs share, None where they differ."""
    known = set(_known(profile, rating) or ())
    return known.pop() if len(known) == 1 else None
