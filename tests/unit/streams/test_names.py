from __future__ import annotations

import pytest

from genapp.streams import InvalidName, Names

NAMES = Names(["a secret of enough length"])


def test_a_token_opens_its_stream_to_its_viewer() -> None:
    token = NAMES.sign("generation:1", "user-1", expires_at=100)
    assert NAMES.verify(token, "user-1", now=99.9) == "generation:1"


def test_a_token_opens_nothing_to_anybody_else() -> None:
    token = NAMES.sign("generation:1", "user-1", expires_at=100)
    for other in ("user-2", "user-", "", f"{token.split('.')[0]}.user-1"):
        with pytest.raises(InvalidName, match="for this viewer"):
            NAMES.verify(token, other, now=0)


def test_a_token_does_not_tell_who_its_viewer_is() -> None:
    one, other = (NAMES.sign("generation:1", viewer, expires_at=100) for viewer in ("user-1", "user-2"))
    assert one.split(".")[0] == other.split(".")[0]


def test_a_token_expires() -> None:
    token = NAMES.sign("generation:1", "user-1", expires_at=100)
    with pytest.raises(InvalidName, match="expired"):
        NAMES.verify(token, "user-1", now=100)


@pytest.mark.parametrize("forged", ["", ".", "x.y", "WyJhIl0", "é", "a" * 5000])
def test_garbage_opens_nothing(forged: str) -> None:
    with pytest.raises(InvalidName):
        NAMES.verify(forged, "user-1", now=0)


def test_a_changed_token_opens_nothing() -> None:
    token = NAMES.sign("generation:1", "user-1", expires_at=100)
    payload, signature = token.rsplit(".", 1)
    other = NAMES.sign("generation:2", "user-1", expires_at=100).rsplit(".", 1)[0]
    for forged in (
        f"{other}.{signature}",
        f"{payload}.{signature[:-2]}",
        payload,
        f"{payload}.",
        f"{token}....",
        f"{token}!!",
        f"{payload}.!{signature}",
    ):
        with pytest.raises(InvalidName):
            NAMES.verify(forged, "user-1", now=0)


def test_a_token_of_another_secret_opens_nothing() -> None:
    token = Names(["another secret of enough length"]).sign("generation:1", "user-1", expires_at=100)
    with pytest.raises(InvalidName, match="not signed"):
        NAMES.verify(token, "user-1", now=0)


def test_secrets_rotate() -> None:
    old, new = "the old secret", "the new secret"
    rotated = Names([new, old])
    assert rotated.verify(Names([old]).sign("s", "v", 100), "v", now=0) == "s"
    assert Names([new]).verify(rotated.sign("s", "v", 100), "v", now=0) == "s"
    with pytest.raises(InvalidName):
        Names([old]).verify(rotated.sign("s", "v", 100), "v", now=0)


def test_names_need_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        Names([])


def test_a_token_can_stand_in_a_url_as_it_is() -> None:
    token = NAMES.sign("generation:ü&=", "user 1", expires_at=100)
    assert all(character.isascii() and (character.isalnum() or character in "-_.") for character in token)
