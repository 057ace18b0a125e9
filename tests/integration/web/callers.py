"""Programs and people who call the API: each with an account of their own, as their requests show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from genapp.models import new_id
from tests.integration.web.conftest import JSON

if TYPE_CHECKING:
    from tests.running import App

PASSWORD = "seven grey herons"
COOKIE = "genapp_session"


@dataclass
class Caller:
    """Somebody with an account. `headers` say who it is; `own` are ids of theirs, by the name of a path's parameter."""

    url: str
    email: str
    headers: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    def log_in(self) -> dict[str, str]:
        """Begin another session; gives the headers that show it."""
        answer = httpx.post(
            f"{self.url}/login", json={"email": self.email, "password": PASSWORD}, headers=JSON, timeout=20
        )
        assert answer.status_code == 200, answer.text
        return {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}

    def make_token(self, session: dict[str, str], name: str) -> tuple[str, str]:
        """Give the id of a new token, and the token."""
        body = {"name": name, "scope": "generate", "expires": "30"}
        answer = httpx.post(f"{self.url}/account/tokens", json=body, headers={**JSON, **session}, timeout=20)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"], answer.json()["token"]


def somebody(app: App, prompt: str = "[demo: echo] hello") -> Caller:
    """Somebody new, who has asked something and shares it. Their headers are those of nobody yet."""
    caller = Caller(app.url, f"{new_id()}@example.org")
    signed_up = httpx.post(
        f"{app.url}/signup", json={"email": caller.email, "password": PASSWORD}, headers=JSON, timeout=20
    )
    assert signed_up.status_code == 200, signed_up.text
    session = {**JSON, "Cookie": f"{COOKIE}={signed_up.cookies[COOKIE]}"}
    asked = httpx.post(f"{app.url}/generations", json={"prompt": prompt}, headers=session, timeout=20).json()
    shared = httpx.post(
        f"{app.url}/conversations/{asked['conversation_id']}/share", json={}, headers=session, timeout=20
    ).json()
    site = httpx.post(
        f"{app.url}/account/sites",
        json={"name": "shop", "origins": "https://shop.example"},
        headers=session,
        timeout=20,
    ).json()
    webhook = httpx.post(
        f"{app.url}/account/webhooks",
        json={"url": "http://127.0.0.1:9/", "completed": "yes"},
        headers=session,
        timeout=20,
    ).json()
    caller.own = {
        "webhook_id": webhook["id"],
        "site_id": site["id"],
        "generation_id": asked["id"],
        "conversation_id": asked["conversation_id"],
        "token": shared["url"].rpartition("/")[2],
        "token_id": caller.make_token(session, "to be revoked")[0],
    }
    return caller


def with_session(app: App) -> Caller:
    """Somebody in a browser."""
    caller = somebody(app)
    caller.headers = caller.log_in()
    return caller


def with_token(app: App) -> Caller:
    """Somebody's program."""
    caller = somebody(app)
    caller.headers = {"Authorization": f"Bearer {caller.make_token(caller.log_in(), 'program')[1]}"}
    return caller
