"""The page at its edges: hostile texts in every place, missing pieces, every kind of number."""

import json
from copy import deepcopy

import pytest

from support.explained import explained
from support.pages import admitted, fetched, tree, words
from support.told import a_loss, a_message, a_number, a_refusal, a_step, told
from translators.explain import as_page

HOSTILE = [
    pytest.param("</li></ul><script>alert(1)</script>", id="a script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="out of an attribute"),
    pytest.param("' onmouseover='alert(1)", id="out of single quotes"),
    pytest.param("&lt;b&gt; & &amp;", id="escaped already"),
    pytest.param("]]> --> <!-- <![CDATA[", id="ends of sections"),
    pytest.param("</style></title><base href=//x>", id="out of the head"),
    pytest.param("\u202egnp.exe \u2028 \u00a0 \U0001f600", id="odd characters"),
    pytest.param("[1] a..b/c[0].d = e", id="what paths are made of"),
]


def everywhere(evil):
    """Return an explanation that says one text in every place where a text may come from outside."""
    step = a_step(evil, evil, evil, rule=evil, cites=[evil], before=evil, after=evil, base=evil)
    number = a_number(
        evil,
        evil,
        sources=[{"field": evil, "raw": evil}],
        steps=[step],
        losses=[a_loss(detail=evil)],
    )
    number["canonical"] = [{"function": evil, "field": evil}]
    message = a_message(number, payload={evil: evil, "list": [evil, {evil: [evil]}]})
    message |= {"action": evil, "functions": [evil], "ocpp": evil}
    return told(
        message,
        document=dict.fromkeys(("kind", "mRID", "protocol", "revision", "primacy"), evil),
        station={"id": evil, "ocpp": evil},
        book=evil,
        texts=[
            {"name": evil, "text": evil},
            {"name": "json", "text": json.dumps({evil: [evil]})},
            {"name": "xml", "text": "<a b='&quot;&lt;'><c>&lt;script&gt;</c></a>"},
        ],
        commands=[
            {"mRID": evil, "primacy": evil, "interval": None, "controls": {evil: {evil: evil}}}
        ],
        followed=[evil],
        refused=[a_refusal(function=evil, where=evil, problem=evil, rule=evil, outcome=evil)],
        losses=[a_loss(kind=evil, where=evil, detail=evil, rule=evil, residual=evil)],
        response_status=evil,
    )


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_hostile_text_stays_a_text_wherever_it_stands(evil):
    root = tree(as_page([everywhere(evil)]))
    assert admitted(root)
    assert fetched(root) == []
    assert [child.tag for child in root] == ["head", "body"]
    assert len(root.xpath("//script")) == len(root.xpath("//style")) == 1
    assert root.xpath("//img | //base | //b") == []
    assert not root.xpath("//@*[starts-with(name(), 'on')]")
    assert " ".join(evil.split()) in words(root.find("body"))


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_hostile_text_does_not_reach_the_script_or_the_policy(evil):
    plain, full = (tree(as_page([made])) for made in (told(), everywhere(evil)))
    for path in ("//script", "//style", "//meta[@http-equiv]/@content"):
        assert full.xpath(f"string({path})") == plain.xpath(f"string({path})")


def test_a_document_is_left_as_it_was():
    before = explained("GV09")
    kept = deepcopy(before)
    as_page([before])
    assert before == kept


KINDS = [
    pytest.param(5, "5", id="whole"),
    pytest.param(-3, "-3", id="negative"),
    pytest.param(0, "0", id="zero"),
    pytest.param(-72.7273, "-72.7273", id="with decimals"),
    pytest.param(1e-7, "1e-07", id="small"),
    pytest.param(True, "true", id="a truth"),
    pytest.param("W", '"W"', id="a unit"),
    pytest.param("2026-12-01T18:00:00Z", '"2026-12-01T18:00:00Z"', id="an instant"),
]


@pytest.mark.parametrize(("value", "text"), KINDS)
def test_every_kind_of_number_can_be_pointed_at_in_three_columns(value, text):
    message = a_message(a_number(value=value), payload={"fixedVar": {"setpoint": value}})
    root = tree(as_page([told(message)]))
    shown = [words(button) for button in root.xpath("//button[@data-n = '1']")]
    assert shown == ["5", '"5"', text]
    (way,) = root.xpath("//section[@data-n = '1']")
    assert words(way.find("h3")) == f"fixedVar/setpoint = {text}"


def buttons(explanation):
    return [words(button) for button in tree(as_page([explanation])).xpath("//button")]


def test_without_its_text_a_source_stands_among_what_is_known_besides():
    explanation = told(a_message(a_number()), texts=[])
    root = tree(as_page([explanation]))
    assert root.xpath("//h3[. = 'Known besides']")
    assert [words(one) for one in root.xpath("//section[h2 = 'Source']//button")] == ["5"]


def test_without_a_canonical_field_two_columns_light_up():
    assert buttons(told(a_message(a_number(canonical=[])))) == ["5", "5"]


def test_without_a_source_the_message_alone_can_be_pointed_at():
    own = a_number(sources=[], canonical=[], steps=[])
    assert buttons(told(a_message(own))) == ["5"]
    assert "The gateway's own." in words(tree(as_page([told(a_message(own))])))


def test_a_number_that_the_payload_lacks_is_still_told():
    root = tree(as_page([told(a_message(a_number("gone/away")))]))
    assert root.xpath("//section[@data-n = '1']/h3")
    assert not root.xpath("//section[h2 = 'Messages']//button")


def test_without_numbers_there_is_no_place_for_their_ways():
    root = tree(as_page([told(a_message())]))
    assert not root.xpath("//div[@class = 'why']")
    assert not root.xpath("//button")


def test_what_is_missing_altogether_is_said():
    page = words(tree(as_page([told(texts=[], commands=[])])))
    assert "No text is at hand." in page
    assert "The document becomes no command." in page
    assert "Nothing is sent." in page


def test_a_value_of_two_numbers_lights_up_with_both():
    one, two = a_number("a", 5), a_number("b", 7)
    root = tree(as_page([told(a_message(one, two, payload={"a": 5, "b": 7}))]))
    assert root.xpath("//section[h2 = 'Source']//button/@data-n") == ["1 2"]
    assert root.xpath("//section[h2 = 'Messages']//button/@data-n") == ["1", "2"]


def test_a_source_that_one_number_has_twice_is_named_once():
    sources = [{"field": "P/value", "raw": "5"}, {"field": "value", "raw": "5"}]
    root = tree(as_page([told(a_message(a_number(sources=sources)))]))
    assert root.xpath("//section[h2 = 'Source']//button/@data-n") == ["1"]


def test_messages_of_one_kind_keep_their_numbers_apart():
    both = [a_message(a_number(value=v), payload={"fixedVar": {"setpoint": v}}) for v in (5, 6)]
    root = tree(as_page([told(*both)]))
    found = root.xpath("//section[h2 = 'Messages']//button")
    assert [(words(one), one.get("data-n")) for one in found] == [("5", "1"), ("6", "2")]


def test_a_later_interval_lights_up_in_its_own_command():
    commands = [told()["commands"][0] | {"mRID": name} for name in ("0A", "0B")]
    number = a_number(canonical=[{"function": "FixedVar", "field": "[1] value"}])
    root = tree(as_page([told(a_message(number), commands=commands)]))
    section = root.xpath("//section[h2 = 'Canonical command']")[0]
    assert [words(one) for one in section.xpath("h3")] == [
        "Interval 1",
        "FixedVar",
        "Interval 2",
        "FixedVar",
    ]
    lists = section.xpath("ul")
    assert [len(one.xpath(".//button")) for one in lists] == [0, 0, 0, 1]


def test_a_document_nested_deeply_is_indented_to_an_end():
    deep = 5
    for _ in range(20):
        deep = {"a": {"b": deep, "c": "x" * 70}}
    root = tree(as_page([told(texts=[{"name": "deep", "text": json.dumps(deep)}])]))
    depths = {int(name[1:]) for name in root.xpath("//ul[@class = 'listing']/li/@class")}
    assert max(depths) == 12


def test_no_documents_at_all_are_a_page_too():
    assert words(tree(as_page([])).find(".//title")) == "0 documents explained"
