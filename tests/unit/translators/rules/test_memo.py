"""A memo gives what it has while nothing that it depends on has changed."""

from translators.rules.memo import Memo


def test_the_same_inputs_are_computed_once():
    memo, made = Memo(), []
    results = [memo.recall("e", ("p", 1), lambda: made.append(1) or len(made)) for _ in range(3)]
    assert results == [1, 1, 1]


def test_another_input_is_computed_anew_and_takes_the_place():
    memo = Memo()
    assert memo.recall("e", ("p", 1), lambda: "first") == "first"
    assert memo.recall("e", ("p", 2), lambda: "second") == "second"
    assert memo.recall("e", ("p", 1), lambda: "third") == "third"


def test_keys_do_not_touch_each_other_nor_do_memos():
    one, two = Memo(), Memo()
    one.recall("a", (), lambda: 1)
    assert one.recall("b", (), lambda: 2) == 2
    assert one.recall("a", (), lambda: 3) == 1
    assert two.recall("a", (), lambda: 4) == 4
