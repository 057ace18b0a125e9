"""People by what they bring: a cookie, a token, nothing; each sends the same with every request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpx

from genapp.models import new_id
from tests.integration.web.conftest import HTML, HTMX, JSON, PASSWORD, new_email

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.web.sites import Sites

SHAPES = {"page": HTML, "partial": HTMX, "json": JSON}
COOKIE = "genapp_session"


def forgetful() -> httpx.AsyncClient:
    """A client that keeps no cookie: who somebody is, is what they send."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(cookies=jar, timeout=20, limits=httpx.Limits(max_connections=8))


@dataclass
class Persona:
    """Somebody, and what the sites take them for: `email` of an account, `scopes` of a token, `guest`s have neither.

    `lapsed`: their session has ended. `shut_out`: a guest who is disabled. `bad_token`: it opens nothing.
    """

    sites: Sites
    http: httpx.AsyncClient
    cookie: str = ""
    csrf_token: str = ""
    bearer: str | None = None
    email: str = ""
    scopes: frozenset[str] | None = None
    lapsed: bool = False
    shut_out: bool = False
    bad_token: bool = False

    @property
    def guest(self) -> bool:
        return not self.email

    def has(self, cookie: str) -> None:
        """Bring this cookie from now on, and the form token of its session."""
        self.cookie, self.csrf_token = cookie, self.sites.sessions.read(cookie)[0].csrf_token

    def headers(self, shape: str) -> dict[str, str]:
        headers = dict(SHAPES[shape])
        if self.cookie:
            headers["Cookie"] = f"{COOKIE}={self.cookie}"
        if self.bearer is not None:
            headers["Authorization"] = self.bearer
        return headers

    async def send(
        self,
        method: str,
        url: str,
        shape: str = "json",
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request, as a form with its token or as JSON. A stream's answer comes without its body."""
        sent = {**self.headers(shape), **(headers or {})}
        body: dict[str, Any] = {}
        if method not in ("GET", "HEAD", "OPTIONS"):
            form = {"csrf_token": self.csrf_token, **(fields or {})}
            body = {"json": dict(fields or {})} if shape == "json" else {"data": form}
        async with self.http.stream(method, url, headers=sent, **body) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                await answer.aread()
            return answer

    async def done(self, method: str, path: str, *, at: str = "accounts", **fields: str) -> httpx.Response:
        """Do something that succeeds, as JSON; what the answer says of the cookie holds from then on."""
        answer = await self.send(method, self.sites.urls[at] + path, "json", fields)
        assert answer.status_code in (200, 201, 204, 303), answer.text
        self.follow(answer)
        return answer

    def follow(self, answer: httpx.Response) -> None:
        """Keep the cookie that an answer gives, as a browser does."""
        if given := answer.headers.get("set-cookie"):
            self.has(given.partition("=")[2].partition(";")[0])

    async def log_in(self, password: str = PASSWORD) -> Persona:
        """The same account in another browser."""
        other = Persona(self.sites, self.http, email=self.email)
        await other.done("POST", "/login", email=self.email, password=password)
        return other

    async def token(self, scope: str = "generate") -> tuple[str, Persona]:
        """Make a token; gives its id, and the program that uses it."""
        made = json.loads((await self.done("POST", "/account/tokens", name=new_id().hex, scope=scope)).text)
        scopes = frozenset(made["scopes"])
        return made["id"], Persona(
            self.sites, self.http, bearer=f"Bearer {made['token']}", email=self.email, scopes=scopes
        )

    async def asks(self, prompt: str, model: str = "openai:demo-fast", **fields: str) -> dict[str, Any]:
        """Send a prompt; gives the generation."""
        at = "open" if self.guest else "accounts"
        return dict((await self.done("POST", "/generations", at=at, prompt=prompt, model=model, **fields)).json())


async def arrived(sites: Sites, http: httpx.AsyncClient) -> Persona:
    """A guest, with a cookie."""
    one = Persona(sites, http)
    await one.done("GET", "/", at="open")
    return one


async def signed_up(sites: Sites, http: httpx.AsyncClient, email: str = "") -> Persona:
    """A new account, logged in."""
    one = Persona(sites, http)
    email = email or new_email()
    await one.done("POST", "/signup", email=email, password=PASSWORD)
    one.email = email
    return one


async def made_admin(sites: Sites, http: httpx.AsyncClient) -> Persona:
    """A new account that runs the site, logged in."""
    one = Persona(sites, http)
    email = new_email()
    await one.done("POST", "/signup", email=email, password=PASSWORD)
    await sites.sql("UPDATE users SET role = 'admin' WHERE email = $1", email)
    one.email = email
    return one
