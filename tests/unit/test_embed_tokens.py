"""Embed tokens: those that are made as the guide says are taken, and those that are not are refused with the reason."""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
import pytest

from genapp.errors import TokenExpired, Unauthenticated
from genapp.models import new_id
from genapp.models.site import visitor_id
from genapp.web.embed_tokens import LEEWAY, LONGEST, site_and_subject, verified
from tests.embedding import GUIDE, claims_for, code_in_the_guide, embed_token
from tests.programs import program

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "embed_test-vector-secret-of-a-site-0123456789"
SITE = "0198a5e2-7c1b-7d3a-9f00-2b6c51d4e8aa"
SHOP = "https://shop.example"
ORIGINS = (SHOP, "https://www.shop.example")
VECTORS = re.findall(r"^\| `(\{.*?\})` \| `(eyJ[\w.-]+)` \|$", GUIDE, re.MULTILINE)

# How a program prints the token of the claims that it is given as an argument.
PROGRAMS = {
    "javascript": ("node", "make.mjs", "console.log(embedToken(SITE, SECRET, JSON.parse(process.argv[2])))"),
    "ruby": ("ruby", "make.rb", "puts embed_token(SITE, SECRET, JSON.parse(ARGV[0]))"),
    "php": ("php", "make.php", "echo embed_token(SITE, SECRET, json_decode($argv[1], true));"),
}


def made(**claims: Any) -> str:
    return embed_token(SITE, SECRET, claims_for(SHOP, **claims))


def refused(token: str, secret: str = SECRET) -> str:
    with pytest.raises(Unauthenticated) as caught:
        verified(token, secret, ORIGINS)
    return caught.value.message


def test_the_guide_has_vectors() -> None:
    assert len(VECTORS) == 2


@pytest.mark.parametrize(("claims", "token"), VECTORS)
def test_the_guides_python_makes_the_tokens_that_it_says(claims: str, token: str) -> None:
    assert embed_token(SITE, SECRET, json.loads(claims)) == token


@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize(("claims", "token"), VECTORS)
def test_the_guides_other_languages_make_the_same_ones(language: str, claims: str, token: str, tmp_path: Path) -> None:
    command, name, last_line = PROGRAMS[language]
    path = program(command)
    constants = {"javascript": "const {} = {}", "ruby": "{} = {}", "php": "define('{}', {});"}[language]
    lines = [constants.format(key, json.dumps(value)) for key, value in (("SITE", SITE), ("SECRET", SECRET))]
    code = "\n".join([*(["<?php"] if language == "php" else []), code_in_the_guide(language), *lines, last_line])
    (tmp_path / name).write_text(code)
    ran = subprocess.run([path, tmp_path / name, claims], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == token


@pytest.mark.parametrize("language", ["python", *PROGRAMS])
def test_each_of_them_is_of_fifteen_lines_at_most(language: str) -> None:
    assert len(code_in_the_guide(language).strip().splitlines()) <= 15


def test_a_good_token_says_who_where_and_what() -> None:
    claims = verified(made(scope="read generate", conversation=SITE), SECRET, ORIGINS)
    assert (claims.subject, claims.origin, claims.scopes) == ("user-1", SHOP, {"read", "generate"})
    assert claims.conversation == UUID(SITE)
    assert 0 < claims.expires_at - time.time() <= 600 + LEEWAY
    assert verified(made(scope=None), SECRET, ORIGINS).scopes == {"read"}
    assert verified(made(aud="somebody", iss="us", iat=int(time.time())), SECRET, ORIGINS).conversation is None


def test_a_token_that_was_good_says_that_it_is_over() -> None:
    verified(made(exp=int(time.time()) - LEEWAY + 5), SECRET, ORIGINS)
    with pytest.raises(TokenExpired):
        verified(made(exp=int(time.time()) - LEEWAY - 1), SECRET, ORIGINS)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": int(time.time()) + LONGEST + 86_400}, "good for too long"),
        ({"exp": 2**80}, "good for too long"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "expiration"),
        ({"nbf": int(time.time()) + 86_400}, "not yet valid"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "200 characters"),
        ({"sub": "x" * 201}, "200 characters"),
        ({"sub": 42}, "subject"),
        ({"origin": None}, "origin"),
        ({"origin": "https://evil.example"}, "origin"),
        ({"origin": SHOP + "/"}, "origin"),
        ({"origin": list(ORIGINS)}, "origin"),
        ({"scope": "generate"}, "scope"),
        ({"scope": "read admin"}, "scope"),
        ({"scope": ["read"]}, "scope"),
        ({"scope": ""}, "scope"),
        ({"conversation": "mine"}, "conversation"),
        ({"conversation": 7}, "conversation"),
    ],
)
def test_what_a_token_may_not_say_is_named(claims: dict[str, Any], reason: str) -> None:
    assert reason in refused(made(**claims))


def test_a_token_signed_by_another_secret_or_altered_is_refused() -> None:
    token = made()
    assert "signature" in refused(token, "embed_" + "another-secret-of-another-site-0123456789")
    header, claims, signature = token.split(".")
    other = made(sub="somebody-else").split(".")[1]
    assert "signature" in refused(f"{header}.{other}.{signature}")
    assert "signature" in refused(f"{header}.{claims}.{signature[:-4]}AAAA")
    assert "signature" in refused(f"{header}.{claims}.")


def test_no_token_chooses_how_it_is_verified() -> None:
    claims = claims_for(SHOP)
    headers = {"kid": SITE}
    unsigned = jwt.encode(claims, None, algorithm="none", headers=headers)
    assert "alg" in refused(unsigned)
    # As a public key of the server's would be used by who wants it taken for a secret.
    for algorithm in ("HS384", "HS512"):
        stronger = jwt.encode(claims, SECRET * 2, algorithm=algorithm, headers=headers)
        assert "alg" in refused(stronger, SECRET * 2)
    header = {"alg": "RS256", "kid": SITE}
    forged = embed_token(SITE, SECRET, claims).split(".")
    forged[0] = jwt.utils.base64url_encode(json.dumps(header).encode()).decode()
    assert "alg" in refused(".".join(forged))


@pytest.mark.parametrize(
    "token",
    [
        "..",
        "a.b.c",
        "x" * 5000 + ".y.z",
        "é.é.é",
        embed_token("no-id", SECRET, {"sub": "x"}),
        made(sub=7),
        made(sub=None),
    ],
)
def test_what_names_no_site_or_nobody_is_no_token(token: str) -> None:
    with pytest.raises(Unauthenticated):
        site_and_subject(token)


def test_the_same_person_is_the_same_user_and_another_sites_is_another() -> None:
    site, other = new_id(), new_id()
    assert visitor_id(site, "user-1") == visitor_id(site, "user-1")
    assert len({visitor_id(site, "user-1"), visitor_id(site, "user-2"), visitor_id(other, "user-1")}) == 3
    assert site_and_subject(embed_token(str(site), SECRET, claims_for(SHOP))) == (site, "user-1")
