"""Subscriptions, topics and what becomes of them: against the desk of a simulated VTN, time passed in."""

import json

import pytest

from gateway.protocols.openadr_http import Answer
from gateway.protocols.openadr_notifiers import Place
from gateway.simulators.vtn_options import Options
from gateway.simulators.vtn_world import Kind
from support.openadr_push import HOOK, a_push
from support.vtn import a_client

ASKED = "GET /subscriptions"
MADE = "POST /subscriptions"
OFFERED = "GET /notifiers"


def with_programs(count=1, **changes):
    """Return pushes at a VTN that has programs, all of them known."""
    course = a_push(**changes)
    ids = [course.client.vtn.add_program(f"p{number}") for number in range(count)]
    course.know(*ids)
    return course, ids


def subscription(course):
    """Return the id of the one subscription that there is."""
    (entry,) = course.client.vtn.entries(Kind.SUBSCRIPTION)
    return entry.id


def test_nothing_is_asked_before_the_edition_is_known():
    course = a_push()
    assert course.round() == []
    assert course.push.wake_at() is None


def test_one_subscription_watches_all_programs_of_a_3_1_vtn():
    course, _ = with_programs(2)
    assert course.round() == [OFFERED, ASKED, MADE]
    (body,) = course.subscriptions()
    (operations,) = body["objectOperations"]
    assert operations == {
        "objects": ["EVENT", "PROGRAM"],
        "operations": ["CREATE", "UPDATE", "DELETE"],
        "callbackUrl": HOOK,
        "bearerToken": "t0ken",
    }
    assert body["clientName"] == "depot"
    assert "programID" not in body
    assert course.push.problem == ""


def test_a_3_0_vtn_has_one_for_each_program_in_http_verbs_and_offers_nothing_else():
    course, ids = with_programs(2, revision="3.0", mqtt=True)
    assert course.round() == [ASKED, MADE, MADE]
    assert [body["programID"] for body in course.subscriptions()] == ids
    verbs = [body["objectOperations"][0]["operations"] for body in course.subscriptions()]
    assert verbs == [["POST", "PUT", "DELETE"]] * 2


def test_programs_that_are_followed_alone_are_watched():
    course, ids = with_programs(2, programs=frozenset({"0", "1"}))
    course.round()
    assert [body["programID"] for body in course.subscriptions()] == ids
    assert course.push.programs == tuple(ids)


@pytest.mark.parametrize(
    ("revision", "written"),
    [("3.1", ["east"]), ("3.0", [{"type": "GROUP", "values": ["east"]}])],
)
def test_what_names_a_target_has_a_subscription_of_its_own(revision, written):
    course, _ = with_programs(revision=revision, targets=("east",))
    course.round()
    assert [body.get("targets") for body in course.subscriptions()] == [None, written]


def test_a_new_program_is_watched_at_once():
    course, ids = with_programs(1, revision="3.0")
    course.round()
    ids.append(course.client.vtn.add_program("new"))
    course.know(*ids)
    assert course.round() == [ASKED, MADE]
    assert [body["programID"] for body in course.subscriptions()] == ids


def test_what_changes_during_a_round_is_seen_right_after_it():
    course, ids = with_programs(1, revision="3.0")
    course.step()
    ids.append(course.client.vtn.add_program("new"))
    course.know(*ids)
    course.round()
    course.later()
    assert [body["programID"] for body in course.subscriptions()] == ids
    assert course.now <= 1.0


def test_a_round_that_finds_all_in_its_place_makes_nothing():
    course, _ = with_programs(revision="3.0")
    course.round()
    assert course.later() == [ASKED]
    assert course.now > 200


def test_what_a_vtn_forgot_is_made_anew():
    course, _ = with_programs()
    course.round()
    course.client.vtn.remove(course.client.vtn.entries(Kind.SUBSCRIPTION)[0])
    course.push.recheck(course.now)
    assert course.round() == [OFFERED, ASKED, MADE]


def test_an_id_that_now_is_anothers_is_not_ours():
    course, _ = with_programs()
    course.round()
    (entry,) = course.client.vtn.entries(Kind.SUBSCRIPTION)
    entry.body["objectOperations"][0]["callbackUrl"] = "https://other.example/hook"
    course.push.recheck(course.now)
    assert course.round() == [OFFERED, ASKED, MADE]
    assert len(course.subscriptions()) == 2


def test_a_restart_makes_its_subscriptions_anew_with_the_token_of_the_run():
    course, ids = with_programs()
    course.round()
    first = subscription(course)
    (kept,) = course.kept
    assert (kept.part, kept.document) == ("push", {"callback": HOOK})
    after = a_push(client=course.client, kept=kept.document, token="another")
    after.know(*ids)
    assert after.round()[2:] == [f"DELETE /subscriptions/{first}", MADE]
    (body,) = after.subscriptions()
    assert body["objectOperations"][0]["bearerToken"] == "another"
    assert after.kept == []


