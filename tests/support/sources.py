"""Sources drawn from the rules themselves: whatever a source rule reads, within what its guards allow.

Nothing here knows a rule by name. Which numbers a field may take is tried out: of the ranges that its unit
suggests, the widest at whose corners the rule makes a control.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil, floor

from hypothesis import strategies as st

from support.translation import F, book
from translators.rules.examples import Written
from translators.rules.schema import UnitSwitch
from translators.rules.source import SourceRule
from translators.rules.values import Unmet
from translators.units import Base, Kind, parse_unit

POWERS = (-3, -2, -1, 0, 1, 2)
WIDEST = (-(2**31), 2**31 - 1)
VOLTS = {Base.V_REF, Base.V_NOM, Base.EFFECTIVE_V}
SPANS = {
    Kind.PERCENT: [(-120, 120), (-100, 100), (0, 120), (0, 100), (1, 100)],
    Kind.PERCENT_RATE: [(0, 100), (1, 100)],
    Kind.FREQUENCY: [(45, 65)],
    Kind.TIME: [(0, 600), (1, 600)],
    Kind.NUMBER: [(-1, 1), (0, 1), (F(1, 100), 1), (F(1, 100), F(1, 2))],
    Kind.VOLTAGE: [(100, 300)],
}
SPANS_FOUND = {}
ANY_SPAN = [(-30_000, 30_000), (0, 30_000), (1, 30_000)]
DEADBANDS = [(0, 5)]
"""By what is measured, in SI or per cent, widest first: what a utility may ask for, and a little more."""


@dataclass(frozen=True)
class Edition:
    """A source rule in one of its revisions."""

    rule: SourceRule
    revision: str

    def __str__(self):
        return f"{self.rule.model.metadata.id}-{self.revision}"

    def read(self, source):
        """Return control and trace; `Unmet` where the source is refused."""
        return self.rule.apply(Written(source), self.revision, "source")

    @property
    def seed(self):
        """A source that the rule's own tests accept."""
        tests = [test for test in self.rule.model.tests if test.refused is None]
        own = [test for test in tests if test.revision == self.revision]
        return flat((own or tests)[0].source)


def flat(source, prefix=""):
    """Return a source by path: nested mappings as `a/b`, lists as they are."""
    found = {}
    for key, value in source.items():
        nested = isinstance(value, dict)
        found |= flat(value, f"{prefix}{key}/") if nested else {f"{prefix}{key}": value}
    return found


def editions(rules=None):
    """Return every source rule of the book, in each of its revisions."""
    rules = [r for r in (rules or book().rules) if isinstance(r, SourceRule)]
    return [Edition(rule, revision) for rule in rules for revision in rule.model.source.revisions]


def by_rule():
    """Return the editions of every source rule of the book, by the rule's id."""
    found = {}
    for edition in editions():
        found.setdefault(edition.rule.model.metadata.id, []).append(edition)
    return found


@dataclass(frozen=True)
class Number:
    """A number of the wire that a rule reads: where it and its power of ten stand, in which unit."""

    name: str
    spec: object
    unit: object
    point: str = ""
    """The list that it stands in, empty beside it."""

    @property
    def path(self):
        return (self.spec.from_ or ".").split("|")[0]

    @property
    def bounds(self):
        return self.spec.range or WIDEST

    @property
    def power(self):
        """The path of its power of ten, or None."""
        return self.spec.scale10 if isinstance(self.spec.scale10, str) else None

    def spans(self):
        if "deadband" in self.name:
            spans = DEADBANDS
        elif self.spec.unit is None:
            spans = ANY_SPAN
        elif self.unit.of in VOLTS:
            spans = [(80, 120)]
        else:
            spans = SPANS.get(self.unit.kind, ANY_SPAN)
        if self.spec.reciprocal:
            spans = [(F(1, 2), 100), *spans]
        if self.spec.negate:
            spans = [turned for low, high in spans for turned in ((-high, -low), (low, high))]
        return [(F(low) / self.unit.scale, F(high) / self.unit.scale) for low, high in spans]

    def wire(self, low, high, power):
        """Return the whole numbers of the wire that are worth low to high under a power of ten."""
        step = F(10) ** power
        if self.spec.decimal:
            least, most = ceil(low / step), floor(high / step)
            for bound, pick in ((self.bounds[0], max), (self.bounds[1], min)):
                if self.spec.range:
                    edge = F(str(bound)) / step
                    least = max(least, ceil(edge)) if pick is max else least
                    most = min(most, floor(edge)) if pick is min else most
            return least, most
        return max(ceil(low / step), self.bounds[0]), min(floor(high / step), self.bounds[1])

    def powers(self, low, high):
        """Return the powers of ten under which there is such a number."""
        if self.spec.decimal:
            known = [-3, -2, -1, 0]
        elif self.power is None:
            known = [int(self.spec.scale10 or 0)]
        else:
            known = POWERS
        return [m for m in known if self.wire(low, high, m)[0] <= self.wire(low, high, m)[1]]

    def text(self, whole, power):
        """Return a value of the wire: whole, or as a decimal text where the rule reads those."""
        if not self.spec.decimal:
            return whole
        value = F(whole) * F(10) ** power
        return f"{float(value):.3f}" if value.denominator != 1 else str(value.numerator)


