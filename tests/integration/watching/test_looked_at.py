"""What rules and dashboard look at, on the page of a running site."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.prometheus import RULES, asked, promtool, series
from tests.running import eventually

if TYPE_CHECKING:
    from tests.integration.web.conftest import Visitor

# A series with labels begins with the first event that it is about. These are there, or have happened here.
THERE = re.compile(
    "genapp_(attempts|build|connections|event_loop|first_token|frames|generation|http|processes|provider_errors|queue"
    "|retries|sent|tokens|up)"
)


async def test_what_rules_and_dashboard_look_at_is_on_a_running_sites_page(visitor: Visitor) -> None:
    for prompt in ("[demo: ttft50 tps50 n20] figures", "[demo: 400] errors", "[demo: 503x1 fast] once more"):
        generation = await visitor.submit(prompt)
        await visitor.until(generation["id"], "completed", "failed")
    known = series()
    names = set(re.findall(r"\bgenapp_\w+", "\n".join([RULES.read_text(), *asked()])))
    wanted = {name for name in names if not known[name] or THERE.match(name)}
    assert len(wanted) > 20

    async def missing() -> set[str]:
        page = (await visitor.http.get("/metrics")).text
        return wanted - set(re.findall(r"^(genapp_\w+)", page, re.MULTILINE))

    async def all_there() -> bool:
        return not await missing()

    with suppress(TimeoutError):
        await eventually(all_there)
    assert await missing() == set()
    promtool("check", "metrics", page=(await visitor.http.get("/metrics")).text)
