from __future__ import annotations

import pytest

from genapp import passwords
from genapp.errors import Invalid


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
