"""Drawn curves: both lines on the same axes, bounds where something was cut."""

import pytest
from lxml import etree

from translators.documentation.drawing import Picture, draw, number, ticks


def drawn(asked, sent, **more):
    return etree.fromstring(draw(Picture("test", asked, sent, "PctMaxVar", "pct[V_ref]", **more)))


def corners(svg, kind):
    (line,) = svg.xpath(f"//polyline[@class = '{kind}']")
    return [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]


def test_higher_values_stand_higher_and_larger_ones_further_right():
    (x0, y0), (x1, y1) = corners(drawn([(92, 44), (108, -44)], [(92, 44), (108, -44)]), "asked")
    assert x0 < x1
    assert y0 < y1


def test_what_is_equal_lies_on_one_line():
    svg = drawn([(92, 44), (108, -44)], [(92, 44), (108, -44)])
    assert corners(svg, "asked") == corners(svg, "sent")
    assert not svg.xpath("//line[@class = 'bound']")


def test_a_cut_shows_the_bound_and_what_was_asked_for_beyond_it():
    svg = drawn([(92, 120), (108, 0)], [(92, 100), (94, 100), (108, 0)], bounds=(-100, 100))
    (bound,) = svg.xpath("//line[@class = 'bound']")
    assert float(bound.get("y1")) == corners(svg, "sent")[0][1]
    assert corners(svg, "asked")[0][1] < float(bound.get("y1"))
    assert svg.xpath("//text[. = 'cut at 100']")


def test_every_vertex_is_marked_by_form_too():
    svg = drawn([(92, 120), (108, 0)], [(92, 100), (94, 100), (108, 0)])
    assert len(svg.xpath("//circle")) == 2
    assert len(svg.xpath("//rect")) == 3


def test_units_and_title_are_words():
    svg = drawn([(1, 1), (2, 2)], [(1, 1), (2, 2)])
    assert svg.xpath("string(title)") == "test: PctMaxVar over pct[V_ref]"
    assert svg.xpath("//text[. = 'PctMaxVar']")
    assert svg.xpath("//text[. = 'pct[V_ref]']")
    assert svg.get("role") == "img"


@pytest.mark.parametrize("point", [(100, 0), (0, 5), (-3, -3)])
def test_a_single_point_can_be_drawn(point):
    assert len(corners(drawn([point], [point]), "sent")) == 1


def test_everything_lies_inside_the_picture():
    svg = drawn([(-1e6, 1e-6), (1e6, 2e-6)], [(-1e6, 1e-6), (1e6, 2e-6)])
    width, height = (float(part) for part in svg.get("viewBox").split()[2:])
    for x, y in corners(svg, "asked"):
        assert 0 <= x <= width
        assert 0 <= y <= height


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (59.4, 60.6, [59.4, 59.6, 59.8, 60, 60.2, 60.4, 60.6]),
        (-130, 130, [-100, -50, 0, 50, 100]),
    ],
)
def test_ticks_are_round_numbers(low, high, wanted):
    assert [float(number(tick)) for tick in ticks(low, high)] == wanted


@pytest.mark.parametrize(
    ("low", "high"),
    [(99, 99.0001), (0.00015, 0.0002), (-0.06, 0.06), (59.4, 60.6), (0, 1e9), (-1e-8, 1e-8)],
)
def test_no_two_ticks_of_an_axis_say_the_same(low, high):
    labels = [number(tick) for tick in ticks(low, high)]
    assert len(labels) > 2
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (59.400000000000006, "59.4"),
        (-0.0, "0"),
        (-1e-12, "0"),
        (1e6, "1000000"),
        (72.72727272727273, "72.727272727"),
        (-44, "-44"),
    ],
)
def test_a_label_has_the_digits_that_count(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("asked", "sent", "line"),
    [
        ([(1, 1)], [(1, 1)], False),
        ([(1, 1), (2, 2)], [(1, 1)], True),
        ([(1, 1)], [(1, 1), (2, 1)], True),
        ([(1, 1)], [], False),
    ],
)
def test_a_single_vertex_is_no_line(asked, sent, line):
    assert Picture("t", asked, sent, "y").is_line is line


def test_labels_of_the_axis_stand_beside_its_title():
    svg = drawn([(0, 0.00015), (1, 0.0002)], [(0, 0.00015), (1, 0.0002)])
    ends = [float(text.get("x")) for text in svg.xpath("//text[@text-anchor = 'end']")]
    widest = max(len(text.text) for text in svg.xpath("//text[@text-anchor = 'end']"))
    assert min(ends) - widest * 7.2 > 20


def test_a_bound_outside_of_what_is_drawn_is_not_drawn():
    svg = drawn([(0, 1), (1, 2)], [(0, 1), (1, 2)], bounds=(-100, 100))
    assert svg.xpath("//line[@class = 'bound']") == []
