"""The page: one number, lit up in source, command and message; safe, whole and readable without scripts."""

import pytest

from support.explained import explained
from support.pages import admitted, fetched, tree, words
from support.vector_builders import GOLDEN
from translators.explain import as_page, unmapped

VECTORS = sorted(GOLDEN.glob("*/*.json"))


def shown(*explanations):
    return tree(as_page(list(explanations)))


def column(root, heading):
    (found,) = root.xpath(f"//section[h2 = '{heading}']")
    return found


def values(part):
    """Return the values that can be pointed at, with the numbers that they belong to."""
    return [(words(button), button.get("data-n").split()) for button in part.xpath(".//button")]


def number_of(root, target):
    """Return the id of an emitted number, by the heading of its way."""
    (way,) = root.xpath(f"//section[@data-n][starts-with(h3, '{target} = ')]")
    return way.get("data-n")


def lit(root, target):
    """Return what lights up with a number, by column."""
    n = number_of(root, target)
    return {
        heading: [value for value, ids in values(column(root, heading)) if n in ids]
        for heading in ("Source", "Canonical command", "Messages")
    }


def test_a_number_lights_up_in_source_command_and_message():
    assert lit(shown(explained("GV06a")), "fixedVar/setpoint") == {
        "Source": ["-2000"],
        "Canonical command": ['"-20 pct[setMaxW]"'],
        "Messages": ["-72.7273"],
    }


def test_a_vertex_lights_up_in_the_curve_behind_its_link():
    assert lit(shown(explained("GV09")), "curve/curveData[2]/x") == {
        "Source": ["9800", "-2"],
        "Canonical command": ['"98"'],
        "Messages": ["98"],
    }


def test_a_vertex_that_was_put_in_lights_up_with_both_neighbours():
    assert lit(shown(explained("GV09")), "curve/curveData[1]/y")["Source"] == ["6000", "0", "-2"]


def test_a_multiplier_lights_up_with_all_that_it_scales():
    root = shown(explained("GV09"))
    scales = {
        text: set(button.get("data-n").split())
        for button in column(root, "Source").xpath(".//button")
        for text in [words(button.getparent())]
        if "Multiplier" in text
    }
    vertices = {axis: set() for axis in "xy"}
    for number in range(5):
        for axis in "xy":
            vertices[axis].add(number_of(root, f"curve/curveData[{number}]/{axis}"))
    assert scales == {f"<{axis}Multiplier> -2 </{axis}Multiplier>": vertices[axis] for axis in "xy"}


def test_times_and_primacy_light_up_too():
    root = shown(explained("GV01"))
    assert lit(root, "fixedPFInject/duration") == {
        "Source": ["3600"],
        "Canonical command": ["3600"],
        "Messages": ["3600"],
    }
    assert lit(root, "fixedPFInject/priority")["Source"] == ["10"]


def test_a_payload_of_openadr_lights_up_in_its_own_interval():
    root = shown(explained("GV29"))
    limit = "chargingProfile/chargingSchedule[0]/chargingSchedulePeriod[{}]/limit"
    first, second = (lit(root, limit.format(number)) for number in (0, 1))
    assert first == {
        "Source": ["50.0"],
        "Canonical command": ['"50000 W"'],
        "Messages": ["50000"],
    }
    assert second == {
        "Source": ["20.5"],
        "Canonical command": ['"20500 W"'],
        "Messages": ["20500"],
    }


def test_a_data_object_of_iec_61850_lights_up():
    assert lit(shown(explained("IV01", "own")), "limitMaxDischarge/pctMaxDischargePower") == {
        "Source": ["50"],
        "Canonical command": ['"50 pct[setMaxW]"'],
        "Messages": ["55"],
    }


def test_what_no_document_says_stands_among_what_is_known_besides():
    source = column(shown(explained("GV14")), "Source")
    (besides,) = source.xpath("h3[. = 'Known besides']/following-sibling::ul")
    assert [words(item) for item in besides] == [
        "transaction tx-1/running setpoint = 20000",
        "DERProgram/primacy = 10",
    ]


