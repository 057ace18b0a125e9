"""Whoever runs the site is told when something is not well, once, and when it is again: faults in a running site."""

from __future__ import annotations

import asyncio
import re
import subprocess
from typing import TYPE_CHECKING

from standardwebhooks import Webhook as Verifier

from tests.integration.watching.conftest import SECRET
from tests.running import GENAPP

if TYPE_CHECKING:
    from tests.integration.watching.conftest import Site
    from tests.integration.web.conftest import Visitor


async def test_a_killed_worker_is_told_once_by_webhook_and_mail_and_once_that_another_is_there(site: Site) -> None:
    site.app.processes["worker"].kill()
    site.app.stop("worker")
    (opened,) = await site.told("no_worker", 1)
    assert opened.json["event"] == "incident.opened"
    assert opened.json["text"].startswith("[127.0.0.1] No worker lives. 0 prompts wait")
    Verifier(SECRET).verify(opened.body, opened.headers)
    (mail,) = await site.mailed("No worker lives", 1)
    assert mail["subject"] == "[127.0.0.1] No worker lives"
    assert (mail["from"], mail["auto-submitted"]) == ("genapp@example.com", "auto-generated")
    assert mail["to"] == "ops@example.com, boss@example.com"
    assert mail.get_content().strip() == opened.json["text"]

    site.app.start("worker", "worker")
    _, recovered = await site.told("no_worker", 2)
    assert recovered.json["event"] == "incident.recovered"
    assert re.fullmatch(r"\[127.0.0.1\] Well again after [0-9]+ seconds?: No worker lives\.", recovered.json["text"])
    first, second = await site.mailed("No worker lives", 2)
    assert second["subject"] == "[127.0.0.1] Well again: No worker lives"
    assert second["references"] == first["references"]
    # Three processes have looked some ten times a second meanwhile.
    assert len(await site.told("no_worker", 2)) == len(await site.mailed("No worker lives", 2)) == 2
    assert opened.id != recovered.id


async def test_failing_answers_are_told_of_also_where_the_receiver_was_down_and_the_end_after_the_beginning(
    site: Site, visitor: Visitor
) -> None:
    site.receiver.answers = [503]
    for number in range(2):
        generation = await visitor.submit(f"[demo: 400] {number}")
        await visitor.until(generation["id"], "failed")
    refused, taken, recovered = await site.told("failing", 3)
    assert refused.id == taken.id
    assert refused.body == taken.body
    assert re.search(r"Answers fail. 100 % of [12] answers failed in the last 4 seconds", taken.json["text"])
    assert "most often because openai said" in taken.json["text"]
    assert recovered.json["event"] == "incident.recovered"
    assert [mail["subject"] for mail in await site.mailed("Answers fail", 2)] == [
        "[127.0.0.1] Answers fail",
        "[127.0.0.1] Well again: Answers fail",
    ]


async def test_genapp_alert_says_who_is_told_of_what_without_secrets_and_sends_one_to_try(site: Site) -> None:
    process = await _run(site, GENAPP_ALERT_SPEND_DAY="40")
    assert process.returncode == 0, process.stdout
    assert "- 24 hours cost over $40" in process.stdout
    assert "ops@example.com, boss@example.com by 127.0.0.1: taken" in process.stdout
    assert "(signed): taken" in process.stdout
    assert "/alerts" not in process.stdout
    assert [one.json["event"] for one in site.about("test")] == ["incident.test"]
    assert ["nothing is wrong" in mail.get_content() for mail in site.box.mails].count(True) == 1
    nobody = await _run(site, GENAPP_ALERT_EMAIL="nobody@example.com", GENAPP_ALERT_WEBHOOK="")
    assert nobody.returncode == 1
    assert "takes nothing for these addresses" in nobody.stdout
    some = await _run(site, GENAPP_ALERT_EMAIL="ops@example.com,nobody@example.com", GENAPP_ALERT_WEBHOOK="")
    assert some.returncode == 1
    assert "taken, but not for nobody@example.com" in some.stdout


async def _run(site: Site, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [*GENAPP, "alert"]
    env = {**site.app.env, **settings}
    return await asyncio.to_thread(
        subprocess.run, command, env=env, capture_output=True, text=True, timeout=60, check=False
    )
