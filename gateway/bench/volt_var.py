"""A volt-var event from two XML documents to its SetDERControl: by the rules, and by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from lxml import etree

from gateway.settings.packs import shipped_book
from translators.canonical.capability import Current, Evse, Ratings, Situation, StationProfile
from translators.canonical.commands import Revision
from translators.chain import Case, StationOrders, control_id, translate
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.xml import parse
from translators.rules.book import Book
from translators.rules.memo import Memo
from translators.rules.trace import Translation

_NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
_NS = "{urn:ieee:std:2030.5:ns}"
CONTROL = b"""<DERControl xmlns="urn:ieee:std:2030.5:ns" href="/derp/1/derc/1" replyTo="/rsp"
 responseRequired="03"><mRID>0000000000000000000000010000C0DE</mRID>
<creationTime>1796140000</creationTime><interval><duration>3600</duration>
<start>1796148000</start></interval><DERControlBase><opModVoltVar href="/derp/1/dc/1"/>
</DERControlBase></DERControl>"""
CURVE = b"""<DERCurve xmlns="urn:ieee:std:2030.5:ns" href="/derp/1/dc/1">
<CurveData><xvalue>920</xvalue><yvalue>44</yvalue></CurveData>
<CurveData><xvalue>980</xvalue><yvalue>0</yvalue></CurveData>
<CurveData><xvalue>1020</xvalue><yvalue>0</yvalue></CurveData>
<CurveData><xvalue>1080</xvalue><yvalue>-44</yvalue></CurveData>
<curveType>11</curveType><openLoopTms>500</openLoopTms><xMultiplier>-1</xMultiplier>
<yMultiplier>0</yMultiplier><yRefType>2</yRefType></DERCurve>"""
STEPS = 30
"""A translation of it that records fewer has left something out."""


def station() -> StationProfile:
    """Return a DC station that knows volt-var."""
    ratings = Ratings(
        max_w=Fraction(22000),
        max_var=Fraction(11000),
        max_var_neg=Fraction(11000),
        max_va=Fraction(25000),
        v_nom=Fraction(240),
    )
    evse = Evse(1, Current.DC, 3, ratings, der_modes=frozenset({"VoltVar"}))
    return StationProfile("CS1", "2.1", Fraction(60), (evse,))


@dataclass(frozen=True, slots=True)
class Bench:
    """The event at one station, under one book."""

    book: Book
    profile: StationProfile
    memo: Memo[Translation[StationOrders]]

    def cold(self) -> Translation[StationOrders]:
        """Parse both documents and translate, with the whole trace, to be told when somebody reads it.

        Nothing of the event is kept from one call to the next. What a running gateway holds is held: the
        compiled rules, and the exact numbers of short texts that it met before (`rules.scaling`).
        """
        context = ProgramContext("u", "CS1", Revision.IEEE2030_5_2018, "P", 1, _NOW)
        links = {"/derp/1/dc/1": parse(CURVE)}
        served = Served(parse(CONTROL), links, context)
        return translate(self.book, Case(served, self.profile, Situation()))

    def told(self) -> list[str]:
        """Do the same, and write every number of the trace, as the audit does."""
        return [f"{step.before} {step.after}" for step in self.cold().steps]

    def remembered(self) -> Translation[StationOrders]:
        """Return what is known of the event's version for these ratings and rules."""
        version = "0000000000000000000000010000C0DE", 0
        return self.memo.recall(version, (self.profile, self.book.digest), self.cold)


def bench() -> Bench:
    """Return the event under the shipped rules; `RuntimeError` where it is not wholly translated."""
    made = Bench(shipped_book(), station(), Memo())
    told = made.cold()
    payloads = [message.payload for message in told.value.messages]
    if payloads != [by_hand()] or len(told.steps) < STEPS:
        raise RuntimeError(f"the benchmark's own event is not translated: {payloads}")
    return made


def by_hand() -> dict[str, Any]:
    """Return the payload as plain Python makes it: no rules, units, checks, bases, losses, trace."""
    control, curve = etree.fromstring(CONTROL), etree.fromstring(CURVE)
    x = int(curve.findtext(f"{_NS}xMultiplier") or 0)
    y = int(curve.findtext(f"{_NS}yMultiplier") or 0)
    start = int(control.findtext(f"{_NS}interval/{_NS}start") or 0)
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=start)
    mrid = control.findtext(f"{_NS}mRID") or ""
    return {
        "isDefault": False,
        "controlId": control_id(mrid, "CS1", "VoltVar"),
        "controlType": "VoltVar",
        "curve": {
            "priority": 1,
            "curveData": [
                {
                    "x": int(point.findtext(f"{_NS}xvalue") or 0) * 10**x,
                    "y": int(point.findtext(f"{_NS}yvalue") or 0) * 10**y,
                }
                for point in curve.iterfind(f"{_NS}CurveData")
            ],
            "yUnit": "PctMaxVar",
            "responseTime": int(curve.findtext(f"{_NS}openLoopTms") or 0) / 100,
            "startTime": begin.isoformat().replace("+00:00", "Z"),
            "duration": int(control.findtext(f"{_NS}interval/{_NS}duration") or 0),
        },
    }
