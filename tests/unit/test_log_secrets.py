"""Whatever the place a secret gets into a log line by, it does not come out."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from pydantic import SecretStr

from genapp.logs.lines import JsonLines, Lines, TextLines
from genapp.logs.redacting import Redactor, known_secrets
from genapp.logs.veiling import RUN, keep_private, private
from genapp.settings import Settings
from genapp.streams import Names

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SIGNING = "k3y-" * 10
COOKIES = URLSafeSerializer(
    SIGNING, salt="session", signer_kwargs={"digest_method": hashlib.sha256}
)  # as in web/sessions

characters = st.text(BASE64, min_size=20, max_size=60)
words = st.text(BASE64 + " .:,;/'\"\\\n%{}[]()=&?äß你🦆", max_size=40)
# With a quote, a backslash and a line end, which each format writes in a way of its own.
odd = st.builds("{}'\"\\\n%+ é{}".format, characters, characters)

# What has the shape of a secret, in the places that such a secret has, with what is not to be seen of it.
shaped = st.one_of(
    characters.map(lambda part: (f"sk-{part}", part)),
    characters.map(lambda part: (f"sk-ant-{part}", part)),
    st.text(BASE64[:62], min_size=35, max_size=35).map(lambda part: (f"AIza{part}", part)),
    st.text(BASE64, min_size=43, max_size=43).map(lambda part: (f"genapp_{part}", part)),
    st.text(BASE64, min_size=43, max_size=43).map(lambda part: (f"embed_{part}", part)),
    characters.map(lambda part: (f"Authorization: Bearer {part}", part)),
    characters.map(lambda part: (f"(b'authorization', b'Basic {part}=')", part)),
    characters.map(lambda part: (f"rediss://default:{part}@host:6379/0", part)),
    characters.map(lambda part: (f"https://{part}@proxy/v1", part)),
    characters.map(lambda part: (f"GET /shared/{part}?theme=dark", part)),
    characters.map(lambda part: (f"GET /shared/streams?share={part}&stream=x", part)),
    characters.map(lambda part: (f"'path': '/shared/streams', 'query': 'share={part}&after=3'", part)),
    characters.map(lambda part: (f"/signup?invitation={part}", part)),
    characters.map(lambda part: (f"csrf_token=x&invitation={part}&email=a%40b", part)),
    characters.map(lambda part: (f"csrf_token=x&password={quote(part)}&email=a%40b", part)),
    characters.map(lambda part: (json.dumps({"new_password": f"{part} {part}"}), part)),
    characters.map(lambda part: (repr(json.dumps({"api_key": part})), part)),
    characters.map(lambda part: (f"{{'x-api-key': '{part}'}}", part)),
    characters.map(lambda part: (f"Cookie: theme=dark; genapp_session={part}", part)),
    st.uuids().map(lambda one: (COOKIES.dumps([one.hex, one.hex, 1_700_000_000]),) * 2),
    st.uuids().map(lambda one: signed(str(one))),
)


def signed(stream: str) -> tuple[str, str]:
    token = Names([SIGNING]).sign(f"generation:{stream}", stream, 2**31)
    return f"/streams?dialect=json&stream={token}&after=3", token


def lines(formatter: Lines, text: str) -> list[str]:
    """The lines that have `text` in each place that a record has."""
    places: list[dict[str, Any]] = [
        {"msg": text},
        {"msg": "%s", "args": (text,)},
        {"msg": "%r", "args": ({"x": [text]},)},
        {"name": f"genapp.{text}"},
        {"extra": text},
        {"extra": {text: {text: (text, Exception(text))}}},
        {"extra": Exception(text)},
        {"exc_info": raised(KeyError(text), ValueError(text))},
        {text: 1},
    ]
    return [formatter.format(logging.makeLogRecord({"levelname": "INFO", **place})) for place in places]


def raised(cause: Exception, error: Exception) -> Any:
    try:
        raise error from cause
    except Exception:
        return sys.exc_info()


def is_well_formed(formatter: Lines, line: str) -> bool:
    return not isinstance(formatter, JsonLines) or isinstance(json.loads(line), dict)


@pytest.mark.parametrize("kind", [TextLines, JsonLines])
@settings(deadline=None)  # no stopwatch
@given(before=words, secret=shaped, after=words)
def test_what_has_the_shape_of_a_secret_is_in_no_line(
    kind: type[Lines], before: str, secret: tuple[str, str], after: str
) -> None:
    formatter = kind(Redactor())
    text, hidden = secret
    assume(hidden not in before + after)
    for line in lines(formatter, f"{before} {text} {after}"):
        assert hidden not in line
        assert is_well_formed(formatter, line)


@pytest.mark.parametrize("kind", [TextLines, JsonLines])
@settings(deadline=None)  # no stopwatch
@given(before=words, secret=st.one_of(characters, odd), after=words)
def test_our_own_secrets_are_in_no_line_whatever_they_look_like(
    kind: type[Lines], before: str, secret: str, after: str
) -> None:
    own = Settings.model_construct(
        secret_key=None,
        secret_key_fallbacks=None,
        openai_api_key=None,
        anthropic_api_key=None,
        gemini_api_key=None,
        database_address=f"postgresql://u:{quote(secret, safe='')}@h/d",
        redis_address=f"redis://:{quote(secret, safe='')}@h",
        redis_tls_address="",
        openai_base_url=f"https://{quote(secret, safe='')}@proxy/v1",
        anthropic_base_url=None,
        smtp_url=SecretStr(f"smtp://u:{quote(secret, safe='')}@h"),
    )
    formatter = kind(Redactor(known_secrets(own)))
    forms = (secret, quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    for form in forms:
        for line in lines(formatter, f"{before}{form}{after}"):
            assert not [one for one in forms if one in line]
            assert is_well_formed(formatter, line)


@pytest.mark.parametrize("kind", [TextLines, JsonLines])
@settings(deadline=None)  # no stopwatch
@given(prompt=st.text(min_size=RUN, max_size=200), before=words, after=words, data=st.data())
def test_no_long_part_of_a_prompt_is_in_a_line_in_any_form(
    kind: type[Lines], prompt: str, before: str, after: str, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, max(0, len(prompt) - 24)))
    part = prompt[begin : begin + data.draw(st.integers(24, 200))]
    formatter = kind(Redactor())
    with private(prompt):
        for form in (part, repr(part), json.dumps(part), repr(json.dumps(part)), json.dumps({"error": [part]})):
            for line in lines(formatter, f"{before} {form} {after}"):
                assert is_well_formed(formatter, line)
                if sum(one.isalnum() for one in part) >= RUN:
                    assert part not in line


@settings(deadline=None)  # no stopwatch
@given(secret=characters)
def test_a_password_of_a_form_is_in_no_line_even_where_prompts_are(secret: str) -> None:
    formatter = TextLines(Redactor(), prompts=True)
    with private():
        keep_private(secret, always=True)
        assert not [line for line in lines(formatter, f"he typed {secret}!") if secret in line]


@given(token=characters)
def test_which_address_was_asked_is_still_to_be_read(token: str) -> None:
    line = TextLines(Redactor()).format(
        logging.makeLogRecord({"msg": f"GET /shared/streams?share={token}&dialect=json", "levelname": "INFO"})
    )
    assert "/shared/streams?share=[redacted]&dialect=json" in line


def test_a_prompt_as_long_as_can_be_costs_no_more_than_its_length() -> None:
    formatter = TextLines(Redactor())

    def calls(length: int) -> int:
        """How many calls of Python and C functions it takes to log a text while it is private."""
        count = 0

        def tally(*_: object) -> None:
            nonlocal count
            count += 1

        for text in ("a" * length, "ab\n" * (length // 3), "\\n" * (length // 2), "password=" * (length // 9)):
            record = logging.makeLogRecord({"msg": text, "levelname": "INFO"})
            with private(text):
                sys.setprofile(tally)
                try:
                    formatter.format(record)
                finally:
                    sys.setprofile(None)
        return count

    assert calls(32_000) < 3 * calls(16_000)
