"""Coverage as JSON and as a page."""

import re

from support.coverage import a_document, a_source, counted
from translators.rules.coverage.rendering import as_html, as_json, name

RULE = a_source(quantity={"setpoint": {"from": "value", "unit": "W"}})
LEAVES = ["opModX/value", "opModY", "a<b"]


def figures():
    return counted([a_document(leaves=LEAVES, refused={"a<b": "it is <odd>"})], [RULE])


def test_json_has_every_leaf_with_what_becomes_of_it():
    told = as_json(figures())
    assert told["complete"] is False
    assert told["totals"] == "ieee2030_5 2018 source 2/3"
    (kind,) = told["types"]
    assert (kind["type"], kind["covered"], kind["document"], kind["faults"]) == (
        "DERControlBase",
        2,
        "c.doc",
        [],
    )
    assert [leaf["state"] for leaf in kind["leaves"]] == ["let go", "rule", "missing"]
    assert kind["leaves"][0] == {
        "leaf": "a<b",
        "state": "let go",
        "by": "c.doc",
        "reason": "it is <odd>",
        "loss": "unsupported",
    }


def test_the_page_stands_alone_is_escaped_and_opens_what_is_not_complete():
    page = as_html(figures())
    assert "http" not in page.replace("<!doctype html>", "")
    assert "it is &lt;odd&gt;" in page
    assert "<odd>" not in page
    assert page.count("<details open>") == 1
    assert '<tr class="missing"><td><code>opModY</code>' in page
    assert len(re.findall("<tr class=", page)) == len(LEAVES)


def test_the_page_closes_what_is_complete_and_shows_faults():
    done = as_html(counted([a_document(leaves=["opModX/value"])], [RULE]))
    assert "<details><summary>" in done
    stale = as_html(counted([a_document(leaves=[], ignored={"old": "of no effect"})]))
    assert '<p class="fault">old: fits no leaf that is left</p>' in stale


def test_a_part_that_another_schema_adds_has_its_name():
    document = a_document(leaves=[])
    document = document.model_copy(
        update={"subject": document.subject.model_copy(update={"of": "CSIP-AUS"})}
    )
    (figure,) = counted([document])
    assert name(figure) == "ieee2030_5 2018 DERControlBase of CSIP-AUS source"
