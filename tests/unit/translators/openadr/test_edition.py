"""The edition of an event: what only one edition has shows it, alone or in its program."""

import pytest

from support.openadr import an_event, one
from translators.errors import DocumentError
from translators.openadr.edition import edition_of

MAPPED = [{"type": "GROUP", "values": ["a"]}]
ASKED = [{"payloadType": "USAGE", "reportIntervals": "INTERVALS"}]


@pytest.mark.parametrize(
    ("event", "program", "edition", "why"),
    [
        (an_event(duration="PT4H"), None, "3.1", "the event has a duration"),
        (an_event(targets=["a"]), None, "3.1", "targets are texts"),
        (an_event(intervalPeriod={"duration": "PT1H"}), None, "3.1", "intervalPeriod has no start"),
        (an_event(reportDescriptors=ASKED), None, "3.1", "reportDescriptors have reportIntervals"),
        (one("PRICE_ALTERNATE", 1), None, "3.1", "the event carries PRICE_ALTERNATE"),
        (an_event(), {"attributes": []}, "3.1", "the program has attributes"),
        (an_event(), {"targets": ["a"]}, "3.1", "targets of the program are texts"),
        (an_event(targets=MAPPED), None, "3.0", "targets have a type and values"),
        (an_event(), {"bindingEvents": False}, "3.0", "the program has bindingEvents"),
        (an_event(), {"targets": MAPPED}, "3.0", "targets of the program have a type and values"),
    ],
)
def test_what_one_edition_alone_has_shows_it(event, program, edition, why):
    assert edition_of(event, program) == (edition, why)


@pytest.mark.parametrize(
    "event",
    [
        an_event(),
        an_event(targets=[]),
        an_event(targets=[7, {"type": "GROUP"}]),
        an_event(targets="a", duration=None, reportDescriptors=[1, {}], intervals=[None]),
        {"intervals": [{"payloads": [{"type": 7}, {}]}, {"payloads": 7}]},
        [],
    ],
    ids=["plain", "no targets", "targets of no edition", "odd", "odd payloads", "no event"],
)
def test_what_both_may_have_shows_nothing(event):
    assert edition_of(event) is None


def test_an_event_of_one_edition_in_a_program_of_the_other_is_told_so():
    with pytest.raises(DocumentError) as caught:
        edition_of(an_event(duration="PT4H"), {"country": "NL"})
    assert str(caught.value) == (
        "the event has a duration: is of 3.1, and the program has country, which is 3.0 "
        "(rule OpenADR 3 edition)"
    )
