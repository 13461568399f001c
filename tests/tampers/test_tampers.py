"""Random tampering with the audit is found at its first record; what is whole is never blamed."""

from collections import Counter

from support.tampers import KINDS, played


def test_every_tampering_is_found_at_its_first_record_and_nothing_else(tmp_path):
    seen = Counter()
    for kind, first, fault in played(tmp_path, 200, seed=2026):
        seen[kind] += 1
        if kind == "untouched":
            assert fault is None
        else:
            assert fault is not None, (kind, first)
            assert fault.sequence == first, (kind, fault)
    assert set(seen) == {*KINDS, "untouched"}
