"""The canonical form of records."""

import math

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.effects import Audit
from gateway.ports import AuditGroup, AuditHead
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


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["1e-7", "1.0,", "e-5]", '"', "\\", "\x7f", "\u2028", "\r\n"]
)
flat = st.dictionaries(
    texts, texts | st.booleans() | st.none() | st.integers(-(2**70), 2**70) | st.floats(-9, 9)
)


@given(details=flat, actor=texts, subject=texts)
def test_a_record_of_flat_details_is_canonical_whatever_stands_in_it(details, actor, subject):
    audit = Audit("control.accepted", actor, subject, details)
    body = chain.record(audit, chain.GENESIS, NOON)
    assert body == chain.canonical(orjson.loads(body) | {"details": details})
    assert body == rfc8785.dumps(
        {
            "actor": actor,
            "details": {k: str(v) if _is_beyond(v) else v for k, v in details.items()},
            "kind": "control.accepted",
            "prev": "0" * 64,
            "raw": [],
            "seq": 1,
            "subject": subject,
            "ts_utc": "2026-12-01T12:00:00.000000Z",
        }
    )


def _is_beyond(value):
    return isinstance(value, int) and abs(value) >= 2**53


@given(subjects=st.lists(texts, min_size=1, max_size=5))
def test_a_group_is_its_records_one_after_the_other(subjects):
    audits = [an_audit(subject=subject) for subject in subjects]
    head, lines = AuditHead(6, "ab" * 32), []
    group = chain.group(audits, head, NOON)
    for audit in audits:
        body = chain.record(audit, head, NOON)
        head = chain.chained(head, body)
        lines.append(chain.line(head.digest, body))
        assert chain.line_of(body) == lines[-1]
        assert chain.head_of(lines[-1]) == head
    assert group == AuditGroup(7, head, b"".join(lines))
    assert chain.day(group.lines) == "2026-12-01"
    assert chain.rest(group, 7).lines == b"".join(lines[1:])


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