def units_of(spec, revision):
    """Return (value of the switch or None, unit) for each unit that a field may have."""
    if not isinstance(spec.unit, UnitSwitch):
        return [(None, parse_unit(str(spec.unit)))]
    return [
        (key, parse_unit(text))
        for key, text in spec.unit.cases.items()
        if revision in spec.unit.since.get(key, [revision])
    ]


def numbers_of(edition):
    """Return the plain numbers of a rule with the units of the first switch case."""
    model = edition.rule.model
    found = [
        Number(name, spec, parse_unit(spec.unit or "1"))
        for name, spec in model.fields.items()
        if spec.const is None and spec.cases is None and not spec.text
    ]
    found += [
        Number(name, spec, units_of(spec, edition.revision)[0][1])
        for name, spec in model.quantity.items()
    ]
    if model.points is not None:
        for name in ("x", "y"):
            spec = getattr(model.points, name)
            unit = units_of(spec, edition.revision)[0][1]
            found.append(Number(name, spec, unit, model.points.each))
    return found


def span_of(edition, number):
    """Return the widest range of a number, in the unit of the wire, at whose ends the rule reads it."""
    known = (edition, number.name, number.path, number.unit)
    if known not in SPANS_FOUND:
        SPANS_FOUND[known] = _widest(edition, number)
    return SPANS_FOUND[known]


def _widest(edition, number):
    for low, high in number.spans():
        if number.powers(low, high) and all(
            accepts(edition, number, edge) for edge in corners(number, low, high)
        ):
            return low, high
    raise AssertionError(
        f"{edition}: no range of {number.name} is accepted; add one to SPANS in {__name__}"
    )


def corners(number, low, high):
    """Return (whole number, power) at both ends."""
    power = number.powers(low, high)[0]
    return [(whole, power) for whole in number.wire(low, high, power)]


def accepts(edition, number, edge):
    """Say whether a rule makes a control where one number of its seed is changed."""
    return _read(edition, _at(edition, number, *edge))


def _read(edition, changed):
    """Say whether a rule makes a control of its seed with these changes."""
    return _made(edition, {**edition.seed, **changed})


def _made(edition, source):
    try:
        edition.read(source)
    except Unmet:
        return False
    return True


def changes_of(edition):
    """Yield (leaf, changes of the seed) for each leaf that a rule reads: values that should matter."""
    model = edition.rule.model
    for number in numbers_of(edition):
        low, high = span_of(edition, number)
        ends = [_at(edition, number, *edge) for edge in corners(number, low, high)]
        yield number.path, ends
        if number.power is not None:
            whole, power = corners(number, low, high)[-1]
            yield (
                number.power,
                [_at(edition, number, whole, power), _at(edition, number, whole, power - 1)],
            )
    for spec in (*model.fields.values(), *model.quantity.values()):
        *others, place = (spec.from_ or ".").split("|")
        if spec.cases is not None:
            absent = dict.fromkeys(
                name for other in others for name in (other, other.split("?")[-1])
            )
            yield place, [{place: key} | absent for key in spec.cases]
    switched = [*model.quantity.values()]
    switched += [] if model.points is None else [model.points.x, model.points.y]
    for spec in switched:
        keys = [key for key, _ in units_of(spec, edition.revision)]
        if len(keys) > 1:
            yield spec.unit.switch, [{spec.unit.switch: key} for key in keys]


def _at(edition, number, whole, power):
    """Return the changes of the seed that make one number another."""
    changed = {number.path: number.text(whole, power)}
    beside = {} if number.power is None else {number.power: power}
    if number.point:
        return {number.point: [{**edition.seed[number.point][0], **changed}], **beside}
    return changed | beside


