"""A station's nameplate as IEEE 2030.5 tells it: DERCapability and DERSettings, by the rules of the book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from translators.canonical.capability import StationProfile
from translators.canonical.commands import Revision
from translators.canonical.controls import DerControl
from translators.ieee2030_5.elements import told
from translators.ieee2030_5.wire import Resource
from translators.rules import facts
from translators.rules.book import Book
from translators.rules.trace import Translation


def der_capability(
    book: Book, profile: StationProfile, revision: Revision, csip_aus: str = ""
) -> Translation[Resource | None]:
    """Return the DERCapability of a station, None while its rated power is unknown.

    `csip_aus` is the namespace of CSIP-AUS where the utility speaks it: doeModesSupported is
    mandatory there. Ratings of several EVSEs add up; one that is unknown leaves the sum unknown.
    """
    known = facts.nameplate(profile, csip_aus=bool(csip_aus))
    return told(book, revision, "DERCapability", known, {"csip_aus": csip_aus})


def der_settings(
    book: Book,
    profile: StationProfile,
    revision: Revision,
    at: datetime,
    *,
    defaults: Sequence[DerControl] = (),
    csip_aus: str = "",
) -> Translation[Resource | None]:
    """Return the DERSettings of a station, None while its rated power is unknown.

    The gateway sets no bound of its own: settings equal ratings. `defaults` are the controls of the
    utility's default: gradients and conditions of entering service are told back. `at` is the utility's
    time of the last change.
    """
    known = facts.settings(profile, at, defaults, csip_aus=bool(csip_aus))
    return told(book, revision, "DERSettings", known, {"csip_aus": csip_aus})
