"""A report is filed once, whatever becomes of the answers."""

import json

import pytest

from gateway.protocols.openadr_filing import Fate, Filing, Shelf, said
from gateway.protocols.openadr_http import Answer
from translators.openadr.wire import parse

REPORT = {
    "eventID": "1",
    "clientName": "gateway-1",
    "reportName": "USAGE/CS1/1",
    "resources": [
        {
            "resourceName": "CS1",
            "intervalPeriod": {"start": "2027-03-09T14:30:00Z", "duration": "PT900S"},
            "intervals": [{"id": 0, "payloads": [{"type": "USAGE", "values": [3.2]}]}],
        }
    ],
}
OTHERWISE = {**REPORT, "id": "7", "resources": []}


def ok(*reports):
    return Answer(200, body=json.dumps(list(reports)).encode())


def created(id_="7"):
    return Answer(201, body=json.dumps({**REPORT, "id": id_}).encode())


def asked(filing):
    request = filing.request()
    return request and f"{request.method} {request.path}"


def a_filing(shelf=None, report=REPORT, **changes):
    return Filing(report, shelf or Shelf("1", "gateway-1"), **changes)


def answered(filing, *answers):
    """Return each request with its fate, in turn."""
    return [(asked(filing), filing.answered(answer)) for answer in answers]


def a_looked_up(*reports, **changes):
    """Return a filing that has read the list: one page, and the empty one behind it."""
    filing = a_filing(**changes)
    pages = [ok(*reports), *([ok()] if reports else [])]
    assert answered(filing, *pages) == [("GET /reports", Fate.ASKING)] * len(pages)
    return filing


def test_a_report_that_is_not_there_is_posted():
    filing = a_looked_up({**REPORT, "reportName": "another"})
    assert answered(filing, created()) == [("POST /reports", Fate.FILED)]


def test_a_report_that_is_there_is_not_posted_again():
    filing = a_looked_up({**REPORT, "id": "7"})
    assert (asked(filing), filing.fate) == (None, Fate.FILED)


@pytest.mark.parametrize("other", [{"clientName": "gateway-2"}, {"eventID": "2"}])
def test_a_list_that_was_not_filtered_is_filtered_here(other):
    assert asked(a_looked_up({**REPORT, "id": "7", **other})) == "POST /reports"


def test_what_is_no_report_hides_no_other():
    filing = a_looked_up(7, {"reportName": 1}, {**REPORT, "id": "7"})
    assert (asked(filing), filing.fate) == (None, Fate.FILED)


def test_a_report_that_says_something_else_is_updated():
    filing = a_looked_up(OTHERWISE)
    assert answered(filing, Answer(200)) == [("PUT /reports/7", Fate.FILED)]


def with_values(*values):
    """The report with an interval for each value; None is MISSING."""
    intervals = [
        {"payloads": [{"type": "DATA_QUALITY" if it is None else "USAGE", "values": [it]}]}
        for it in values
    ]
    return {**REPORT, "id": "7", "resources": [{"resourceName": "CS1", "intervals": intervals}]}


def test_a_report_that_must_not_change_is_left_as_it_is():
    filing = a_looked_up(with_values(4), updates=False)
    assert (asked(filing), filing.fate) == (None, Fate.FILED)


def test_a_report_that_tells_of_fewer_intervals_is_replaced_all_the_same():
    filing = a_filing(report=with_values(4, 5), updates=False)
    assert answered(filing, ok(with_values(3, None)), ok(), Answer(200))[-1] == (
        "PUT /reports/7",
        Fate.FILED,
    )


@pytest.mark.parametrize(
    "lost", [Answer(0, problem="timed out"), Answer(500), Answer(409), Answer(401), Answer(403)]
)
def test_after_a_lost_answer_it_is_looked_up_before_it_is_repeated(lost):
    filing = a_looked_up()
    assert answered(filing, lost) == [("POST /reports", Fate.LATER)]
    assert answered(filing, ok({**REPORT, "id": "7"}), ok()) == [
        ("GET /reports", Fate.ASKING),
        ("GET /reports", Fate.ASKING),
    ]
    assert (asked(filing), filing.fate) == (None, Fate.FILED)


def test_every_page_is_looked_through():
    filing = a_filing()
    assert (
        answered(
            filing,
            ok(*[{"id": str(n)} for n in range(50)]),
            ok({**REPORT, "id": "7"}),
            ok(),
        )
        == [("GET /reports", Fate.ASKING)] * 3
    )
    assert (asked(filing), filing.fate) == (None, Fate.FILED)


def test_the_list_is_read_once_for_an_event():
    shelf = Shelf("1", "gateway-1")
    answered(a_filing(shelf), ok(), created())
    other = a_filing(shelf, {**REPORT, "reportName": "another"})
    assert answered(other, created("8")) == [("POST /reports", Fate.FILED)]
    again = a_filing(shelf)
    assert (asked(again), again.fate) == (None, Fate.FILED)
    update = a_filing(shelf, OTHERWISE)
    assert answered(update, ok_one(), Answer(200)) == [
        ("GET /reports/7", Fate.ASKING),
        ("PUT /reports/7", Fate.FILED),
    ]


def ok_one(**changes):
    return Answer(200, body=json.dumps({**REPORT, "id": "7", **changes}).encode())


