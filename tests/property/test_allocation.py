"""A site's bound over its stations, on generated sites, also while messages are lost."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.allocation import Participant, Policy, allocate, steps

PHASES = ("L1", "L2", "L3")
amounts = st.integers(0, 60).map(Fraction)
parts = st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(1, 230)])


@st.composite
def sites(draw):
    """An envelope, by phase or in one, and who is behind it."""
    names = draw(st.sampled_from([("W",), PHASES]))
    envelope = {name: draw(amounts) for name in names}
    count = draw(st.integers(0, 6))
    return envelope, tuple(draw(participants(f"P{n}", names)) for n in range(count))


@st.composite
def participants(draw, name, names):
    most = draw(amounts)
    return Participant(
        name,
        most,
        draw(st.dictionaries(st.sampled_from(names), parts, min_size=1)),
        least=min(most, draw(st.sampled_from([Fraction(), Fraction(6)]))),
        priority=draw(st.integers(0, 2)),
        since=float(draw(st.integers(0, 3))),
        held=draw(st.none() | amounts),
        revocable=draw(st.booleans()),
    )


policies = st.sampled_from(Policy)


def used(found, crowd, name):
    return sum((found[one.id] * one.uses.get(name, 0) for one in crowd), Fraction())


@given(sites(), policies, st.integers(0, 9))
def test_targets_keep_the_envelope_or_what_cannot_be_revoked(site, policy, turn):
    envelope, crowd = site
    found = allocate(envelope, crowd, policy, turn)
    for name, bound in envelope.items():
        fixed = sum(
            (o.may_draw * o.uses.get(name, 0) for o in crowd if not o.revocable), Fraction()
        )
        assert used(found.targets, crowd, name) <= max(bound, fixed)
        assert found.excess.get(name, 0) == max(0, fixed - bound)


@given(sites(), policies, st.integers(0, 9))
def test_everybody_has_nothing_or_between_minimum_and_rating(site, policy, turn):
    envelope, crowd = site
    found = allocate(envelope, crowd, policy, turn)
    for one in crowd:
        target = found.targets[one.id]
        if one.id in found.paused:
            assert target == 0
        elif one.revocable:
            assert one.least <= target <= one.most
        else:
            assert target == one.may_draw


@given(sites(), policies, st.integers(0, 9))
def test_nothing_is_left_that_somebody_could_use(site, policy, turn):
    envelope, crowd = site
    found = allocate(envelope, crowd, policy, turn)
    room = {name: bound - used(found.targets, crowd, name) for name, bound in envelope.items()}
    for one in crowd:
        more = one.revocable and one.id not in found.paused and found.targets[one.id] < one.most
        assert not more or min(room[name] for name in one.uses) <= 0
        assert one.id not in found.paused or any(
            room[n] < one.least * p for n, p in one.uses.items()
        )


@given(st.lists(amounts, min_size=1, max_size=6), amounts)
def test_equal_shares_are_those_of_one_water_level(ratings, bound):
    crowd = [Participant(f"P{n}", most, {"W": Fraction(1)}) for n, most in enumerate(ratings)]
    found = allocate({"W": bound}, crowd, Policy.EQUAL).targets
    left, expected = bound, {}
    for count, one in zip(
        range(len(crowd), 0, -1), sorted(crowd, key=lambda o: o.most), strict=True
    ):
        expected[one.id] = min(one.most, left / count)
        left -= expected[one.id]
    assert found == expected


@given(sites(), policies)
def test_who_pauses_is_not_the_same_for_ever(site, policy):
    envelope, crowd = site
    crowd = tuple(replace(one, revocable=True) for one in crowd)
    found = [allocate(envelope, crowd, policy, turn) for turn in range(len(crowd))]
    alone = {
        one.id
        for one in crowd
        if all(envelope[name] >= one.least * part for name, part in one.uses.items())
    }
    if policy in {Policy.EQUAL, Policy.PROPORTIONAL}:
        always = frozenset.intersection(*(one.paused for one in found)) if found else frozenset()
        assert not always & alone


@dataclass
class Lossy:
    """Stations behind one envelope, calls that may be lost, and what is believed meanwhile.

    One call to a station at a time. A call without an answer was carried out or was not; it never is later.
    """

    crowd: dict
    real: dict = field(default_factory=dict)
    known: dict = field(default_factory=dict)
    under_way: dict = field(default_factory=dict)

    def believed(self, one):
        bounds = [self.known[one.id], *self.under_way.get(one.id, ())]
        return None if None in bounds else max(bounds)

    def participants(self):
        return [replace(one, held=self.believed(one)) for one in self.crowd.values()]

    def potential(self, name):
        return used({o.id: o.may_draw for o in self.participants()}, self.crowd.values(), name)

    def draw(self, name):
        """What the stations do draw at most."""
        drawn = {
            one.id: one.most if self.real[one.id] is None else min(one.most, self.real[one.id])
            for one in self.crowd.values()
        }
        return used(drawn, self.crowd.values(), name)


@given(sites(), policies, st.data())
def test_whatever_is_lost_the_sum_never_rises_above_what_is_allowed(site, policy, data):
    envelope, crowd = site
    names = tuple(envelope)
    lossy = Lossy({one.id: one for one in crowd})
    lossy.real = {one.id: one.held for one in crowd}
    lossy.known = {one.id: one.held for one in crowd}
    for turn in range(data.draw(st.integers(1, 6))):
        before = {name: lossy.potential(name) for name in names}
        everybody = lossy.participants()
        found = allocate(envelope, everybody, policy, turn)
        sent = steps(envelope, everybody, found.targets)
        for station, bound in sent.items():
            lossy.under_way.setdefault(station, []).append(bound)
        for name in names:
            assert lossy.potential(name) <= max(envelope[name], before[name])
        for station, bound in sent.items():
            fate = data.draw(st.sampled_from(["accepted", "lost", "done, answer lost"]))
            if fate != "lost":
                lossy.real[station] = bound
            if fate == "accepted":
                lossy.known[station] = bound
                del lossy.under_way[station]
        for name in names:
            assert lossy.draw(name) <= lossy.potential(name)
        envelope = {name: data.draw(amounts) for name in names}


@given(sites(), policies)
def test_where_nothing_is_lost_everybody_gets_its_target(site, policy):
    envelope, crowd = site
    lossy = Lossy({one.id: one for one in crowd}, known={one.id: one.held for one in crowd})
    for _ in range(2 * len(crowd) + 2):
        everybody = lossy.participants()
        found = allocate(envelope, everybody, policy)
        sent = steps(envelope, everybody, found.targets)
        lossy.known |= sent
    assert sent == {}
    for one in lossy.participants():
        assert one.may_draw == found.targets[one.id]
