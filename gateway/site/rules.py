"""What the settings say to the engine: stations, utilities, sites, pace."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from gateway.core.allocation import Policy
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.inputs import Setup
from gateway.core.pace import Canary, Feeder, PaceRules
from gateway.core.site_state import Member as SiteMember
from gateway.core.site_state import MeterRules, SiteRules
from gateway.core.slots import Slot
from gateway.core.station import StationRules
from gateway.protocols.sep2_entries import CONTROL_POLL_S
from gateway.settings import Settings
from gateway.settings.fail_safe import FailSafe as FailSafeSettings
from gateway.settings.fail_safe import FailSafeLimits, SiteLimits
from gateway.settings.fields import facts
from gateway.settings.openadr import OpenAdrUtility
from gateway.settings.sites import Member, SiteMeter, rated_charge, rated_discharge
from gateway.settings.stations import Station, decisions
from translators.canonical.controls import LimitOn, LimitScope, PowerLimit, Quantity
from translators.rules.book import Book
from translators.units import Base, Kind, Unit, percent

PHASES = ("L1", "L2", "L3")


def setup_of(settings: Settings, book: Book) -> Setup:
    """Return all that an engine is made from."""
    return Setup(
        book.digest,
        tuple(station_rules(settings)),
        utility_rules(settings),
        tuple(site_rules(settings)),
        pace_rules(settings),
    )


def station_rules(settings: Settings) -> list[StationRules]:
    """Return the enrolled stations as the engine knows them."""
    follows = _follows(settings)
    return [
        StationRules(
            id=station.id,
            utilities=tuple(station.precedence or follows[station.id]),
            settings=facts(station.der_settings),
            policy=decisions(station.policy),
            fail_safe=_fail_safe(settings.fail_safe, station.fail_safe or settings.fail_safe),
            must_pass=station.require_commissioning,
        )
        for station in settings.stations
    ]


def utility_rules(settings: Settings) -> dict[str, UtilityRules]:
    """Return what the engine knows of each utility."""
    return {
        utility.id: UtilityRules(
            silent_s=utility.silent_after_s,
            return_s=utility.return_after_s,
            poll_s=utility.poll_interval_s or float(CONTROL_POLL_S),
            starts=utility.while_silent == "start",
            keep_offset_s=utility.keep_offset_s,
            states=isinstance(utility, OpenAdrUtility),
        )
        for utility in settings.utilities
    }


def _fail_safe(site: FailSafeSettings, limits: FailSafeLimits | SiteLimits) -> FailSafe:
    """Return limits with the times that hold for all of them."""
    ways = {
        "max_import_w": (LimitOn.IMPORT, Unit(Kind.POWER)),
        "max_import_pct": (LimitOn.IMPORT, percent(Base.MAX_CHARGE_W)),
        "max_export_w": (LimitOn.EXPORT, Unit(Kind.POWER)),
        "max_export_pct": (LimitOn.EXPORT, percent(Base.MAX_DISCHARGE_W)),
    }
    given = facts(limits)
    return FailSafe(
        controls=tuple(
            PowerLimit(on, Quantity(given[name], unit), LimitScope.DEVICE)
            for name, (on, unit) in ways.items()
            if name in given
        ),
        after_s=site.after_s,
        cold=site.cold_start == "fail_safe",
    )


def _follows(settings: Settings) -> defaultdict[str, list[str]]:
    """Return the utilities that each station or site follows."""
    follows: defaultdict[str, list[str]] = defaultdict(list)
    for utility in settings.utilities:
        for subject in utility.subjects:
            follows[subject].append(utility.id)
    return follows


def site_rules(settings: Settings) -> list[SiteRules]:
    """Return the sites as the engine knows them."""
    follows = _follows(settings)
    stations = {station.id: station for station in settings.stations}
    return [
        SiteRules(
            id=site.id,
            utilities=tuple(site.precedence or follows[site.id]),
            members=tuple(
                _member(one, stations[one.id], site.nominal_v, fused=site.fuse_a is not None)
                for one in site.stations
            ),
            policy=Policy(site.policy),
            fuse={} if site.fuse_a is None else dict.fromkeys(PHASES, site.fuse_a),
            volts=site.nominal_v,
            meter=None if site.meter is None else _site_meter(site.meter),
            margin=site.margin_w,
            step=site.step_w,
            rotate=timedelta(seconds=site.rotate_s),
            fail_safe=_fail_safe(settings.fail_safe, site.fail_safe),
        )
        for site in settings.sites
    ]


def pace_rules(settings: Settings) -> PaceRules:
    """Return how fast events take hold; the canary group starts first on its feeder, too."""
    stations = {station.id: station for station in settings.stations}
    canary = settings.canary
    first = frozenset(() if canary is None else canary.stations)
    feeders = tuple(
        Feeder(
            feeder.id,
            {
                name: _swing(stations[name])
                for name in sorted(feeder.stations, key=lambda name: name not in first)
            },
            feeder.max_step_w,
        )
        for feeder in settings.feeders
    )
    if canary is None:
        return PaceRules(feeders)
    return PaceRules(feeders, Canary(first, timedelta(seconds=canary.wait_s)))


def _swing(station: Station) -> Fraction:
    """Return W between the ends of a station's ratings; without a voltage, for they name powers."""
    none = Fraction()
    ends = (f(evse, none) for evse in station.evses for f in (rated_charge, rated_discharge))
    return sum((end for end in ends if end is not None), none)


def _site_meter(meter: SiteMeter) -> MeterRules:
    stale = timedelta(seconds=meter.stale_s)
    return MeterRules(meter.station, stale, meter.load_w, meter.generation_w)


def _member(member: Member, station: Station, volts: Fraction, *, fused: bool) -> SiteMember:
    """Return a station of a site: its worst case is what its EVSEs are rated for, in sum."""
    draws = [rated_charge(evse, volts) or Fraction() for evse in station.evses]
    feeds = [rated_discharge(evse, volts) or Fraction() for evse in station.evses]
    ac = [evse.phases for evse in station.evses if evse.current == "AC"]
    wires = len(member.phases) or min(ac, default=3)
    phases = member.phases or PHASES
    return SiteMember(
        station=station.id,
        most={
            Slot.CHARGE.value: sum(draws, Fraction()),
            Slot.DISCHARGE.value: sum(feeds, Fraction()),
        },
        least=member.minimum_a * volts * min(ac) if ac else Fraction(),
        priority=member.priority,
        amps=dict.fromkeys(phases, 1 / (volts * wires)) if fused else {},
        alone=dict.fromkeys(phases, 1 / (volts * (1 if ac else wires))) if fused else {},
        away=member.away_w,
    )
