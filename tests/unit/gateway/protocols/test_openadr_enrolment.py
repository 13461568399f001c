"""Registration: what a VTN answers to a name that is taken, and what it forgets."""

import pytest

from gateway.protocols.openadr_enrolment import Enrolment
from gateway.protocols.openadr_http import Answer
from support.openadr_ven import EPOCH, RESOURCES, AVtn, an_access
from translators.canonical.commands import Revision

NEW = Revision.OPENADR_3_1
OLD = Revision.OPENADR_3_0
POWER = [{"type": "MAX_POWER_CONSUMPTION", "values": [22]}]


def an_enrolment(**changes):
    return Enrolment(an_access(ven="gw", resources=RESOURCES, **changes))


def round_of(enrolment, vtn, revision=NEW, steps=40):
    for _ in range(steps):
        request = enrolment.request(revision)
        if request is None or enrolment.problem:
            break
        enrolment.answered(request, vtn.answer(request, EPOCH), 0.0, 0.5)
    return enrolment


def test_a_name_that_is_taken_is_looked_up_and_used():
    vtn = AVtn(faults=[Answer(200, body=b"[]"), 409])
    vtn.vens = [{"id": "7", "venName": "gw"}]
    assert round_of(an_enrolment(), vtn).ven_id == "7"


def test_a_name_that_belongs_to_another_is_a_problem():
    vtn = AVtn(faults=[Answer(200, body=b"[]"), 409] * 2)
    assert "'gw' is taken" in round_of(an_enrolment(), vtn).problem


def test_a_resource_that_is_taken_is_looked_up_and_used():
    vtn = AVtn(vens=[{"id": "0", "venName": "gw"}])
    vtn.resources = [{"id": "4", "venID": "0", "resourceName": "CS1-1"}]
    vtn.faults = [None, None, Answer(200, body=b"[]"), 409]
    assert round_of(an_enrolment(), vtn).resource_ids["CS1-1"] == "4"


def test_a_vtn_that_forgot_everything_is_told_again():
    enrolment = round_of(an_enrolment(), AVtn())
    enrolment.over(0.0, 0.5)
    after = AVtn()
    round_of(enrolment, after)
    assert (len(after.vens), len(after.resources)) == (1, 2)


def test_a_put_of_3_0_keeps_what_others_wrote():
    others = {"type": "LOCATION", "values": ["x"]}
    groups = [{"type": "GROUP", "values": ["feeder9"]}]
    vtn = AVtn(vens=[{"id": "0", "venName": "gw"}])
    vtn.resources = [
        {
            "id": "4",
            "resourceName": "CS1-1",
            "targets": groups,
            "attributes": [others, {"type": []}],
        }
    ]
    enrolment = an_enrolment()
    enrolment.describe("CS1", POWER, 0.0)
    round_of(enrolment, vtn, OLD)
    assert vtn.resources[0]["targets"] == groups
    assert vtn.resources[0]["attributes"] == [others, *POWER]


def test_targets_are_written_by_the_ven_in_3_0_alone():
    old, new = AVtn(), AVtn()
    round_of(an_enrolment(targets=("feeder7",)), old, OLD)
    round_of(an_enrolment(targets=("feeder7",)), new, NEW)
    assert old.vens[0]["targets"] == [{"type": "GROUP", "values": ["feeder7"]}]
    assert "targets" not in new.vens[0]


@pytest.mark.parametrize("body", [b"[]", b"", b'{"id": ""}', b'[{"id": {}}]'])
def test_an_answer_without_an_id_is_a_problem(body):
    vtn = AVtn(faults=[Answer(200, body=b"[]"), Answer(200, body=b"[]"), Answer(201, body=body)])
    vtn.faults.pop(0)
    assert "holds no id" in round_of(an_enrolment(), vtn).problem
