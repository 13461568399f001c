"""Passwords of stations as scrypt verifiers."""

import pytest

from gateway.security.credentials import either, make_verifier, verify

VERIFIER = make_verifier("Gänsehaut-7")


def test_the_right_password_is_accepted():
    assert verify("Gänsehaut-7", VERIFIER)


@pytest.mark.parametrize("guess", ["gänsehaut-7", "Gänsehaut-7 ", "", "\ud800"])
def test_any_other_is_not(guess):
    assert not verify(guess, VERIFIER)


def test_two_verifiers_of_one_password_differ_and_neither_shows_it():
    other = make_verifier("Gänsehaut-7")
    assert other != VERIFIER
    assert "nsehaut" not in VERIFIER + other
    assert verify("Gänsehaut-7", other)


def test_the_cost_stands_in_the_verifier():
    assert VERIFIER.startswith("scrypt$16384$8$1$")


NO_VERIFIERS = [
    ("nothing", ""),
    ("a password in the clear", "Gänsehaut-7"),
    ("five parts", "scrypt$2$1$1$AA=="),
    ("another scheme", VERIFIER.replace("scrypt", "argon2")),
    ("no numbers", "scrypt$a$b$c$AA==$AA=="),
    ("a cost that is no power of two", "scrypt$3$8$1$AA==$AA=="),
    ("a cost beyond every machine", f"scrypt${2**70}$8$1$AA==$AA=="),
    ("a cost beyond our memory", f"scrypt${2**20}$64$1$AA==$AA=="),
    ("a negative cost", "scrypt$-2$8$1$AA==$AA=="),
    ("salt that is no base64", "scrypt$2$1$1$!!$AA=="),
    ("a hash cut short", VERIFIER[:-4]),
]


@pytest.mark.parametrize(
    "text", [row[1] for row in NO_VERIFIERS], ids=[row[0] for row in NO_VERIFIERS]
)
def test_what_is_no_verifier_accepts_nobody(text):
    assert not verify("Gänsehaut-7", text)


def test_of_two_passwords_in_doubt_both_open_and_no_third():
    both = either(make_verifier("the old one"), make_verifier("the new one"))
    assert [verify(guess, both) for guess in ("the old one", "the new one", "another")] == [
        True,
        True,
        False,
    ]
