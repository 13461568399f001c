"""A scripted day at the simulated VTN: what each entry does, and what it expects of a VEN."""

import asyncio
from contextlib import suppress

import httpx
import pytest

from gateway.errors import SettingsError
from gateway.simulators.vtn import Kind, Quirk, SimulatedVtn
from gateway.simulators.vtn_day import Day
from gateway.simulators.vtn_script import load_script
from gateway.simulators.vtn_stage import Stage
from support.places import ROOT
from support.vtn import REVISIONS, a_registration, a_report, a_ven, credentials

both = pytest.mark.parametrize("revision", REVISIONS)
FLEX = "programs: [{name: flex}]\nsteps: "
ADD = "{id: a, program: flex, type: SIMPLE, values: [1, 0], start_in_s: 60, duration: PT1H}"


async def played(*steps, revision="3.1", more=""):
    """Play steps at once, at the epoch; return the VTN."""
    lines = ", ".join(f"{{{step}}}" for step in steps)
    programs = "programs: [{name: flex}]"
    script = load_script(f'revision: "{revision}"\n{programs}\n{more}\nsteps: [{lines}]')
    vtn = SimulatedVtn(script.options, clock=lambda: 0.0)
    stage = Stage(script, vtn)
    for _, step in script.timed:
        await stage.play(step)
    return vtn


def the_event(vtn):
    [event] = vtn.entries(Kind.EVENT)
    return event.body


@both
async def test_an_event_has_an_interval_for_each_value(revision):
    event = the_event(await played(f"add: {ADD}", revision=revision))
    assert event["intervalPeriod"] == {"start": "1970-01-01T00:01:00Z", "duration": "PT1H"}
    assert [item["payloads"][0]["values"] for item in event["intervals"]] == [[1], [0]]
    assert [item["id"] for item in event["intervals"]] == [0, 1]
    assert (event["eventName"], "priority" in event) == ("a", False)


@both
async def test_an_event_says_units_reports_and_whom_it_targets(revision):
    add = "id: a, program: flex, type: PRICE, values: [0.3], units: KWH, currency: EUR, priority: 2"
    reports = "reports: [USAGE, {payloadType: READING, units: KW}], targets: [feeder7]"
    event = the_event(await played(f"add: {{{add}, {reports}}}", revision=revision))
    [descriptor] = event["payloadDescriptors"]
    assert (descriptor["payloadType"], descriptor["units"]) == ("PRICE", "KWH")
    assert descriptor["currency"] == "EUR"
    usage, reading = event["reportDescriptors"]
    assert (usage, reading["units"]) == ({"payloadType": "USAGE"}, "KW")
    group = {"3.0": {"type": "GROUP", "values": ["feeder7"]}, "3.1": "feeder7"}[revision]
    assert (event["targets"], event["priority"]) == ([group], 2)
    assert "duration" not in event["intervalPeriod"]


async def test_an_event_may_be_a_curve_and_have_any_member():
    add = "id: a, program: flex, type: CURVE, points: [[92, 44], [98, 0]], duration: P1D"
    event = the_event(await played(f"add: {{{add}, with: {{duration: P2D, priority: 0}}}}"))
    [interval] = event["intervals"]
    [payload] = interval["payloads"]
    assert payload == {"type": "CURVE", "values": [{"x": 92, "y": 44}, {"x": 98, "y": 0}]}
    assert (event["duration"], event["priority"]) == ("P2D", 0)


async def test_an_event_is_changed_and_cancelled():
    add = f"add: {ADD}"
    changed = the_event(await played(add, "change: {id: a, values: [3], priority: 1}"))
    assert [item["payloads"][0]["values"] for item in changed["intervals"]] == [[3]]
    assert changed["intervalPeriod"] == {"start": "1970-01-01T00:01:00Z", "duration": "PT1H"}
    assert changed["priority"] == 1
    moved = the_event(await played(add, "change: {id: a, start_in_s: 5, duration: PT5M}"))
    assert moved["intervalPeriod"] == {"start": "1970-01-01T00:00:05Z", "duration": "PT5M"}
    less = the_event(await played(add, "change: {id: a, with: {intervalPeriod: null}}"))
    assert "intervalPeriod" not in less
    assert (await played(add, "delete: a")).entries(Kind.EVENT) == []


