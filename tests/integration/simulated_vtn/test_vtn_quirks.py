"""Switches of the simulated VTN: what each one changes on the wire, and that nothing else does."""

import pytest

from gateway.simulators.vtn import QUIRKS, Quirk, SimulatedVtn
from support.places import ROOT
from support.vtn import EVENT, a_registration, a_ven, credentials, options

PAST = {**EVENT, "intervalPeriod": {"start": "2026-11-20T12:00:00Z", "duration": "PT15M"}}


def targets(vtn, name):
    return [name] if vtn.options.revision == "3.1" else [{"type": "GROUP", "values": [name]}]


async def a_form_token(vtn, ven):
    return (await ven.post("auth/token", data=credentials())).json()


async def a_header_token(vtn, ven):
    form, auth = {"grant_type": "client_credentials"}, ("ven_client", "secret")
    return (await ven.post("auth/token", data=form, auth=auth)).status_code


async def a_bad_token(vtn, ven):
    vtn.revoke_tokens()
    return (await ven.get("events")).status_code


async def a_problem(vtn, ven):
    answer = await ven.get("events/nope")
    return answer.headers["content-type"], sorted(answer.json())


async def verbs_of_a_subscription(vtn, ven):
    wanted = {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": "http://127.0.0.1:9/"}
    body = {"clientName": "g", "programID": vtn.add_program("flex"), "objectOperations": [wanted]}
    return "echo" in (await ven.post("subscriptions", json=body)).text


async def descriptors_of_a_program(vtn, ven):
    vtn.add_program("flex", payloadDescriptors=[])
    return "payloadDescriptors" in (await ven.get("programs")).json()[0]


async def events_of_a_stranger(vtn, ven):
    program = vtn.add_program("flex")
    vtn.add_event(program, eventName="open", **EVENT)
    vtn.add_event(program, eventName="other", targets=targets(vtn, "feeder7"), **EVENT)
    return [item["eventName"] for item in (await ven.get("events")).json()]


async def a_conflict(vtn, ven):
    vtn.add_program("flex")
    vtn.add_ven("gateway")
    body = a_registration(vtn, "VEN", venName="gateway")
    answer = await ven.post("vens", json=body)
    return answer.status_code, isinstance(answer.json(), list)


async def active_events(vtn, ven):
    vtn.add_event(vtn.add_program("flex"), **PAST)
    return len((await ven.get("events?active=true")).json())


async def events_of_another_program(vtn, ven):
    vtn.add_event(vtn.add_program("flex"), **EVENT)
    return len((await ven.get(f"events?programID={vtn.add_program('other')}")).json())


async def events_of_a_target(vtn, ven):
    vtn.add_ven("gateway", targets=targets(vtn, "feeder8"))
    vtn.add_event(vtn.add_program("flex"), targets=targets(vtn, "feeder7"), **EVENT)
    asked = "targets" if vtn.options.revision == "3.1" else "targetType=GROUP&targetValues"
    return len((await ven.get(f"events?{asked}=feeder8")).json())


async def the_change_of_a_new_program(vtn, ven):
    vtn.add_program("flex")
    return (await ven.get("programs")).json()[0]["modificationDateTime"] is None


async def events_without_a_program(vtn, ven):
    program = vtn.add_program("flex")
    vtn.add_event(program, **EVENT)
    vtn.delete_program(program)
    return len((await ven.get("events")).json())


async def an_event_of_others_by_id(vtn, ven):
    event = vtn.add_event(vtn.add_program("flex"), targets=["feeder7"], **EVENT)
    return (await ven.get(f"events/{event}")).status_code


async def ids_after_a_restart(vtn, ven):
    first = vtn.add_program("flex")
    vtn.forget()
    second = vtn.add_program("flex")
    return first == second, second.isdecimal()


async def a_time(vtn, ven):
    vtn.add_program("flex")
    [program] = (await ven.get("programs")).json()
    return program["createdDateTime"]


async def events_of_granted_targets(vtn, ven):
    vtn.add_ven("gateway", targets=["feeder7"])
    vtn.add_event(vtn.add_program("flex"), targets=["feeder7"], **EVENT)
    return len((await ven.get("events")).json())


async def the_length_of_a_token(vtn, ven):
    return "expires_in" in await a_form_token(vtn, ven)


async def the_scope_of_a_token(vtn, ven):
    return type((await a_form_token(vtn, ven))["scope"]).__name__


BOTH, NEW = ("3.0", "3.1"), ("3.1",)
PROBLEM = "application/problem+json"
EFFECTS = [
    (Quirk.BAD_TOKEN_403, NEW, a_bad_token, 401, 403),
    (
        Quirk.BARE_PROBLEMS,
        BOTH,
        a_problem,
        (PROBLEM, ["detail", "status", "title", "type"]),
        ("application/json", ["status", "title"]),
    ),
    (Quirk.CRUD_VERBS, ("3.0",), verbs_of_a_subscription, False, True),
    (Quirk.DROP_DESCRIPTORS, BOTH, descriptors_of_a_program, True, False),
    (Quirk.DUPLICATE_EVENTS, NEW, events_of_a_stranger, ["open"], ["open", "open", "other"]),
    (Quirk.EMPTY_CONFLICT, BOTH, a_conflict, (409, False), (409, True)),
    (Quirk.IGNORE_ACTIVE, NEW, active_events, 0, 1),
    (Quirk.IGNORE_PROGRAM, BOTH, events_of_another_program, 0, 1),
    (Quirk.IGNORE_TARGETS, ("3.0",), events_of_a_target, 0, 1),
    (Quirk.NO_EXPIRES_IN, BOTH, the_length_of_a_token, True, False),
    (Quirk.NULL_MODIFIED, BOTH, the_change_of_a_new_program, False, True),
    (Quirk.ORPHAN_EVENTS, BOTH, events_without_a_program, 0, 1),
    (Quirk.POST_ONLY, BOTH, a_header_token, 200, 400),
    (Quirk.READABLE_BY_ID, NEW, an_event_of_others_by_id, 404, 200),
    (Quirk.REUSED_IDS, BOTH, ids_after_a_restart, (False, False), (True, True)),
    (Quirk.SCOPE_LIST, BOTH, the_scope_of_a_token, "str", "list"),
    (Quirk.SPACE_TIMES, BOTH, a_time, "2026-11-22T12:00:00Z", "2026-11-22 12:00:00"),
    (Quirk.TIME_ONLY, BOTH, a_time, "2026-11-22T12:00:00Z", "12:00:00"),
    (Quirk.UNASKED_TARGETS, NEW, events_of_granted_targets, 0, 1),
]
ELSEWHERE = {
    Quirk.BASIC_ONLY,  # here, by its own test: without a token nothing else can be asked
    Quirk.ECHO_PATH,  # test_vtn_webhooks
    Quirk.MQTT_PUBLIC,  # test_vtn_topics
    Quirk.MQTT_RETAINED,  # test_vtn_mqtt
    Quirk.MQTT_TWICE,
    Quirk.WEBHOOK_CAMEL_STRING,  # test_vtn_webhooks
    Quirk.WEBHOOK_SNAKE_STRING,
}


def test_each_switch_has_a_test_and_stands_in_the_documentation():
    page = (ROOT / "docs/simulated_vtn.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` | {text} |" in page for name, text in QUIRKS.items())
    assert set(QUIRKS) == set(Quirk) == {row[0] for row in EFFECTS} | ELSEWHERE


@pytest.mark.parametrize(
    ("quirk", "revision", "observe", "usual", "odd"),
    [
        pytest.param(quirk, revision, *rest, id=f"{quirk}-{revision}")
        for quirk, revisions, *rest in EFFECTS
        for revision in revisions
    ],
)
async def test_a_switch_changes_what_a_ven_gets(quirk, revision, observe, usual, odd):
    for quirks, expected in (((), usual), ((quirk,), odd)):
        how = options(*quirks, revision=revision)
        async with SimulatedVtn(how, clock=lambda: 1_795_348_800.0) as vtn, a_ven(vtn) as ven:
            assert await observe(vtn, ven) == expected


@pytest.mark.parametrize("revision", BOTH)
async def test_credentials_may_be_taken_in_the_header_only(revision):
    how = options(Quirk.BASIC_ONLY, revision=revision, open=True)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven:
        assert await a_form_token(vtn, ven) == {"error": "invalid_request"}
        assert await a_header_token(vtn, ven) == 200
        wrong = {"Authorization": "Basic ***"}
        form = {"grant_type": "client_credentials"}
        assert (await ven.post("auth/token", data=form, headers=wrong)).status_code == 400
