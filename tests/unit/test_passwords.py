from __future__ import annotations

import asyncio

import pytest

from genapp import passwords
from genapp.errors import Invalid, Unavailable
from genapp.models.account import folded


async def test_an_address_that_nobody_has_costs_one_verification_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = await passwords.hashed("violet harbour crates at noon")
    verify, verified = passwords._hasher.verify, []

    class Counting:
        def verify(self, digest: str, password: str) -> bool:
            verified.append(digest)
            return verify(digest, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not await passwords.matches("a guess", None)
    assert not await passwords.matches("a guess", stored)
    assert await passwords.matches("violet harbour crates at noon", stored)
    assert not await passwords.matches("the password of nobody", None)
    parameters = {digest.rsplit("$", 2)[0] for digest in verified}
    assert (len(verified), len(parameters)) == (4, 1)


async def test_no_hash_is_twice_the_same_and_none_has_the_password() -> None:
    one, other = await passwords.hashed("violet harbour crates"), await passwords.hashed("violet harbour crates")
    assert one != other
    assert one.startswith("$argon2id$")
    assert "violet" not in one


async def test_a_hash_of_other_parameters_is_to_be_made_again() -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("violet harbour crates")
    assert passwords.is_outdated(old)
    assert await passwords.matches("violet harbour crates", old)
    assert not passwords.is_outdated(await passwords.hashed("violet harbour crates"))


async def test_what_is_stored_but_no_hash_matches_nothing() -> None:
    assert not await passwords.matches("", "")
    assert not await passwords.matches("x", "x")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Tr0ub4dour&3 okay", "łódź köln 東京 oslo", "🦊🌊🚲🎻🪵🧭🔑🪁🎈🥝"]
)
async def test_a_few_words_are_good(password: str) -> None:
    await passwords.require_good(password, "ada@example.org")


@pytest.mark.parametrize("password", ["qwertyuiop", "ada@example.org", "genappgenapp", "1234567890123", "P@ssw0rd2024"])
async def test_what_somebody_would_try_first_is_not(password: str) -> None:
    with pytest.raises(Invalid, match="among the first"):
        await passwords.require_good(password, "ada@example.org")


async def test_what_is_looked_at_is_what_is_stored() -> None:
    # As wide letters, and as letters with accents of their own, of which each pair is one.
    for written in ("ｐａｓｓｗｏｒｄ１２", "a\u0301e\u0301i\u0301o\u0301u\u0301"):
        with pytest.raises(Invalid):
            await passwords.require_good(written, "ada@example.org")


async def test_signs_that_stand_for_letters_neither_hide_a_password_nor_make_it_weak() -> None:
    for weak in ("p@$$w0rd12", "!loveyou!!", "1234567890"):
        with pytest.raises(Invalid):
            await passwords.require_good(weak, "ada@example.org")
    await passwords.require_good("x7%Kq9!mZ(2p{w", "ada@example.org")


async def test_what_is_too_long_to_be_a_password_is_none_and_is_not_normalised() -> None:
    stored = await passwords.hashed("violet harbour crates at noon")
    accents = "\u0301\u0316" * 100_000  # to normalise them takes minutes
    assert not await passwords.matches(accents, stored)
    with pytest.raises(Invalid):
        await passwords.require_good(accents, "ada@example.org")
    assert folded(accents) == ""


async def test_a_crowd_is_told_to_come_again_and_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 3)
    results = await asyncio.gather(*[passwords.matches("x", None) for _ in range(10)], return_exceptions=True)
    assert sum(isinstance(result, Unavailable) for result in results) == 7
    assert await passwords.matches("x", None) is False
