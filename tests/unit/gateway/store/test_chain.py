"""The canonical form of records."""

import math

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.ports import AuditHead
from gateway.store import chain
from support.store_builders import NOON, an_audit

NUMBERS = {
    "whole float": (2.0, b"2"),
    "negative zero": (-0.0, b"0"),
    "float": (0.95, b"0.95"),
    "large float": (1e16, b"10000000000000000"),
    "huge float": (1e21, b"1e+21"),
    "small float": (1e-6, b"0.000001"),
    "tiny float": (1e-7, b"1e-7"),
    "largest exact integer": (2**53 - 1, b"9007199254740991"),
    "integer beyond exactness": (2**53, b'"9007199254740992"'),
    "integer beyond 64 bits": (-(2**70), b'"-1180591620717411303424"'),
    "true": (True, b"true"),
}


@pytest.mark.parametrize(("number", "text"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_have_one_form(number, text):
    assert chain.canonical({"n": number}) == b'{"n":' + text + b"}"
    assert chain.canonical({"n": [{"m": number}]}) == b'{"n":[{"m":' + text + b"}]}"


def test_keys_are_in_order_of_utf_16():
    keys = {"\ufb33": 1, "\U0001f600": 2, "a": 3}
    assert list(orjson.loads(chain.canonical(keys))) == ["a", "\U0001f600", "\ufb33"]


def test_exponents_inside_texts_are_only_texts():
    assert chain.canonical({"t": "1e-7", "u": "re-base", "v": "1.0"}) == (
        b'{"t":"1e-7","u":"re-base","v":"1.0"}'
    )


def test_tuples_are_lists():
    assert chain.canonical({"t": (1, (2,))}) == b'{"t":[1,[2]]}'


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=json_values)
def test_the_quick_way_writes_what_the_standard_asks_for(value):
    assert chain.canonical({"v": value}) == rfc8785.dumps({"v": value})


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_as_they_were(number):
    read = orjson.loads(chain.canonical({"n": number}))["n"]
    assert math.isclose(read, number, rel_tol=0, abs_tol=0)


def test_a_record_changes_with_each_of_its_parts():
    after = AuditHead(4, "ab" * 32)
    base = chain.record(an_audit(), after, NOON)
    others = {
        chain.record(an_audit("other"), after, NOON),
        chain.record(an_audit(subject="C2"), after, NOON),
        chain.record(an_audit(more=1), after, NOON),
        chain.record(an_audit(raw=(b"x",)), after, NOON),
        chain.record(an_audit(), AuditHead(5, "ab" * 32), NOON),
        chain.record(an_audit(), AuditHead(4, "ac" * 32), NOON),
        chain.record(an_audit(), after, NOON.replace(microsecond=1)),
    }
    assert len(others - {base}) == 7