async def test_vens_are_there_from_the_start_and_get_targets():
    vens = "vens: [{name: gw, client: ven_client2, targets: [a], resources: {cs1: [b]}}]"
    vtn = await played("grant: {ven: gw, resource: cs1, targets: [c]}", more=vens)
    ven, resource = vtn.ven("gw"), vtn.entries(Kind.RESOURCE)[0]
    assert (ven.client, ven.body["targets"]) == ("ven_client2", ["a"])
    assert (resource.client, resource.body["targets"]) == ("ven_client2", ["c"])


async def test_the_vtn_is_as_the_script_says():
    more = "quirks: [reused_ids]\nstrict: true\netags: true\ntoken_s: 5\npage_size: 7\nopen: true\n"
    own = "clients: {mine: {secret: s, business: true, scopes: [read_all]}}\nshortest_poll_s: 2"
    options = (await played(more=more + own)).options
    assert options.has(Quirk.REUSED_IDS)
    assert (options.strict, options.etags, options.open) == (True, True, True)
    assert (options.token_s, options.page_size, options.shortest_poll_s) == (5, 7, 2)
    assert options.accounts["mine"].scopes == ("read_all",)
    assert set(options.accounts) == {"mine", "ven_client", "ven_client2", "bl_client"}


async def test_troubles_are_made_and_end():
    steps = (
        "fail: {path: /programs, status: 500}",
        "fault: {kind: status, path: /events*, method: GET, times: 1, with: {code: 503}}",
        "fault: {kind: reset, path: /vens, for_s: 60}",
    )
    for heal, expected in ((False, (500, 503)), (True, (200, 200))):
        vtn = await played(*steps, *(["heal: true"] if heal else []))
        async with vtn, a_ven(vtn) as ven:
            found = [(await ven.get(path)).status_code for path in ("programs", "events")]
            assert tuple(found) == expected
            assert (await ven.get("events")).status_code == 200


async def test_tokens_objects_and_the_clock_are_moved():
    vtn = await played(f"add: {ADD}", "clock_s: 90", "revoke: true", "forget: [EVENT]")
    assert (vtn.now(), vtn.entries(Kind.EVENT)) == (90, [])
    assert len(vtn.entries(Kind.PROGRAM)) == 1


async def test_webhooks_and_messages_without_anybody_who_listens_are_no_trouble():
    vtn = await played("replay_webhooks: 2", "forge_webhooks: x")
    async with vtn:
        assert vtn.lost == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps: [{delete: a}]", r"steps\[0\] .*a is no event"),
        (f"steps: [{{add: {ADD}}}]", "flex is no program"),
        (f"programs: [{{name: flex}}]\nsteps: [{{add: {ADD}}}, {{delete: a}}, {{delete: a}}]", r"\[2\]"),
        ("steps: [{change: {id: a}}]", "a is no event"),
        ("steps: [{expect: {report: {event: a}}}]", "a is no event"),
        ("steps: [{grant: {ven: gw, targets: []}}]", "gw is no ven"),
        ("vens: [{name: gw, client: nobody}]", r"vens\[0\] .*nobody is no client"),
        ("quirks: [odd]", "quirks.0"),
        ("steps: [{babble: 3}]", r"steps\[0\] .*babble needs a broker"),
        ('revision: "3.0"\nbroker: mqtt://b', "3.0.1 knows no MQTT"),
        (f"{FLEX}[{{add: {ADD}}}, {{forget: [EVENT]}}, {{delete: a}}]", r"\[2\] .*a is no event"),
        (f"{FLEX}[{{forget: [PROGRAM]}}, {{add: {ADD}}}]", r"\[1\] .*flex is no program"),
        ("vens: [{name: g}]\nsteps: [{forget: [VEN]}, {grant: {ven: g, targets: []}}]", "g is no ven"),
        ("steps: [{at_s: 1, after_s: 1}]", "either at_s or after_s"),
        ("steps: [{add: {id: a, program: p, type: X, duration: P1D}}]", "either values or points"),
        ("steps: [{expect: {}}]", "give one of report"),
        ("steps: [{expect: {ven: a, get: /events}}]", "give one of report"),
        ("steps: [{fault: {kind: odd, path: /}}]", "odd is none of cut, "),
        ("steps: [{fault: {kind: status, path: /}}]", "required positional argument: 'code'"),
        ("[", "no YAML"),
    ],
)  # fmt: skip
def test_a_wrong_script_is_refused_before_it_is_served(text, problem):
    with pytest.raises(SettingsError, match=problem):
        load_script(text)


