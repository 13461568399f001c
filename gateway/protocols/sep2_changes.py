"""What a utility's documents say now against what was told before: controls that came, changed or went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.protocols.sep2_documents import Item, Meaning, meaning, number
from gateway.protocols.sep2_survey import (
    CANCELLED,
    CANCELLED_RANDOMIZED,
    COMPLETED,
    SUPERSEDED,
    Offer,
    Program,
    Survey,
)
from translators.ieee2030_5.wire import Resource

END_MARGIN_S = 2.0
"""Clocks are known to a second: a control that leaves its list this close to its end has ended."""


class Gone(StrEnum):
    """Why a control is no longer to be followed."""

    CANCELLED = "cancelled"
    CANCELLED_RANDOMIZED = "cancelled_randomized"
    SUPERSEDED = "superseded"
    VANISHED = "vanished"


_WITHDRAWN = {
    CANCELLED: Gone.CANCELLED,
    CANCELLED_RANDOMIZED: Gone.CANCELLED_RANDOMIZED,
    SUPERSEDED: Gone.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class ControlServed:
    """A control is new, or says something else than before.

    `curves` are the DERCurves that it links, by the href that it states; one that leads nowhere is
    missing. `raw` are the pages as they came, the control's first.
    """

    mrid: str
    control: Resource
    curves: Mapping[str, Resource]
    program: Program
    raw: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ControlWithdrawn:
    """A control that was served is over before its time."""

    mrid: str
    reason: Gone


@dataclass(frozen=True, slots=True)
class OffsetMeasured:
    """The utility's clock minus ours, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the utility can be followed, and what is wrong, for people."""

    up: bool
    problem: str = ""


type Change = ControlServed | ControlWithdrawn | OffsetMeasured | LinkState


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one control: its meaning then, its program, and when it ends (utility time).

    `program` is "" for a control that only an earlier run of the gateway was told of.
    """

    meaning: Meaning = ()
    program: str = ""
    end: int | None = None
    withdrawn: bool = False


class CurveState(StrEnum):
    """What is known of the document behind a link."""

    PENDING = "pending"
    GONE = "gone"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a comparison needs to know besides the survey.

    `curve` gives a curve by address; `settled` says whether an address says all that it can (of a
    program, or of all of them where it is None); `now` is the utility's time.
    """

    curve: Callable[[str | None], tuple[CurveState, Item | None]]
    settled: Callable[[Program | None], bool]
    now: float


def compare(survey: Survey, told: dict[str, Told], outlook: Outlook) -> list[Change]:
    """Return what changed and remember it in `told`: what is served first, then what is withdrawn.

    In this order, so that a successor is known before its predecessor goes.
    """
    offers = _by_mrid(survey)
    pending: set[str] = set()
    changes: list[Change] = []
    for mrid, offer in offers.items():
        if offer.status in _WITHDRAWN or offer.status == COMPLETED:
            continue
        served = _served(mrid, offer, outlook)
        if served is None:
            pending.add(offer.program.key)
            continue
        now_told = _told(offer, served)
        if told.get(mrid) != now_told:
            told[mrid] = now_told
            changes.append(served)
    changes += _withdrawn(offers, told, pending)
    changes += _vanished(survey, offers, told, outlook)
    return changes


def _by_mrid(survey: Survey) -> dict[str, Offer]:
    """Return each control once, at its best primacy."""
    offers: dict[str, Offer] = {}
    for offer in survey.offers:
        if offer.mrid:
            offers.setdefault(offer.mrid, offer)
    return offers


def _served(mrid: str, offer: Offer, outlook: Outlook) -> ControlServed | None:
    """Return the control with its curves, None while one of them is still to come."""
    curves: dict[str, Resource] = {}
    pages = [offer.item.page]
    for href, url in offer.curves.items():
        state, item = outlook.curve(url)
        if state is CurveState.PENDING:
            return None
        if item is not None:
            curves[href] = item.resource
            pages.append(item.page)
    raw = tuple(dict.fromkeys(pages))
    return ControlServed(mrid, offer.item.resource, curves, offer.program, raw)


def _told(offer: Offer, served: ControlServed) -> Told:
    curves = tuple((href, meaning(curve)) for href, curve in sorted(served.curves.items()))
    said = (meaning(served.control), curves, offer.program.key, offer.program.primacy)
    start = number(served.control.text_at("interval/start"))
    duration = number(served.control.text_at("interval/duration"))
    end = None if start is None or duration is None else start + duration
    return Told(said, offer.program.key, end)


def _withdrawn(
    offers: Mapping[str, Offer], told: dict[str, Told], pending: set[str]
) -> list[Change]:
    changes: list[Change] = []
    for mrid, offer in offers.items():
        reason = None if offer.status is None else _WITHDRAWN.get(offer.status)
        if reason is None or told.get(mrid, Told()).withdrawn:
            continue
        if reason is Gone.SUPERSEDED and offer.program.key in pending:
            continue  # its successor waits for a curve: no gap before that
        told[mrid] = Told(program=offer.program.key, withdrawn=True)
        changes.append(ControlWithdrawn(mrid, reason))
    return changes


def _vanished(
    survey: Survey, offers: Mapping[str, Offer], told: dict[str, Told], outlook: Outlook
) -> list[Change]:
    """Return controls that are served no more; nothing is concluded from what could not be read."""
    changes: list[Change] = []
    for mrid, known in [item for item in told.items() if item[0] not in offers]:
        program = survey.programs.get(known.program)
        if not outlook.settled(program):
            continue
        del told[mrid]
        ended = known.end is not None and known.end - END_MARGIN_S <= outlook.now
        if not known.withdrawn and not ended:
            changes.append(ControlWithdrawn(mrid, Gone.VANISHED))
    return changes
