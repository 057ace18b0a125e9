"""Secrets never get into a log line: those that we know, and what looks like one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import SecretStr

    from genapp.settings import Settings

# Shorter ones would be found in ordinary words. In a URL or beside its name a short password is found by its place.
SHORTEST = 8

_NAME = (
    r"pass(?:word|wd|phrase)|api[-_ ]?key(?:\ provided)?|secret(?:[-_]key)?|token|invitation|authorization"
    r"|genapp_session"
)

# Every part is linear: it begins at a mark that cannot repeat within what it takes, or what it takes ends there.
SECRET = re.compile(
    rf"""
    # Keys of vendors. Not after a letter: "a task-oriented-approach" has none.
    (?<![A-Za-z]) (?: sk[-_] | gsk_ | xai- | AIza | AQ\. ) [\w*-]{{12,}}
    # The tokens of our own API, the secrets of sites.
    | (?: genapp | embed )_[\w-]{{43,}}
    # What we sign (sessions, forms, streams): the signature is 43 characters of base64.
    | (?<![\w-]) [\w-]{{8,}} \. [\w-]{{43}} (?![\w-])
    # Links that are their own keys. `/shared/streams` is an address, and has its key behind it.
    | (?<=/shared/) (?! streams (?![\w-]) ) [^\s/?\#"'&<>]+
    # Who logs in by a URL.
    | (?<=://) [^/\s]+ (?=@)
    | (?P<bearer> (?i:\bbearer) \s{{1,3}} ) [^\s"',]+
    | (?P<stream> (?: [?&;]stream | (?<![\w-])share )= ) [^&\s"'<>]+
    # A secret beside its name, in a form, JSON, a header or Python's repr of either.
    | (?P<name> (?i: {_NAME} )
        (?: \\{{0,8}}["']? \s{{0,3}} [:=] \s{{0,3}} b? | \\{{0,8}}["'],\s?b ) (?i: (?:bearer|basic) \s )? )
      (?: \\{{1,8}}" [^"]* | \\{{1,8}}' [^']* | "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | [^\s"'&]+ )
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_SECRET_NAME = re.compile(rf"(?ix: (?: {_NAME} | cookie ) $ )")


def names_a_secret(name: object) -> bool:
    """Whether a value of this name is one, whatever it looks like. `input_tokens` names none."""
    return bool(_SECRET_NAME.search(str(name)))


class Redactor:
    """Takes `secrets`, and whatever looks like one, out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        # The longest first: another may begin with it.
        known = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._known = re.compile(known) if known else None

    def redact(self, text: str) -> str:
        """`text` with `[redacted]` in each one's place."""
        if self._known:
            text = self._known.sub("[redacted]", text)
        return SECRET.sub(_replacement, text)


redact = Redactor().redact


def known_secrets(settings: Settings) -> list[str]:
    """The secrets of this process, also those inside its URLs."""
    keys = (settings.openai_api_key, settings.anthropic_api_key, settings.gemini_api_key)
    fallbacks = _value(settings.secret_key_fallbacks).split(",")
    ours = (settings.secret_key, settings.metrics_token, settings.alert_webhook, settings.alert_secret)
    found = [*map(_value, (*keys, *ours)), *(part.strip() for part in fallbacks)]
    services = (settings.database_address, settings.redis_address, settings.redis_tls_address)
    found += [_credentials(url)[1] for url in (*services, _value(settings.smtp_url))]
    for address in (settings.openai_base_url, settings.anthropic_base_url):
        # A proxy's user can be its token.
        found += _credentials(address or "")
    return found


def _credentials(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # it is refused where it is used
        return "", "", ""
    return parts.username or "", parts.password or "", parts.query


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _forms(secret: str) -> Iterator[str]:
    for plain in {secret, unquote(secret)}:
        yield from (plain, quote(plain, safe=""), repr(plain)[1:-1], json.dumps(plain)[1:-1])
        yield json.dumps(plain, ensure_ascii=False)[1:-1]


def _replacement(found: re.Match[str]) -> str:
    return f"{found['bearer'] or found['stream'] or found['name'] or ''}[redacted]"
