"""Sites as JSON for people: what bounds each, who has how much of it, and who cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gateway.core.site_answers import Taken
from gateway.core.site_state import SiteState, View
from gateway.core.slots import Slot

type Json = dict[str, Any]


def site_row(site: SiteState) -> Json:
    """Return one row: bounds and excess by direction, each as text of W or of A by phase."""
    listening = sum(view.listens for view in site.views.values())
    meter = site.rules.meter
    return {
        "site": site.id,
        "utilities": list(site.rules.utilities),
        "policy": site.rules.policy.value,
        "stations": len(site.rules.members),
        "listening": listening,
        "meter": None if meter is None else meter.station,
        "bounds": {slot.value: _told(bounds) for slot, bounds in site.bounds.items()},
        "kept": {slot.value: kept for slot, kept in site.kept.items()},
        "excess": {slot.value: _told(excess) for slot, excess in site.excess.items() if excess},
        "paused": sorted(site.paused),
    }


def shares_of(site: SiteState) -> list[Json]:
    """Return a row for each station and direction: rating, share, what it may use at most, and why."""
    return [
        {
            "station": member.station,
            "direction": slot.value,
            "rating_w": float(member.most[slot]),
            "share_w": None if share is None else float(share.amount),
            "at_most_w": float(site.may_draw(member, slot)),
            "sure": slot in view.sure,
            "without": view.without(slot),
        }
        for member in site.rules.members
        for slot in Slot
        for view in [site.views.get(member.station, View())]
        for share in [site.shares.get((slot, member.station))]
    ]


def taken_told(found: Taken) -> Json:
    """Return who takes part in a command of a site: all, some with their part of the rating, or none."""
    return {
        "extent": found.extent.value,
        "share": float(found.share),
        "without": found.without,
    }


def _told(amounts: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} {float(amount):g}" for name, amount in amounts.items())
