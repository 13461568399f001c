"""Reports of measurements against the plainest reading of them: exact fractions, value by value."""

from collections import defaultdict
from datetime import datetime
from fractions import Fraction

import orjson
from hypothesis import given
from hypothesis import strategies as st

from translators.ocpp.metering import samples

SIGNS = {
    "Power.Active.Import": ("W", -1),
    "Power.Active.Export": ("W", 1),
    "Power.Reactive.Import": ("var", -1),
    "Power.Reactive.Export": ("var", 1),
    "Current.Import": ("A", -1),
    "Current.Export": ("A", 1),
    "Voltage": ("V", 1),
    "Frequency": ("Hz", 1),
    "SoC": ("pct", 1),
}
SIZES = {"W": {"W": 1, "kW": 1000}, "var": {"var": 1, "kvar": 1000}, "pct": {"Percent": 1}}
RANKS = {"Outlet": 0, None: 1, "Cable": 2, "Inlet": 3, "Upstream": 4}
DOUBTS = {"Interruption.Begin", "Interruption.End"}

digits = st.integers(1, 10**15 - 1)
decimals = st.builds(
    lambda n, e, s: f"{s}{n}e{e}", digits, st.integers(-30, 30), st.sampled_from("- ")
)
plain = st.builds(
    lambda n, p: f"{n / 10**p:.{p}f}", st.integers(-(10**7), 10**7), st.integers(0, 3)
)


def optional(name, values):
    """Return members that say one of the values, or nothing."""
    return st.sampled_from([{}, *({name: value} for value in values)])


@st.composite
def sampled_values(draw):
    """Return one sampledValue as its JSON text, its number as a text that no double has seen."""
    measurand = draw(st.sampled_from([*SIGNS, "Power.Offered"]))
    kind = SIGNS.get(measurand, ("W",))[0]
    unit = draw(optional("unit", SIZES.get(kind, {kind: 1})) | optional("unit", ["furlong"]))
    members = {
        "measurand": measurand,
        "unitOfMeasure": unit | draw(optional("multiplier", [-3, 0, 3, 31])),
        **draw(optional("phase", ["L1", "L2", "L3", "L1-N", "N", "L1-L2"])),
        **draw(optional("location", ["Outlet", "Inlet", "EV"])),
        **draw(optional("context", ["Sample.Periodic", "Interruption.End"])),
    }
    number = draw(plain | decimals).strip()
    return b'{"value":' + number.encode() + b"," + orjson.dumps(members)[1:], (members, number)


def whole(kind, by_phase):
    """Return what phases make together, where nothing says it."""
    values = [value for value, _, _ in by_phase.values()]
    total = sum(values, Fraction())
    return total if kind in {"W", "var"} else total / len(values)


def read_plainly(values):
    """Return value and goodness by kind and phase, straight from the texts."""
    series = defaultdict(dict)
    for members, number in values:
        measurand, unit = members["measurand"], members["unitOfMeasure"]
        kind, sign = SIGNS.get(measurand, (None, 0))
        phase = members.get("phase", "all").removesuffix("-N")
        ranks = RANKS | {"EV": -1} if measurand == "SoC" else RANKS
        rank = ranks.get(members.get("location"))
        sizes = SIZES.get(kind, {kind: 1})
        size = sizes.get(unit.get("unit", next(iter(sizes))))
        power = unit.get("multiplier", 0)
        if kind is None or phase in {"N", "L1-L2"} or rank is None or size is None or power > 30:
            continue
        value = sign * Fraction(number) * size * Fraction(10) ** power
        known = series[measurand].get(phase)
        if known is None or rank <= known[2]:
            series[measurand][phase] = value, members.get("context") not in DOUBTS, rank
    found = defaultdict(lambda: (Fraction(), True))
    for measurand, by_phase in series.items():
        kind = SIGNS[measurand][0]
        good = all(fine for _, fine, _ in by_phase.values())
        totals = {} if "all" in by_phase else {"all": (whole(kind, by_phase), good, 0)}
        for phase, (value, fine, _) in (by_phase | totals).items():
            before, so_far = found[kind, phase]
            found[kind, phase] = before + value, so_far and fine
    return dict(found)


@given(st.lists(sampled_values(), min_size=1, max_size=12))
def test_a_report_is_what_its_texts_say_digit_by_digit(values):
    text = b'[{"timestamp":"2026-12-01T12:00:00Z","sampledValue":[%s]}]'
    read = samples("CS1", 1, orjson.loads(text % b",".join(value for value, _ in values)))
    found = {
        (s.kind.value, s.phase.value): (s.value, s.quality.value == "good") for s in read.samples
    }
    assert found == read_plainly([meant for _, meant in values])
    assert len(found) == len(read.samples)


@given(st.lists(sampled_values(), min_size=1, max_size=12), st.data())
def test_what_is_said_of_one_instant_may_come_in_any_number_of_entries(values, data):
    texts = [value for value, _ in values]
    cut = data.draw(st.integers(0, len(texts)))
    entry = b'{"timestamp":"2026-12-01T1%s","sampledValue":[%s]}'
    whole_one = b"[%s]" % (entry % (b"2:00:00Z", b",".join(texts)))
    two = [
        entry % (zone, b",".join(part))
        for zone, part in ((b"2:00:00Z", texts[:cut]), (b"3:00:00+01:00", texts[cut:]))
        if part
    ]
    parts = b"[%s]" % b",".join(two)
    assert (
        samples("CS1", 1, orjson.loads(whole_one)).samples
        == samples("CS1", 1, orjson.loads(parts)).samples
    )


@given(decimals | plain)
def test_a_number_of_fifteen_digits_arrives_as_it_was_written(number):
    value = b'{"value":%s,"measurand":"Voltage"}' % number.strip().encode()
    report = b'[{"timestamp":"2026-12-01T12:00:00Z","sampledValue":[%s]}]' % value
    (sample,) = samples("CS1", 1, orjson.loads(report)).samples
    assert sample.value == Fraction(number.strip())
    assert sample.at == datetime.fromisoformat("2026-12-01T12:00:00Z")