@st.composite
def drawn_number(draw, edition, number, count=1):
    """Draw the values of a number, its power of ten beside them where it has a path of its own."""
    low, high = span_of(edition, number)
    power = draw(st.sampled_from(number.powers(low, high)))
    least, most = number.wire(low, high, power)
    whole = draw(st.lists(st.integers(least, most), min_size=count, max_size=count))
    return whole, power


def most_points(edition, each):
    """Return how many points, at most ten, a rule takes."""
    known = (edition.rule.id, each)
    if known not in SPANS_FOUND:
        first = edition.seed[each][0]
        sizes = [n for n in range(10, 0, -1) if _read(edition, {each: [first] * n})]
        SPANS_FOUND[known] = sizes[0]
    return SPANS_FOUND[known]


@cache
def sources(edition):
    """Return sources that the rule reads."""
    return drawn_sources(edition).filter(lambda source: source and _made(edition, source))


@st.composite
def drawn_sources(draw, edition):
    """Draw a source: every leaf that the rule reads, optional ones now and then."""
    model, revision = edition.rule.model, edition.revision
    made = {} if model.resolve is None else dict(model.resolve.expect)
    for name, spec in model.fields.items():
        if spec.const is not None or (_may_lack(spec) and draw(st.booleans())):
            continue
        made |= draw(_field(edition, name, spec))
    for name, spec in model.quantity.items():
        key, unit = draw(st.sampled_from(units_of(spec, revision)))
        number = Number(name, spec, unit)
        (whole,), power = draw(drawn_number(_based(edition, spec, key), number))
        made |= _switch(spec, key) | _scaled(number, whole, power)
    if model.points is not None:
        made |= draw(_points(edition, model.points))
    for path, value in edition.seed.items():
        if path not in made and path not in _optional_paths(model):
            made[path] = value
    return made


def _may_lack(spec):
    return spec.optional or spec.absent is not None


def _optional_paths(model):
    fields = [*model.fields.values(), *model.quantity.values()]
    read = {f.from_ for f in fields} | {f.scale10 for f in fields if isinstance(f.scale10, str)}
    places = {place for path in read if path for place in path.split("|")}
    return places | {ignored.field for ignored in model.ignored}


def _based(edition, spec, key):
    """Return the edition whose seed has that unit: ranges are tried out in it."""
    return (
        edition if key is None else _Switched(edition.rule, edition.revision, spec.unit.switch, key)
    )


@dataclass(frozen=True)
class _Switched(Edition):
    switch: str = ""
    key: object = None

    @property
    def seed(self):
        return {**super().seed, self.switch: self.key}


def _switch(spec, key):
    return {} if key is None else {spec.unit.switch: key}


def _scaled(number, whole, power):
    beside = {} if number.power is None else {number.power: power}
    return {number.path: number.text(whole, power)} | beside


@st.composite
def _field(draw, edition, name, spec):
    if spec.cases is not None:
        place = draw(st.sampled_from((spec.from_ or ".").split("|")))
        return {place: draw(st.sampled_from(sorted(spec.cases)))}
    if spec.text:
        return {spec.from_ or ".": draw(st.sampled_from(("a", "b c")))}
    number = Number(name, spec, parse_unit(spec.unit or "1"))
    (whole,), power = draw(drawn_number(edition, number))
    return _scaled(number, whole, power)


@st.composite
def _points(draw, edition, spec):
    """Draw one to ten vertices; the source's own x never falls."""
    count = draw(st.integers(1, most_points(edition, spec.each)))
    axes, made = {}, {}
    for name in ("x", "y"):
        axis = getattr(spec, name)
        key, unit = draw(st.sampled_from(units_of(axis, edition.revision)))
        number = Number(name, axis, unit, spec.each)
        whole, power = draw(drawn_number(_based(edition, axis, key), number, count))
        rises = name == ("y" if edition.rule.model.canonical == "TripCurve" else "x")
        axes[number.path] = [
            number.text(value, power) for value in (sorted(whole) if rises else whole)
        ]
        made |= _switch(axis, key)
        made |= {} if number.power is None else {number.power: power}
    rows = [dict(zip(axes, row, strict=True)) for row in zip(*axes.values(), strict=True)]
    if spec.excitation is not None:
        for row in rows:
            row[spec.excitation.from_.split("|")[0]] = draw(
                st.sampled_from(sorted(spec.excitation.cases))
            )
    return {**made, spec.each: rows}