def test_steps_follow_each_other_by_their_times():
    text = "steps: [{at_s: 5}, {after_s: 2}, {after_s: 0}, {at_s: 1}, {after_s: 1}, {}]"
    assert [at_s for at_s, _ in load_script(text).timed] == [0, 1, 2, 5, 7, 7]


class Played:
    """A day that is served in the background, faster than its script says."""

    def __init__(self, text, pace=20):
        self.script, self.lines = load_script(text), []
        self.vtn = SimulatedVtn(self.script.options)
        day = Day(self.script, self.vtn, self.lines.append, lambda s: asyncio.sleep(s / pace))
        self.task = asyncio.ensure_future(day.serve(once=True))

    async def until(self, text):
        async with asyncio.timeout(5):
            while not any(text in line for line in self.lines):  # noqa: ASYNC110 - a test's wait
                await asyncio.sleep(0.005)


async def careful(ven, vtn):
    """Be a VEN that does as it is told: register, then file a report for each event that asks for one."""
    filed = set()

    async def ask(method, path, **parts):
        answer = await ven.request(method, path, **parts)
        if answer.status_code in (401, 403):
            form = credentials()
            token = (await ven.post("auth/token", data=form)).json()["access_token"]
            ven.headers["Authorization"] = f"Bearer {token}"
            return []
        await asyncio.sleep(float(answer.headers.get("retry-after", 0)))
        return answer.json() if answer.is_success else []

    while True:
        with suppress(httpx.TransportError):
            if not await ask("GET", "vens", params={"venName": "gateway"}):
                await ask("POST", "vens", json=a_registration(vtn, "VEN", venName="gateway"))
            for event in await ask("GET", "events"):
                if "reportDescriptors" in event and event["id"] not in filed:
                    filed.add(event["id"])
                    payload = {"type": "OPERATING_STATE", "values": ["NORMAL"]}
                    intervals = [{"id": 0, "payloads": [payload]}]
                    resources = [{"resourceName": "depot", "intervals": intervals}]
                    report = a_report(event["id"], vtn, resources=resources)
                    await ask("POST", "reports", json=report)
        await asyncio.sleep(0.02)


def the_example():
    page = (ROOT / "docs/simulated_vtn.md").read_text(encoding="utf-8")
    return page.partition("```yaml\n")[2].partition("```")[0]


@both
async def test_the_day_of_the_documentation_is_played_and_a_careful_ven_hears_no_complaint(
    revision,
):
    text = the_example().replace('"3.1"', f'"{revision}"')
    day = Played(text.replace("shortest_poll_s: 1\n", ""))
    await day.until("serving")
    async with a_ven(day.vtn) as ven:
        polling = asyncio.ensure_future(careful(ven, day.vtn))
        await asyncio.wait_for(day.task, 10)
        polling.cancel()
    assert day.vtn.complaints == []
    assert sum(line.startswith("as expected") for line in day.lines) == 2
    assert len(day.script.steps) == sum(line.startswith("step at") for line in day.lines)
    names = {item.body["eventName"] for item in day.vtn.entries(Kind.EVENT)}
    assert names == {"prices", "curve"}
    assert {item.status for item in day.vtn.exchanges} >= {200, 201, 503}


