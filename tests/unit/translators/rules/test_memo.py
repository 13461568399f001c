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


def test_of_more_than_it_may_hold_the_oldest_goes():
    memo = Memo(2)
    for key in "abc":
        memo.recall(key, (), lambda key=key: key)
    assert memo.recall("a", (), lambda: "made anew") == "made anew"
    assert memo.recall("c", (), lambda: "made anew") == "c"


def test_another_input_takes_the_place_of_its_own_alone():
    memo = Memo(2)
    for key, inputs in (("a", 1), ("b", 1), ("b", 2)):
        memo.recall(key, (inputs,), lambda key=key: key)
    assert memo.recall("a", (1,), lambda: "made anew") == "a"
