"""Errors say where, what and which rule."""

import pytest

from translators.errors import DocumentError, MappingError, ModelError, TranslatorError


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "does not fit"),
        ({"where": "a/b"}, "a/b: does not fit"),
        ({"where": "a/b", "value": 12001}, "a/b = 12001: does not fit"),
        ({"value": "x"}, "'x': does not fit"),
        ({"where": "a", "value": 0, "rule": "r1"}, "a = 0: does not fit (rule r1)"),
        ({"rule": "r1"}, "does not fit (rule r1)"),
    ],
)
def test_an_error_reads_as_place_value_problem_and_rule(parts, text):
    error = TranslatorError("does not fit", **parts)
    assert str(error) == text
    assert error.args == (text,)


@pytest.mark.parametrize("kind", [DocumentError, MappingError, ModelError])
def test_all_errors_of_the_library_share_one_root(kind):
    assert issubclass(kind, TranslatorError)
