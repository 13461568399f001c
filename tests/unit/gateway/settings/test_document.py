"""YAML text as values: exact, placed, references resolved."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings.document import read


def values(text, file=Path("site.yaml"), **environment):
    return read(file, text, environment).values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("no", "no", id="no is not false"),
        pytest.param("true", True, id="truth"),
        pytest.param("False", False, id="untruth"),
        pytest.param("7", 7, id="whole"),
        pytest.param("-7", -7, id="negative"),
        pytest.param("1_000", 1000, id="grouped"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("0.1", Decimal("0.1"), id="decimal stays what is written"),
        pytest.param("1e3", Decimal(1000), id="exponent"),
        pytest.param(".nan", ".nan", id="not a number is text"),
        pytest.param("-.inf", "-.inf", id="infinity is text"),
        pytest.param("~", None, id="nothing"),
        pytest.param("", None, id="empty"),
        pytest.param("'7'", "7", id="quoted"),
        pytest.param("2026-12-01", "2026-12-01", id="a date is text"),
        pytest.param("[1, {a: b}]", [1, {"a": "b"}], id="nested"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(written, value):
    found = values(f"key: {written}\n")["key"]
    assert (found, type(found)) == (value, type(value))


def test_an_alias_is_the_anchored_value():
    assert values("a: &x {n: 1}\nb: *x\n") == {"a": {"n": 1}, "b": {"n": 1}}


def test_each_key_and_value_has_its_place():
    document = read(Path("site.yaml"), "a:\n  - b: 1\n    c: 2\n", {})
    assert document.where(("a", 0, "c")) == "site.yaml:3:8"
    assert document.where(("a", 0, "c"), key=True) == "site.yaml:3:5"
    assert document.where(("a", 0, "gone")) == "site.yaml:2:5"
    assert document.where(("a", 0), key=True) == "site.yaml:1:1"


def test_a_plain_reference_is_read_as_yaml_again():
    assert values("port: ${env:PORT}\n", PORT="9000") == {"port": 9000}


def test_a_quoted_reference_stays_text():
    assert values('id: "${env:ID}"\n', ID="007") == {"id": "007"}


def test_a_reference_may_be_a_part_of_a_text():
    assert values("url: https://${env:HOST}/dcap\n", HOST="u.example") == {
        "url": "https://u.example/dcap"
    }


def test_a_file_reference_lies_beside_the_file_and_loses_its_last_line_end(tmp_path):
    (tmp_path / "secret").write_text("scrypt$1\n")
    assert values("v: ${file:secret}\n", tmp_path / "site.yaml") == {"v": "scrypt$1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a: 1\nb: 2\na: 3\n",
            'site.yaml:3:1 DG-1022 key "a" stands already in line 1',
            id="twice",
        ),
        pytest.param("a: [1\n", "site.yaml:2:1 DG-1021 is no YAML: ", id="open list"),
        pytest.param("a: \x01\n", "site.yaml DG-1021 is no YAML: ", id="control character"),
        pytest.param("a: 1\n---\nb: 2\n", "site.yaml:2:1 DG-1021", id="two documents"),
        pytest.param("{a: 1}: 2\n", "site.yaml:1:1 DG-1021 a key must be text", id="odd key"),
        pytest.param("a: &x [*x]\n", "site.yaml:1:4 DG-1021 an alias holds itself", id="loop"),
        pytest.param("", "site.yaml DG-1023 holds no settings", id="empty"),
        pytest.param("- 1\n", "site.yaml DG-1023 holds no settings", id="a list"),
        pytest.param(
            "a: ${env:GONE}\n",
            "site.yaml:1:4 DG-1041 the environment variable GONE is not set",
            id="unset variable",
        ),
        pytest.param(
            "a: ${file:gone}\n",
            "site.yaml:1:4 DG-1040 gone: No such file or directory",
            id="missing file",
        ),
        pytest.param("a: ${vault:x}\n", "site.yaml:1:4 DG-1040 ${vault:x} refers to", id="kind"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text, message):
    with pytest.raises(SettingsError) as caught:
        values(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_referenced_file_must_be_text(tmp_path):
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is no UTF-8 text"):
        values("v: ${file:secret}\n", tmp_path / "site.yaml")