def test_the_way_of_a_number_shows_operations_bases_rule_clauses_and_losses():
    root = shown(explained("GV06a"))
    (way,) = root.xpath(f"//section[@data-n = '{number_of(root, 'fixedVar/setpoint')}']")
    rows = [[words(cell) for cell in row] for row in way.xpath(".//tbody/tr")]
    assert rows[3][:4] == [
        "rebase pct[setMaxW] -> pct[setMaxVar]",
        "-20",
        "-800/11",
        "setMaxW = 10000, setMaxVarNeg = 2750",
    ]
    assert rows[0][4] == "ieee2030_5.fixed_var@1.0.0"
    assert "IEEE 2030.5-2018 DERUnitRefType" in rows[0][5]
    assert [words(item).split()[0] for item in way.xpath(".//li")] == ["rebase", "round"]


def asked_for(told, passed):
    """Say whether a command of the document has this field; others are completed on the way."""
    place, scoped, rest = passed["field"].partition("] ")
    command = told["commands"][int(place[1:]) if scoped else 0]
    name = (rest if scoped else place).partition("[")[0].partition(".")[0]
    return name in command["controls"].get(passed["function"], command)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_emitted_number_of_every_vector_can_be_pointed_at(path):
    told = explained(path.stem, path.parent.name)
    root = shown(told)
    assert fetched(root) == []
    assert admitted(root)
    emitted = [number for message in told["messages"] for number in message["numbers"]]
    assert len(values(column(root, "Messages"))) == len(emitted)
    assert len(root.xpath("//section[@data-n]")) == len(emitted)
    places = {n for _, ids in values(column(root, "Source")) for n in ids}
    passed = {n for _, ids in values(column(root, "Canonical command")) for n in ids}
    for number in emitted:
        n = number_of(root, number["target"]) if len(told["messages"]) == 1 else None
        if n is not None and number["sources"]:
            assert n in places, number["target"]
        if n is not None and any(asked_for(told, field) for field in number["canonical"]):
            assert n in passed, number["target"]


def test_a_refusal_says_what_who_and_which_answer():
    page = words(shown(explained("GV35")))
    assert "Not carried out in full." in page
    assert "Nothing is sent." in page
    assert "FreqDroop not_supported: " in page
    assert "Response to the utility: 252" in page


def test_what_is_followed_without_a_message_is_named():
    assert "Followed without a message PowerLimit.export" in words(shown(explained("OV37", "own")))


def test_a_document_that_becomes_no_command_has_a_page():
    page = words(shown(unmapped("EVENT", "openadr", "", "no mapping")))
    assert "The document becomes no command." in page
    assert "No text is at hand." in page
    assert "EVENT not_mapped: no mapping" in page


def test_several_documents_share_a_page_and_no_number():
    root = shown(explained("GV01"), explained("GV06a"))
    assert words(root.xpath("//title")[0]) == "2 documents explained"
    ids = root.xpath("//section/@data-n")
    assert len(root.xpath("//article")) == 2
    assert len(ids) == len(set(ids))


def test_a_hostile_document_stays_text():
    told = explained("GV01")
    evil = "</li><script>alert(1)</script>"
    told["texts"] = [{"name": evil, "text": evil}]
    told["losses"] = [{**loss, "detail": evil} for loss in explained("GV06a")["losses"]]
    root = shown(told)
    assert len(root.xpath("//script")) == 1
    assert evil in root.xpath("string(//h3)")
    assert admitted(root)


def test_numbers_are_buttons_and_the_page_tells_how_to_use_them():
    root = shown(explained("GV01"))
    assert {button.get("type") for button in root.xpath("//button")} == {"button"}
    (why,) = root.xpath("//div[@role = 'region']")
    assert why.get("aria-live") == "polite"
    assert "Tab key" in words(why.xpath("p[@class = 'hint soft']")[0])


def test_the_page_knows_dark_narrow_and_paper():
    style = as_page([explained("GV01")])
    for media in ("prefers-color-scheme: dark", "max-width: 60rem", "@media print"):
        assert media in style
