"""Parts of the 2030.5 client that need no server."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.connectors.ieee2030_5 import UtilityAccess
from gateway.connectors.ieee2030_5.channel import Channel, _retry_after
from gateway.connectors.ieee2030_5.outgoing import Outgoing
from gateway.connectors.ieee2030_5.readings import DEFAULT_POST_S, Readings, post_rate
from gateway.connectors.ieee2030_5.reports import Reports, default_gradient
from gateway.errors import PeerError
from gateway.protocols.sep2_survey import Der, Mirror, Survey
from gateway.settings.packs import shipped_book
from support.engine_bench import a_profile
from support.utility_bench import a_report
from support.walk_bench import a_control, a_course, a_default, a_tree
from translators.canonical.capability import StationProfile
from translators.canonical.commands import Revision
from translators.ieee2030_5.elements import leaf
from translators.ieee2030_5.mirror import point_mrid

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
OLD = Revision.IEEE2030_5_2018


class Clerk:
    """Stands where documents leave, and notes them."""

    def __init__(self):
        self.sent = []

    async def send(self, method, url, document):
        self.sent.append((method, url, document.name))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("17", 17, id="seconds"),
        pytest.param(" 17 ", 17, id="blanks"),
        pytest.param("Tue, 01 Dec 2026 12:01:00 GMT", 60, id="a date"),
        pytest.param("Tue, 01 Dec 2026 12:01:00 -0000", 60, id="a date without zone"),
        pytest.param("Tue, 01 Dec 2026 11:00:00 GMT", 0, id="a date gone by"),
        pytest.param("9" * 400, 3600, id="an hour at most"),
        pytest.param("Tue, 01 Dec 2099 12:00:00 GMT", 3600, id="a date far ahead"),
        pytest.param("soon", None, id="nonsense"),
        pytest.param("-5", None, id="below zero"),
        pytest.param("٣", None, id="other digits"),
    ],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    assert _retry_after(text, NOW) == seconds


def an_access():
    return UtilityAccess("dso", "CS1", OLD, "https://x/dcap", *[Path("none")] * 3)


async def test_a_channel_that_is_not_open_says_so():
    channel = Channel(an_access(), lambda: NOW)
    answer = await channel.get("https://x/dcap")
    assert (answer.status, answer.problem) == (
        0,
        "cannot be reached: dso DG-1200 the connection is not open",
    )
    await channel.__aexit__(None, None, None)


async def test_nothing_goes_out_without_a_channel():
    with pytest.raises(PeerError, match="not open"):
        await Outgoing("dso", lambda: 0.0).send("PUT", "https://x/y", leaf("DERStatus", ""))


@pytest.mark.parametrize(
    ("mirror", "device", "seconds"),
    [
        pytest.param(60, 30, 60, id="the mirror's"),
        pytest.param(None, 30, 30, id="the device's"),
        pytest.param(None, None, DEFAULT_POST_S, id="the default"),
        pytest.param(0, 30, 1, id="never more often than every second"),
        pytest.param(10**18, 30, 86_400, id="once a day at least"),
    ],
)
def test_the_post_rate(mirror, device, seconds):
    mirrors = (Mirror("OTHER", None, 5), Mirror(point_mrid(LFDI), None, mirror))
    assert post_rate(Survey(mirrors=mirrors, post_rate_s=device), LFDI) == seconds


async def test_without_a_mirror_list_nothing_is_posted():
    clerk = Clerk()
    readings = Readings(clerk, shipped_book(), an_access())
    await readings.post(Survey(mirror_list="https://x/mup"), LFDI, NOW, 300)
    assert clerk.sent == []


def told_by(der):
    return Survey(ders=(der,), ders_known=True)


ALL = Der("https://x/cap", "https://x/set", "https://x/stat", None)


@pytest.mark.parametrize(
    ("der", "profile", "sent"),
    [
        pytest.param(ALL, a_profile(), ["cap", "set", "stat"], id="everything"),
        pytest.param(ALL, None, ["stat"], id="an unknown station"),
        pytest.param(Der(None, None, None, None), a_profile(), [], id="no link"),
        pytest.param(
            ALL, StationProfile("CS1", "2.1", 50, ()), ["stat"], id="a station without ratings"
        ),
    ],
)
async def test_documents_go_where_there_is_a_place_for_them(der, profile, sent):
    clerk = Clerk()
    reports = Reports(clerk, shipped_book(), an_access())
    reports.newest = a_report(profile, at=NOW)
    await reports.deliver(told_by(der))
    await reports.deliver(told_by(der))
    assert [url.removeprefix("https://x/") for _, url, _ in clerk.sent] == sent


async def test_nothing_to_tell_is_told_to_nobody():
    clerk = Clerk()
    await Reports(clerk, shipped_book(), an_access()).deliver(told_by(ALL))
    assert clerk.sent == []


@pytest.mark.parametrize("tree", [Survey(), Survey(obstacle="wrong PIN", ders_known=True)])
async def test_a_report_waits_until_its_place_is_known(tree):
    reports = Reports(Clerk(), shipped_book(), an_access())
    reports.newest = a_report(at=NOW)
    with pytest.raises(PeerError, match=tree.obstacle or "not known yet"):
        await reports.deliver(tree)


@pytest.mark.parametrize(
    ("text", "gradient"),
    [("<setGradW>28</setGradW>", 28), ("", 0), ("<setGradW>70000</setGradW>", 0)],
)
def test_the_gradient_is_that_of_the_default_control(text, gradient):
    body = a_default().replace("<DERControlBase>", f"{text}<DERControlBase>")
    course = a_course(a_tree(a_control("A1"), **{"/p1/d": body}))
    course.settle()
    assert default_gradient(course.walk.tree) == gradient