@pytest.mark.parametrize(
    "found",
    [ok_one(reportName="another"), Answer(404), Answer(200, body=b"7"), Answer(200, body=b"{")],
)
def test_an_id_that_is_of_another_report_by_now_is_not_written_to(found):
    shelf = Shelf("1", "gateway-1")
    answered(a_filing(shelf, fresh=True), created())
    update = a_filing(shelf, OTHERWISE)
    assert answered(update, found, ok(), created("8")) == [
        ("GET /reports/7", Fate.ASKING),
        ("GET /reports", Fate.ASKING),
        ("POST /reports", Fate.FILED),
    ]


@pytest.mark.parametrize("answer", [Answer(500), Answer(0, problem="timed out")])
def test_a_report_that_cannot_be_read_is_not_updated(answer):
    shelf = Shelf("1", "gateway-1")
    answered(a_filing(shelf, fresh=True), created())
    update = a_filing(shelf, OTHERWISE)
    assert answered(update, answer) == [("GET /reports/7", Fate.LATER)]
    assert asked(update) == "GET /reports/7"


def test_what_is_fresh_is_not_looked_up_before_it_was_sent():
    filing = a_filing(fresh=True)
    assert answered(filing, Answer(500), ok(), created()) == [
        ("POST /reports", Fate.LATER),
        ("GET /reports", Fate.ASKING),
        ("POST /reports", Fate.FILED),
    ]


def test_what_was_filed_fresh_is_updated_without_a_list():
    shelf = Shelf("1", "gateway-1")
    answered(a_filing(shelf, fresh=True), created())
    assert asked(a_filing(shelf, OTHERWISE)) == "GET /reports/7"


def test_a_list_without_end_is_not_looked_through(monkeypatch):
    monkeypatch.setattr("gateway.protocols.openadr_filing._MOST_LISTED", 60)
    filing = a_filing()
    pages = [ok(*({"id": f"{page}-{n}"} for n in range(50))) for page in range(2)]
    assert [fate for _, fate in answered(filing, *pages)] == [Fate.ASKING, Fate.REFUSED]
    assert "more than 60 reports" in filing.problem


def test_an_update_is_known_as_it_was_sent():
    shelf = Shelf("1", "gateway-1")
    answered(a_filing(shelf), ok(OTHERWISE), ok(), Answer(200))
    again = a_filing(shelf)
    assert (asked(again), again.fate) == (None, Fate.FILED)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": "../events/7"}'])
def test_a_report_whose_id_did_not_come_is_looked_up_before_the_next(body):
    shelf = Shelf("1", "gateway-1")
    filing = a_filing(shelf)
    assert answered(filing, ok(), Answer(201, body=body))[1] == ("POST /reports", Fate.FILED)
    assert asked(a_filing(shelf)) == "GET /reports"


@pytest.mark.parametrize("answer", [Answer(200, body=b"{}"), Answer(200, body=b"["), Answer(500)])
def test_nothing_is_posted_while_the_list_cannot_be_read(answer):
    filing = a_filing()
    assert answered(filing, answer) == [("GET /reports", Fate.LATER)]
    assert filing.problem
    assert asked(filing) == "GET /reports"


@pytest.mark.parametrize("status", [400, 404, 422, 501])
def test_what_the_vtn_never_will_take_is_refused(status):
    filing = a_looked_up()
    assert answered(filing, Answer(status)) == [("POST /reports", Fate.REFUSED)]
    assert filing.problem == f"HTTP {status}"


def test_a_conflict_with_what_no_list_shows_ends():
    filing = a_filing()
    steps = answered(filing, *[ok(), Answer(409)] * 6)
    assert [fate for _, fate in steps[1::2]] == [Fate.LATER] * 5 + [Fate.REFUSED]


def test_a_report_that_vanished_before_its_update_is_looked_up_again():
    filing = a_looked_up(OTHERWISE)
    assert answered(filing, Answer(404)) == [("PUT /reports/7", Fate.LATER)]
    assert asked(filing) == "GET /reports"


def test_an_id_that_leads_elsewhere_is_not_followed():
    filing = a_looked_up({**OTHERWISE, "id": "../events/7"})
    assert (asked(filing), filing.fate) == (None, Fate.REFUSED)


def as_it_came(text):
    return said(parse(text))


@pytest.mark.parametrize("number", ["7", "7.0", "70e-1", "0.7e1"])
def test_a_number_is_known_however_it_is_written(number):
    text = '{"resources": [{"intervals": [{"payloads": [{"type": "READING", "values": [%s]}]}]}]}'
    assert as_it_came(text % number) == as_it_came(text % "7")
    assert as_it_came(text % number) != as_it_came(text % "70")


@pytest.mark.parametrize("written", ["PT15M", "P0DT0H15M0S"])
def test_times_in_the_words_of_the_vtn_are_no_other_report(written):
    assert said(json.loads(json.dumps(REPORT).replace("PT900S", written))) == said(REPORT)


@pytest.mark.parametrize(
    "odd",
    [
        '{"resources": 7}',
        '{"resources": [7]}',
        '{"resources": [{"intervals": [7, {"payloads": 1}]}]}',
    ],
)
def test_a_report_of_any_form_has_a_digest(odd):
    assert as_it_came(odd) != said(REPORT)
