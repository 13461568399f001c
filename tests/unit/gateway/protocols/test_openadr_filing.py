"""A report is filed once, whatever becomes of the answers."""

import json

import pytest

from gateway.protocols.openadr_filing import PAGE, Fate, Filing
from gateway.protocols.openadr_http import Answer

REPORT = {
    "eventID": "1",
    "clientName": "gateway-1",
    "reportName": "USAGE/CS1/1",
    "resources": [{"resourceName": "CS1", "intervals": [{"id": 0, "payloads": [3.2]}]}],
}


def ok(*reports):
    return Answer(200, body=json.dumps(list(reports)).encode())


def asked(filing):
    request = filing.request()
    return f"{request.method} {request.path}"


def a_looked_up(*reports):
    filing = Filing(REPORT)
    assert asked(filing) == "GET /reports"
    return filing, filing.answered(ok(*reports))


def test_a_report_that_is_not_there_is_posted():
    filing, fate = a_looked_up({**REPORT, "reportName": "another"})
    assert (fate, asked(filing)) == (Fate.ASKING, "POST /reports")
    assert filing.answered(Answer(201)) is Fate.FILED


def test_a_report_that_is_there_is_not_posted_again():
    assert a_looked_up({**REPORT, "id": "7"})[1] is Fate.FILED


def test_a_report_that_says_something_else_is_updated():
    filing, fate = a_looked_up({**REPORT, "id": "7", "resources": []})
    assert (fate, asked(filing)) == (Fate.ASKING, "PUT /reports/7")
    assert filing.answered(Answer(200)) is Fate.FILED


@pytest.mark.parametrize("lost", [Answer(0, problem="timed out"), Answer(500), Answer(409)])
def test_after_a_lost_answer_it_is_looked_up_before_it_is_repeated(lost):
    filing, _ = a_looked_up()
    assert filing.answered(lost) is Fate.LATER
    assert asked(filing) == "GET /reports"
    assert filing.answered(ok({**REPORT, "id": "7"})) is Fate.FILED


def test_every_page_is_looked_through():
    filing, fate = a_looked_up(*[{"id": str(n)} for n in range(PAGE)])
    assert (fate, asked(filing)) == (Fate.ASKING, "GET /reports")
    assert ("skip", "50") in filing.request().query
    assert filing.answered(ok({**REPORT, "id": "7"})) is Fate.FILED


@pytest.mark.parametrize("body", [b"{}", b"[", b"\xff"])
def test_nothing_is_posted_while_the_list_cannot_be_read(body):
    filing = Filing(REPORT)
    assert filing.answered(Answer(200, body=body)) is Fate.LATER
    assert filing.problem
    assert asked(filing) == "GET /reports"


def test_what_the_vtn_never_will_take_is_refused():
    filing, _ = a_looked_up()
    assert filing.answered(Answer(400)) is Fate.REFUSED
    assert filing.problem == "HTTP 400"


def test_a_report_that_vanished_before_its_update_is_looked_up_again():
    filing, _ = a_looked_up({**REPORT, "id": "7", "resources": []})
    assert filing.answered(Answer(404)) is Fate.LATER
    assert asked(filing) == "GET /reports"


def test_an_id_that_leads_elsewhere_is_not_followed():
    _, fate = a_looked_up({**REPORT, "id": "../events/7", "resources": []})
    assert fate is Fate.REFUSED
