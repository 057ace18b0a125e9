"""Everybody who must be refused, made as they come about: by logging out, by being deleted, by trying."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from genapp.web.sessions import Sessions
from tests.integration.web.conftest import PASSWORD
from tests.integration.web.personas import Persona, arrived, made_admin, signed_up

if TYPE_CHECKING:
    import httpx

    from tests.integration.web.owners import Owner
    from tests.integration.web.sites import Sites

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NAMES = (
    *("nobody", "a guest", "a guest who is shut out", "another account"),
    *("an altered payload", "an altered signature", "a cut cookie", "an own signature under the owner's payload"),
    *("a cookie by another key", "a session id of the owner's", "no cookie at all but a dot"),
    *("a logged out session", "a revoked session", "an expired session", "a disabled account", "a deleted account"),
    *("a token to read", "a token to generate", "a revoked token", "an expired token", "a token of a disabled account"),
    *("a garbage token", "an empty token", "two words for a token", "a share's link for a token", "a cut token"),
    *("another account with a garbage token",),
)


def altered(text: str, at: int) -> str:
    """A text in base64 with another character at a place: one that differs in the highest bit of its six."""
    code = ALPHABET.find(text[at])
    return text[:at] + (ALPHABET[code ^ 32] if code >= 0 else "~") + text[at:][1:]


async def made_refused(sites: Sites, http: httpx.AsyncClient, owner: Owner) -> dict[str, Persona]:
    """All of them, by name."""
    other = await signed_up(sites, http)
    return {
        "nobody": Persona(sites, http),
        "a guest": await arrived(sites, http),
        "a guest who is shut out": await _guest_shut_out(sites, http),
        "another account": other,
        **_forged(sites, http, owner, other),
        **await _ended(sites, http),
        **await _tokens(sites, http, owner, other),
    }


async def _guest_shut_out(sites: Sites, http: httpx.AsyncClient) -> Persona:
    guest, admin = await arrived(sites, http), await made_admin(sites, http)
    await guest.asks("[demo: echo] x")
    user_id = sites.sessions.read(guest.cookie)[0].user_id
    await admin.done("POST", f"/admin/users/{user_id}/disablement")
    return replace(guest, shut_out=True)


def _forged(sites: Sites, http: httpx.AsyncClient, owner: Owner, other: Persona) -> dict[str, Persona]:
    # With the owner's own form token, which no forger has: the cookie alone must keep them out.
    cookie, csrf_token = owner.person.cookie, owner.person.csrf_token
    payload, _, signature = cookie.rpartition(".")
    claim = sites.sessions.read(cookie)[0]
    wrong_key = Sessions(["another-secret-that-is-long-enough-01234567"])
    signed = replace(claim, user_id=_user_id(other))
    cookies = {
        "an altered payload": f"{altered(payload, 5)}.{signature}",
        "an altered signature": f"{payload}.{altered(signature, -1)}",
        "a cut cookie": cookie[:-1],
        "an own signature under the owner's payload": f"{payload}.{other.cookie.rpartition('.')[2]}",
        "a cookie by another key": wrong_key.write(claim),
        "no cookie at all but a dot": ".",
    }
    forged = {name: Persona(sites, http, cookie=text, csrf_token=csrf_token) for name, text in cookies.items()}
    # What nobody but we could sign, and would open nothing all the same: a session is its user's.
    pair = Persona(sites, http, cookie=sites.sessions.write(signed), csrf_token=csrf_token, lapsed=True)
    return {**forged, "a session id of the owner's": pair}


async def _ended(sites: Sites, http: httpx.AsyncClient) -> dict[str, Persona]:
    admin = await made_admin(sites, http)
    out, revoked, expired, disabled, deleted = [await signed_up(sites, http) for _ in range(5)]
    for one in (out, revoked, disabled, deleted):
        await one.done("GET", "/account", at="open")  # so that every process remembers them
        await one.done("GET", "/account", at="invite")
    await replace(out).done("POST", "/logout")
    elsewhere = await revoked.log_in()
    await elsewhere.done("POST", "/account/sessions/revocation")
    session_id = sites.sessions.read(expired.cookie)[0].session_id
    await sites.sql("UPDATE sessions SET expires_at = now() WHERE id = $1", session_id)
    await admin.done("POST", f"/admin/users/{_user_id(disabled)}/disablement")
    await replace(deleted).done("POST", "/account/deletion", password=PASSWORD)
    return {
        "a logged out session": replace(out, email="", lapsed=True),
        "a revoked session": replace(revoked, email="", lapsed=True),
        "an expired session": replace(expired, email="", lapsed=True),
        "a disabled account": replace(disabled, email="", lapsed=True),
        "a deleted account": replace(deleted, email="", lapsed=True),
    }


async def _tokens(sites: Sites, http: httpx.AsyncClient, owner: Owner, other: Persona) -> dict[str, Persona]:
    admin, disabled = await made_admin(sites, http), await signed_up(sites, http)
    # Somebody else than who walks: one of the routes ends all tokens of who uses it.
    holder = await signed_up(sites, http)
    (_, reads), (_, generates) = await holder.token("read"), await holder.token()
    (revoked_id, revoked), (expired_id, expired), (_, of_disabled) = (
        await other.token(),
        await other.token(),
        await disabled.token(),
    )
    for one in (revoked, of_disabled):
        for at in sites.urls:
            await one.done("GET", "/", at=at)
    await other.done("POST", f"/account/tokens/{revoked_id}/revocation")
    await sites.sql("UPDATE api_tokens SET expires_at = now() WHERE id = $1", UUID(expired_id))
    await admin.done("POST", f"/admin/users/{_user_id(disabled)}/disablement")
    cut = (await owner.person.token())[1].bearer or ""
    bad = {
        "a revoked token": revoked.bearer,
        "an expired token": expired.bearer,
        "a token of a disabled account": of_disabled.bearer,
        "a garbage token": "Bearer genapp_garbage",
        "an empty token": "Bearer",
        "two words for a token": f"{reads.bearer} {reads.bearer}",
        "a share's link for a token": f"Bearer {owner.ids['token']}",
        "a cut token": cut[:-1],
    }
    personas = {name: Persona(sites, http, bearer=bearer, bad_token=True) for name, bearer in bad.items()}
    both = replace(other, bearer="Bearer genapp_garbage", bad_token=True)
    return {
        "a token to read": reads,
        "a token to generate": generates,
        **personas,
        "another account with a garbage token": both,
    }


def _user_id(persona: Persona) -> UUID:
    return persona.sites.sessions.read(persona.cookie)[0].user_id