def test_subscriptions_are_taken_back_where_webhooks_are_wanted_no_more():
    course, _ = with_programs()
    course.round()
    first = subscription(course)
    after = a_push(client=course.client, kept=course.kept[0].document, hook="")
    after.know("0")
    assert after.round() == [ASKED, f"DELETE /subscriptions/{first}"]
    assert after.subscriptions() == []
    assert after.kept[-1].document == {"callback": ""}
    assert after.push.wake_at() is None


def test_those_of_an_earlier_address_are_taken_back():
    course, _ = with_programs()
    course.round()
    after = a_push(client=course.client, kept=course.kept[0].document, hook=f"{HOOK}/new")
    after.know("0")
    after.round()
    (body,) = after.subscriptions()
    assert body["objectOperations"][0]["callbackUrl"] == f"{HOOK}/new"


def test_nothing_leads_to_a_callback_that_does_not_answer():
    course, _ = with_programs()
    course.round()
    course.push.serve(course.now, serving=False)
    course.round()
    assert course.subscriptions() == []
    course.push.serve(course.now, serving=True)
    course.round()
    assert len(course.subscriptions()) == 1


def test_subscriptions_of_others_are_left_alone():
    course = a_push()
    mine = {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": HOOK}
    other = {**mine, "callbackUrl": "https://other.example/hook"}
    for body in (
        {"clientName": "depot", "objectOperations": [other]},
        {"clientName": "someone", "objectOperations": [mine]},
    ):
        course.client.ask("POST", "/subscriptions", body)
    course.know()
    course.round()
    assert len(course.subscriptions()) == 3


@pytest.mark.parametrize(
    "item", [b"7", b'"{"', b'{"id": true, "clientName": "depot"}', b'{"id": "0"}']
)
def test_an_item_that_is_no_subscription_hides_none(item):
    course, _ = with_programs()
    course.faults[ASKED] = [Answer(200, body=b"[" + item + b"]")]
    course.round()
    assert len(course.subscriptions()) == 1


def test_a_name_that_is_taken_is_looked_up():
    course, _ = with_programs()
    course.faults[MADE] = [Answer(409, body=b"[]")]
    assert course.round() == [OFFERED, ASKED, MADE, ASKED, MADE]
    assert len(course.subscriptions()) == 1


def test_a_name_that_is_taken_for_good_is_told_and_tried_again_later():
    course, _ = with_programs()
    course.faults[MADE] = [409, 409]
    course.round()
    assert course.push.problem == "no subscription: HTTP 409"
    assert MADE in course.later()
    assert course.push.problem == ""


def test_a_lost_answer_makes_no_second_subscription():
    course, _ = with_programs()
    course.client.ask(
        "POST",
        "/subscriptions",
        {
            "clientName": "depot",
            "objectOperations": [{"objects": [], "operations": [], "callbackUrl": HOOK}],
        },
    )
    course.faults[MADE] = [Answer(0, problem="cannot be reached")]
    course.round()
    assert course.push.problem.endswith("cannot be reached")
    course.later()
    assert len(course.subscriptions()) == 1
    assert course.push.problem == ""


@pytest.mark.parametrize(
    ("revision", "refusals", "verbs"),
    [
        ("3.1", 1, ["CREATE", "UPDATE", "DELETE"]),
        ("3.1", 2, ["POST", "PUT", "DELETE"]),
        ("3.0", 1, ["CREATE", "UPDATE", "DELETE"]),
    ],
)
def test_a_vtn_that_wants_it_otherwise_gets_it_otherwise(revision, refusals, verbs):
    course, ids = with_programs(revision=revision)
    course.faults[MADE] = [400] * refusals + [Answer(201, body=b'{"id": "0"}')]
    course.round()
    sent = course.requests[-1].body
    assert (sent["objectOperations"][0]["operations"], sent["programID"]) == (verbs, ids[0])


def test_a_vtn_that_refuses_every_form_is_asked_again_later_from_the_first():
    course, _ = with_programs()
    course.faults[MADE] = [400, 400, 400]
    assert course.round().count(MADE) == 3
    assert course.push.problem == "no subscription: HTTP 400"
    course.later()
    assert len(course.subscriptions()) == 1
    assert "programID" not in course.subscriptions()[0]


def test_an_answer_without_an_id_is_looked_up():
    course, _ = with_programs()
    course.faults[MADE] = [Answer(201, body=b"{}")]
    course.round()
    assert "holds no id" in course.push.problem
    course.later()
    assert len(course.subscriptions()) == 1


def test_trouble_of_the_moment_is_waited_out_longer_each_time():
    course, _ = with_programs()
    course.faults[OFFERED] = [
        Answer(0, problem="x"),
        Answer(0, problem="x"),
        Answer(0, problem="x"),
    ]
    waits = []
    for _ in range(3):
        course.round()
        waits.append(course.push.wake_at() - course.now)
        course.now = course.push.wake_at()
    assert waits == [5.0, 10.0, 20.0]
    course.round()
    assert len(course.subscriptions()) == 1


def test_a_vtn_that_asks_for_patience_gets_it():
    course, _ = with_programs()
    course.faults[OFFERED] = [Answer(429, {"retry-after": "120"})]
    course.round()
    assert course.push.wake_at() == 120
    course.push.recheck(course.now)
    assert course.push.wake_at() == 120


@pytest.mark.parametrize("path", [OFFERED, ASKED])
def test_what_fails_for_long_is_gone_on_without(path):
    course, _ = with_programs()
    course.faults[path] = [500, 500, 500]
    for _ in range(3):
        course.later()
    assert len(course.subscriptions()) == 1


@pytest.mark.parametrize("status", [403, 404, 501])
def test_webhooks_go_on_where_a_vtn_keeps_its_offer_to_itself(status):
    course, _ = with_programs()
    course.faults[OFFERED] = [status]
    course.round()
    assert len(course.subscriptions()) == 1
    assert course.push.problem == f"/notifiers: HTTP {status}"


def test_a_vtn_without_webhooks_gets_no_subscription():
    course, _ = with_programs()
    course.faults[OFFERED] = [Answer(200, body=b'{"WEBHOOK": false}')]
    course.round()
    assert course.subscriptions() == []
    assert course.push.problem == "it offers no webhooks"


def test_where_no_list_is_to_be_had_what_was_made_counts():
    course, _ = with_programs()
    course.faults[ASKED] = [403, 403]
    assert course.round()[-1] == MADE
    assert course.later() == [OFFERED, ASKED]
    assert "cannot be listed" in course.push.problem


@pytest.mark.parametrize(("status", "said"), [(404, ""), (403, " stays: HTTP 403")])
def test_one_that_cannot_be_taken_back_stays_and_is_told(status, said):
    course, _ = with_programs()
    course.round()
    after = a_push(client=course.client, kept=course.kept[0].document)
    after.know("0")
    first = subscription(course)
    after.faults[f"DELETE /subscriptions/{first}"] = [status]
    after.round()
    assert after.push.problem == (said and f"/subscriptions/{first}{said}")
    assert len(after.subscriptions()) == 2


BROKER = {"how": Options(broker="mqtts://broker.example"), "mqtt": True}


def test_topics_are_asked_for_and_never_made_up():
    course = a_push(hook="", **BROKER)
    program = course.client.vtn.add_program("flex")
    course.know(program, ven_id="")
    topics = "/notifiers/mqtt/topics"
    assert course.round() == [
        OFFERED,
        f"GET {topics}/programs",
        f"GET {topics}/programs/{program}/events",
    ]
    assert course.push.broker.places == (Place("broker.example", 8883, tls=True),)
    named = [json.loads(course.answer(it).body)["topics"]["ALL"] for it in course.requests[1:]]
    assert course.push.topics == frozenset(named)
    assert course.push.problem == ""


def test_topics_that_are_refused_are_missing_and_the_rest_counts():
    course, ids = with_programs(hook="", programs=frozenset({"p0"}), **BROKER)
    course.push.know(course.revision, tuple(ids), "v7", course.now)
    course.faults[f"GET /notifiers/mqtt/topics/programs/{ids[0]}"] = [403]
    course.faults[f"GET /notifiers/mqtt/topics/programs/{ids[0]}/events"] = [
        Answer(200, body=b'"do some magic!"')
    ]
    course.faults["GET /notifiers/mqtt/topics/vens/v7/events"] = [
        Answer(200, body=b'{"topics": {"CREATE": "a", "UPDATE": "b", "DELETE": "c"}}')
    ]
    course.faults["GET /notifiers/mqtt/topics/vens/v7/programs"] = [500, 500, 500]
    course.round()
    while not course.push.topics:
        course.later()
    assert course.push.topics == {"a", "b", "c"}
    assert "HTTP 403" in course.push.problem
    assert "names no topics" in course.push.problem


def test_a_broker_that_cannot_be_used_is_told_and_webhooks_go_on():
    course, _ = with_programs(how=Options(broker="mqtt://broker.example"), mqtt=True)
    course.round()
    assert course.push.broker is None
    assert "without TLS only" in course.push.problem
    assert len(course.subscriptions()) == 1


def test_a_broker_that_nobody_wants_is_not_asked_about():
    course, _ = with_programs(how=Options(broker="mqtts://broker.example"))
    assert course.round() == [OFFERED, ASKED, MADE]
    assert course.push.broker is None


def test_of_very_many_programs_the_first_are_watched_and_that_is_said():
    course, _ = with_programs(60, revision="3.0")
    course.round()
    assert len(course.subscriptions()) == 50
    assert course.push.problem == "of 60 programs 50 are watched"


def test_a_ven_without_a_name_is_known_by_its_client():
    course = a_push(client=a_client())
    course.know()
    course.round()
    assert course.subscriptions()[0]["clientName"] == "depot"
