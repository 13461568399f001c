"""Passwords off the loop: how many at once, which are remembered, and what an unknown id costs."""

import asyncio

import pytest

from gateway.stations.admission_passwords import CrowdedError, Passwords
from support.stations import PASSWORD, a_weak_verifier

VERIFIER = a_weak_verifier()


def passwords(**changes):
    return Passwords(**{"decoy": VERIFIER, "width": 1, **changes})


async def test_a_right_password_proves_itself_and_is_remembered():
    checks = passwords()
    assert not checks.remembered(PASSWORD, VERIFIER)
    assert await checks.proves(PASSWORD, VERIFIER)
    assert checks.remembered(PASSWORD, VERIFIER)
    assert not checks.remembered("wrong", VERIFIER)


async def test_a_wrong_password_is_not_remembered():
    checks = passwords()
    assert not await checks.proves("wrong", VERIFIER)
    assert not checks.remembered("wrong", VERIFIER)


async def test_what_opened_one_verifier_is_nothing_to_another():
    checks = passwords()
    await checks.proves(PASSWORD, VERIFIER)
    assert not checks.remembered(PASSWORD, a_weak_verifier("other"))


async def test_without_a_verifier_nothing_opens_not_even_the_password_of_the_decoy():
    checks = passwords()
    assert not await checks.proves(PASSWORD, None)
    assert not checks.remembered(PASSWORD, VERIFIER)


async def test_more_than_the_depth_are_sent_away():
    checks = passwords(depth=3)
    tried = (checks.proves(PASSWORD, VERIFIER) for _ in range(5))
    found = await asyncio.gather(*tried, return_exceptions=True)
    assert [type(one) for one in found] == [bool] * 3 + [CrowdedError] * 2
    assert await checks.proves(PASSWORD, VERIFIER)


async def test_a_letter_that_is_none_is_wrong_and_no_error():
    checks = passwords()
    assert not await checks.proves("\ud800", VERIFIER)
    assert not checks.remembered("\ud800", VERIFIER)


def test_neither_secret_nor_digests_are_shown():
    assert "_secret" not in repr(passwords())
    assert "_proven" not in repr(passwords())


@pytest.mark.parametrize("width", [1, 3])
async def test_no_more_than_the_width_are_derived_at_once(width, monkeypatch):
    running, most = 0, 0

    async def derive(*_):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return True

    monkeypatch.setattr("gateway.stations.admission_passwords.asyncio.to_thread", derive)
    checks = passwords(width=width)
    await asyncio.gather(*(checks.proves(PASSWORD, VERIFIER) for _ in range(8)))
    assert most == width