@both
async def test_what_is_expected_in_vain_and_what_should_not_have_come_are_complaints(revision):
    text = f"""\
revision: "{revision}"
programs: [{{name: flex}}]
steps:
  - {{add: {ADD}}}
  - {{after_s: 0, expect: {{report: {{event: a}}, within_s: 0.05}}}}
  - {{after_s: 0, expect: {{report: {{event: a}}, within_s: 0.05, absent: true}}}}
  - {{after_s: 0, expect: {{ven: gateway, within_s: 0.05}}}}
  - {{after_s: 0, expect: {{get: /events, within_s: 0.05}}}}
  - {{after_s: 0, expect: {{subscription: EVENT, within_s: 0.05}}}}
  - {{after_s: 0, expect: {{resource: depot, within_s: 0.05, absent: true}}}}
vens: [{{name: other, resources: {{depot: []}}}}]
"""
    day = Played(text)
    await asyncio.wait_for(day.task, 10)
    assert day.vtn.complaints == [
        "resource depot was not to be seen",
        "report of event a was not seen within 0.05 s",
        "ven gateway was not seen within 0.05 s",
        "get /events was not seen within 0.05 s",
        "subscription EVENT was not seen within 0.05 s",
    ]
    assert [line for line in day.lines if line.startswith("complaint: ")] == [
        f"complaint: {text}" for text in day.vtn.complaints
    ]
    assert "as expected: report of event a is absent" in day.lines


async def test_a_step_on_what_a_ven_took_away_is_a_complaint():
    vens = "vens: [{name: gw}]\nsteps: [{at_s: 10, grant: {ven: gw, targets: [x]}}]"
    day = Played(vens)
    await day.until("serving")
    async with a_ven(day.vtn) as ven:
        await ven.delete("vens/ven-0")
        await asyncio.wait_for(day.task, 10)
    assert day.vtn.complaints == ["step at 10 s: 'gw' is not there any more"]


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ("event: a", True),
        ("event: b", False),
        ("type: USAGE", True),
        ("type: READING", False),
        ("resource: cs1", True),
        ("resource: cs2", False),
        ("name: r", True),
        ("name: s", False),
        ("values: [1.5]", True),
        ("values: [1]", False),
        ("at_least: 1.5, at_most: 1.5", True),
        ("at_least: 2", False),
        ("type: OPERATING_STATE, at_least: 0", False),
        ("type: USAGE, resource: cs1, event: a, values: [1.5], at_most: 2", True),
    ],
)
async def test_reports_are_told_apart(wanted, seen):
    other = "{id: b, program: flex, type: SIMPLE, values: [1], duration: PT1H}"
    steps = f"steps: [{{add: {ADD}}}, {{add: {other}}}, {{expect: {{report: {{{wanted}}}}}}}]"
    script = load_script(f"programs: [{{name: flex}}]\n{steps}")
    vtn = SimulatedVtn(script.options)
    stage = Stage(script, vtn)
    for _, step in script.timed:
        await stage.play(step)
    expected = script.steps[2].expect
    assert not stage.seen(expected, 0)
    event = vtn.entries(Kind.EVENT)[0].id
    payloads = [
        {"type": "USAGE", "values": [1.5]},
        {"type": "OPERATING_STATE", "values": ["NORMAL"]},
    ]
    resources = [{"resourceName": "cs1", "intervals": [{"id": 0, "payloads": payloads}]}]
    vtn.create(Kind.REPORT, a_report(event, vtn, resources=resources), "ven_client")
    assert stage.seen(expected, 0) is seen


async def test_what_vens_do_is_told_and_a_vtn_that_is_down_comes_back():
    text = "steps: [{at_s: 10, down_s: 2}, {at_s: 16, expect: {get: /programs, within_s: 5}}]"
    day = Played(text)
    await day.until("serving")
    async with a_ven(day.vtn) as ven:
        await ven.post("vens", json={"venName": "gateway"})
        await ven.get("events/nope")
        await day.until("step at 16 s")
        await ven.get("programs")
        await asyncio.wait_for(day.task, 10)
    assert "ven_client POST /vens 201" in day.lines
    assert "ven_client GET /events/nope 404 Not Found" in day.lines
    assert "complaint: ven_client POST /vens: objectType is not VEN_VEN_REQUEST" in day.lines
    assert "step at 10 s: {'down_s': 2.0}" in day.lines
