"""Requests drawn at random: well-formed HTTP, with anything in every place that somebody can fill."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

LONGEST_SHOWN = 3_000
# Bytes of a value in an address, where each may be three. An address and headers of 64 KB get no further than the edge.
LONGEST_VALUE = 2_000

NASTY = [
    b"",
    b"\0",
    b"a\0b",
    b"%",
    b"%00",
    b"%zz",
    b"..",
    b"../../etc/passwd",
    b"\xed\xa0\x80",  # half a surrogate pair, as UTF-8 must not have it
    b"\xff\xfe",
    "\u202e\ufeff\u2028".encode(),
    "İ".encode() * 300,
    b";" * 10_000,
    b"," * 3_000,
    b"=" * 100,
    b"9" * 5_000,
    b"-1",
    b"1.1.end,1.1",
    b"abcdefghijkl.999999999999999.end",
    b"'\"<script>{{7*7}}${7*7}",
    b"00000000-0000-0000-0000-000000000000",
    b"{01a00000-0000-7000-8000-000000000000}",
    b"[" * 500,
    b"null",
    b"https://[",
    b"//evil.example",
    b"2026-13-45T99:99:99Z",
]
NAMES = [
    *("prompt", "model", "conversation_id", "idempotency_key", "csrf_token", "email", "password", "next", "invitation"),
    *("current_password", "new_password", "confirm", "name", "scope", "expires", "max_in_flight", "tokens_per_day"),
]
QUERY = ["q", "before", "status", "next", "invitation", "done", "prompt", "stream", "share", "after", "dialect"]
# What each asks for; None: what nobody can say before.
ACCEPTS = {"application/json": "json", "text/html": "page", "text/html, application/json;q=0.9": "page", "": None}

anything = st.one_of(st.sampled_from(NASTY), st.binary(max_size=30), st.text(max_size=30).map(str.encode))
# What a header may hold (RFC 9110, 5.5): no controls but the tab.
header_value = anything.map(lambda value: bytes(byte for byte in value if byte >= 32 and byte != 127))
text = st.one_of(anything.map(lambda value: value.decode("utf-8", "replace")), st.text(max_size=40))


@dataclass(frozen=True)
class Attempt:
    """A request. `wanted` is the shape that it asks for, None where that is hard to say."""

    method: str
    target: str
    headers: tuple[tuple[str, bytes], ...]
    body: bytes
    wanted: str | None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows it: of a longer text it would warn, in the place of what went wrong."""
        parts = (self.method, self.target, self.headers, self.body, self.wanted)
        printer.text(f"Attempt({', '.join(_cut(repr(part)) for part in parts)})")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… ({len(text)} characters)"


@st.composite
def attempts(
    draw: st.DrawFn,
    methods: Sequence[str],
    path: str,
    credentials: Sequence[Sequence[tuple[str, bytes]]],
    known: Mapping[str, str],
) -> Attempt:
    """Draw a request to a route, by one of those with `credentials`, about what is `known` or about nothing."""
    method = draw(st.sampled_from([*methods, *methods, "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]))
    headers = [*draw(st.sampled_from(credentials)), *draw(_odd_headers())]
    wanted = draw(_accept(headers))
    body = draw(_bodies(headers)) if method not in ("GET", "HEAD") else b""
    return Attempt(method, draw(_targets(path, known)), tuple(headers), body, wanted)


@st.composite
def _targets(draw: st.DrawFn, path: str, known: Mapping[str, str]) -> str:
    parts = [
        draw(_segments(known.get(part[1:-1]))) if part.startswith("{") else quote(part) for part in path.split("/")
    ]
    if path == "/static":
        parts.append(draw(_segments("0/css/base.css")))
    pairs = draw(st.lists(st.tuples(st.sampled_from(QUERY), anything), max_size=4))
    query = "&".join(f"{name}={quote(value[:LONGEST_VALUE], safe='%')}" for name, value in pairs)
    return "/".join(parts) + (f"?{query}" if query else "")


def _segments(known: str | None) -> st.SearchStrategy[str]:
    odd = anything.map(lambda value: quote(value[:LONGEST_VALUE], safe="%") or "-")
    ids = st.uuids().map(str)
    return st.one_of(*([st.just(known)] if known else []), ids, odd)


@st.composite
def _odd_headers(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    names = [
        *("Cookie", "Authorization", "Last-Event-ID", "Origin", "Sec-Fetch-Site", "X-CSRF-Token", "User-Agent"),
        *("X-Forwarded-For", "X-Forwarded-Proto", "HX-Request", "HX-Target", "Range", "If-None-Match", "Referer"),
        *("Accept-Encoding", "Accept-Language", "Content-Encoding"),
    ]
    drawn = draw(st.lists(st.tuples(st.sampled_from(names), header_value), max_size=3))
    prefixes = {"Authorization": b"Bearer ", "Cookie": b"genapp_session="}
    return [(name, draw(st.sampled_from([b"", prefixes.get(name, b"")])) + value) for name, value in drawn]


@st.composite
def _accept(draw: st.DrawFn, headers: list[tuple[str, bytes]]) -> str | None:
    """Add what is accepted to the headers; gives the shape that this asks for."""
    odd = any(name == "HX-Request" for name, _ in headers)
    if draw(st.integers(0, 4)) == 0:
        headers.append(("Accept", draw(header_value)))
        return None
    accept, wanted = draw(st.sampled_from(list(ACCEPTS.items())))
    if accept:
        headers.append(("Accept", accept.encode()))
    if wanted == "page" and accept == "text/html" and not odd and draw(st.booleans()):
        headers.append(("HX-Request", b"true"))
        return "partial"
    return None if odd and wanted != "json" else wanted


@st.composite
def _bodies(draw: st.DrawFn, headers: list[tuple[str, bytes]]) -> bytes:
    fields = draw(st.dictionaries(st.one_of(st.sampled_from(NAMES), text), text, max_size=5))
    if "prompt" in fields:
        fields["prompt"] = "[demo: fast n3] " + fields["prompt"]
    kind = draw(st.sampled_from(["json", "form", "odd JSON", "odd"]))
    if kind == "json":
        headers.append(("Content-Type", JSON.encode()))
        return json.dumps(fields).encode()
    if kind == "form":
        headers.append(("Content-Type", FORM.encode()))
        return "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items()).encode()
    if kind == "odd JSON":
        headers.append(("Content-Type", JSON.encode()))
        return draw(_odd_json())
    headers.append(("Content-Type", draw(st.one_of(header_value, st.sampled_from([FORM.encode(), JSON.encode()])))))
    return draw(anything)


def _odd_json() -> st.SearchStrategy[bytes]:
    # `json.dumps` writes ASCII, so that lone surrogates are sent as JSON can say them.
    words = st.one_of(st.text(max_size=15), st.sampled_from(["\ud800", "a\udfff", "\0", "\x7f"]))
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | words
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
    )
    objects = st.dictionaries(st.one_of(st.sampled_from(NAMES), words), st.one_of(words, values), max_size=4)
    return st.one_of(objects, objects, values).map(lambda value: json.dumps(value).encode())
