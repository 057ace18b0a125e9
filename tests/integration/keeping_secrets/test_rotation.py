"""A new SECRET_KEY, with the old one as a fallback, logs nobody out; without it everything old is refused."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from genapp.settings.offered import DEFAULT_MODELS
from tests.running import GENAPP, App

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.web.conftest import Visitor

NEW = "a-new-key-that-nobody-has-seen-yet-987654"
MODEL = f"anthropic:{DEFAULT_MODELS['anthropic'][0]}"


@pytest.fixture
def restart(app: App) -> Iterator[Callable[..., None]]:
    """Restarts the web with other keys."""

    def again(**settings: str) -> None:
        app.stop("web")
        app.start("web", "web", **settings)
        app.wait_until_ready()

    yield again
    again()


async def test_what_an_old_key_has_signed_works_until_the_key_is_dropped(
    app: App, visitors: Callable[[], Visitor], restart: Callable[..., None]
) -> None:
    old = app.env["SECRET_KEY"]
    visitor = await visitors().arrive()
    first = await visitor.submit("[demo: fast echo] kept", model=MODEL)
    await visitor.until(first["id"], "completed")
    cookie, form_token, stream = visitor.http.cookies["genapp_session"], visitor.token, first["stream_url"]

    restart(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=old)
    assert (await visitor.generation(first["id"]))["content"] == "kept"
    assert (await visitor.post_form(f"/generations/{first['id']}/retry")).status_code == 303
    assert (await visitor.messages(stream))[-1]["content"] == "kept"
    renewed = visitor.http.cookies["genapp_session"]
    assert renewed != cookie, "who comes meanwhile is signed in by the new key"
    # Whoever comes now is signed in by the new key alone: their own form and their own stream of what follows.
    later = await visitors().arrive()
    second = await later.submit("[demo: fast echo] later", model=MODEL)
    await later.until(second["id"], "completed")

    restart(SECRET_KEY=NEW)
    assert (await later.generation(second["id"]))["content"] == "later"
    assert (await later.messages(second["stream_url"]))[-1]["content"] == "later"
    assert (await later.post_form(f"/generations/{second['id']}/retry")).status_code == 303
    # The same person, by a session that the new key has signed, so that the old tokens are looked at by themselves.
    assert (await later.http.get(stream)).status_code == 404
    assert (await later.post_form(f"/generations/{second['id']}/retry", csrf_token=form_token)).status_code == 403
    assert (await visitor.generation(first["id"]))["content"] == "kept"
    visitor.http.cookies.clear()
    headers = {"Accept": "application/json", "Cookie": f"genapp_session={cookie}"}
    answer = await visitor.http.get(f"/generations/{first['id']}", headers=headers)
    assert answer.status_code == 404


def test_production_does_not_start_with_a_key_that_anybody_can_guess() -> None:
    env = {**os.environ, "GENAPP_ENV": "production", "SECRET_KEY": "change-me-0123456789abcdef0123456789"}
    ended = subprocess.run([*GENAPP, "web"], env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "SECRET_KEY is a placeholder" in ended.stderr
    assert "0123456789" not in ended.stderr
