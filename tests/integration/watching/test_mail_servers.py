"""Mail servers as they are: with TLS and passwords, with neither, and such as nobody should send a password to."""

from __future__ import annotations

import asyncio
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import trustme

from genapp.delivering.posting import Refusal
from genapp.models import Incident, Notice
from genapp.settings import Settings
from genapp.watching import Telling
from genapp.watching.mailing import MailServer
from tests.mailing import PASSWORD, USER, mailbox

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


@pytest.fixture
def server_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate, for 127.0.0.1, that this machine trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def send(url: str, to: str = "ops@example.com") -> list[str]:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "genapp@example.com", to, "Größer"
    mail.set_content("Pages are slow – see to it.\n")
    return await asyncio.to_thread(MailServer.at(url).send, mail)


async def test_a_password_is_sent_over_tls_from_the_first_byte_or_once_it_is_offered(
    server_tls: ssl.SSLContext,
) -> None:
    async with mailbox(tls=server_tls) as box:
        await send(f"smtps://{LOGIN}@127.0.0.1:{box.port}")
        assert box.mails[0]["subject"] == "Größer"
        assert "–" in box.mails[0].get_content()
    async with mailbox(starttls=server_tls) as box:
        await send(f"smtp://{LOGIN}@127.0.0.1:{box.port}")
        assert len(box.mails) == 1
        with pytest.raises(Refusal, match="does not take this user and password"):
            await send(f"smtp://somebody:else@127.0.0.1:{box.port}")
        with pytest.raises(Refusal, match="must be ASCII"):
            await send(f"smtp://somebody:{quote('schlüssel')}@127.0.0.1:{box.port}")


@pytest.mark.usefixtures("database")
async def test_what_fails_in_a_way_nobody_thought_of_is_tried_again_later_and_does_not_keep_others_waiting() -> None:
    await Notice.raw("DELETE FROM notices")
    told = Telling(Settings(GENAPP_ALERT_EMAIL="ops@example.com", GENAPP_SMTP_URL="smtp://mail..example.com"))
    await Incident.note_bad("odd", "It is bad.", hold=0)
    incident = await Incident.note_bad("odd", "It is bad.", hold=0)
    assert incident is not None
    for event in ("opened", "recovered"):
        await Notice.add(incident, event, "It is bad.", ("email",))
    await told.tell()
    [first, second] = await Notice.raw("SELECT * FROM notices ORDER BY created_at")
    assert (first["status"], first["attempts"], first["held_until"]) == ("pending", 1, None)
    assert "UnicodeError" in first["error"]
    assert second["attempts"] == 0
    await Notice.raw("DELETE FROM notices")


async def test_a_server_that_nobody_vouches_for_is_sent_nothing(
    server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with mailbox(tls=server_tls) as box:
        with pytest.raises(Refusal, match="see its certificate"):
            await send(f"smtps://{LOGIN}@127.0.0.1:{box.port}")
        assert not box.mails


async def test_a_password_never_goes_in_the_open_but_to_this_machine() -> None:
    async with mailbox("127.0.0.2") as box:
        with pytest.raises(Refusal, match="the password was not sent"):
            await send(f"smtp://{LOGIN}@127.0.0.2:{box.port}")
        await send(f"smtp://127.0.0.2:{box.port}")
        assert len(box.mails) == 1


async def test_who_takes_nothing_and_who_is_not_there_are_told_apart() -> None:
    async with mailbox() as box:
        with pytest.raises(Refusal, match="takes nothing for these addresses"):
            await send(f"smtp://127.0.0.1:{box.port}", to="nobody@example.com")
        both = "nobody@example.com, ops@example.com"
        assert await send(f"smtp://127.0.0.1:{box.port}", to=both) == ["nobody@example.com"]
        assert box.people == [["ops@example.com"]]
    with pytest.raises(Refusal, match="could not be reached"):
        await send(f"smtp://127.0.0.1:{box.port}")
