"""What a model answers and what a person asks is shown and nothing more: it runs nothing, and asks nobody for anything.

Hundreds of payloads in a few long answers, through the SDK, the worker, the stream and htmx. Once with the pages'
policy switched off, so that what slips through the renderer comes alive; then with it, and nothing may offend it.
"""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import expect

from genapp.models import new_id
from tests.hostile import PAYLOADS, document
from tests.running import GENAPP
from tests.system.test_conversing import until_status
from tests.system.test_people import PASSWORD, log_in
from tests.unit.markdown.inert import ALLOWED, DECEPTIVE, HREF

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

    from tests.running import App
    from tests.system.conftest import OpenPage

# By the seed of its payloads, how an answer comes: in a hundred small frames, or in a few large ones.
PACES = {1: "[demo: echo ttft300 tps6000] ", 2: "[demo: echo fast] "}
CHARACTERS = 31_900
# Every page that shows an answer, and who comes there.
PLACES = {
    "/conversations/{conversation_id}": "owner",
    "/generations/{id}": "owner",
    "/shared/{share}": "stranger",
    "/admin/generations/{id}": "admin",
}
# Installed before anything else: what no answer may hold, at any moment, and what no page may do.
WATCH = """
allowed => {
  window.strange = []
  const strange = what => window.strange.length < 20 && window.strange.push(what)
  document.addEventListener('securitypolicyviolation', e => strange(`policy: ${e.effectiveDirective} ${e.blockedURI}`))
  const ours = element => element.matches('.prose__settled, .tail, .copy')
  const look = element => {
    if (!element.closest('.prose') || element.matches('.prose')) return
    const names = element.getAttributeNames()
    const known = allowed[element.localName] ?? (ours(element) ? [] : null)
    if (!known) return strange(element.outerHTML.slice(0, 200))
    const odd = names.filter(name => !known.includes(name) && !(ours(element) && !/^(on|hx|style|src|href)/.test(name)))
    if (odd.length) strange(`${odd}: ${element.outerHTML.slice(0, 200)}`)
  }
  new MutationObserver(changes => {
    for (const { addedNodes, target, type } of changes) {
      if (type === 'attributes') look(target)
      for (const node of addedNodes)
        if (node.nodeType === 1) for (const one of [node, ...node.querySelectorAll('*')]) look(one)
    }
  }).observe(document, { childList: true, subtree: true, attributes: true })
}
"""
LINKS = """links => links.map(
  link => ({...Object.fromEntries([...link.attributes].map(one => [one.name, one.value])), text: link.innerText})
)"""
# Where the characters of each link stand: [its text, its lines of x positions].
PLACED = """links => links.map(link => {
  const places = []
  const nodes = document.createTreeWalker(link, NodeFilter.SHOW_TEXT)
  for (let node = nodes.nextNode(); node; node = nodes.nextNode())
    for (let at = 0; at < node.length; at++) {
      const range = document.createRange()
      range.setStart(node, at)
      range.setEnd(node, at + 1)
      const box = range.getBoundingClientRect()
      if (box.width) places.push([Math.round(box.top), box.left])
    }
  return [link.textContent, places]
})"""


class Witness:
    """All that pages of a context do besides showing: requests elsewhere or for a canary, and dialogs."""

    def __init__(self, origin: str) -> None:
        self.origin = urlsplit(origin).netloc
        self.seen: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._requested(request.url))
        context.on("dialog", lambda dialog: self.seen.append(f"dialog: {dialog.message}"))
        context.on("page", lambda page: self.seen.append(f"page: {page.url}"))

    def _requested(self, url: str) -> None:
        parts = urlsplit(url)
        own = ("/static/", "/streams", "/generations", "/conversations/", "/shared/", "/admin/generations/")
        if parts.netloc != self.origin or not (parts.path == "/" or parts.path.startswith(own)):
            self.seen.append(f"request: {url}")


async def opened(open_page: OpenPage, app: App, path: str = "/", **options: Any) -> tuple[Page, Witness]:
    """A page that is watched from before its first byte."""
    witness = Witness(app.url)
    page = await open_page("/", **options)
    witness.watch(page.context)
    allowed = {tag: sorted(names) for tag, names in ALLOWED.items()}
    await page.add_init_script(f"({WATCH})({json.dumps(allowed)})")
    await page.goto(path)
    return page, witness


async def ask(page: Page, prompt: str) -> None:
    await page.select_option("select[name=model]", "openai:demo")
    await page.fill("textarea[name=prompt]", prompt)
    await page.click("button[type=submit]:has-text('Send')")


async def require_inert(page: Page, witness: Witness, prompt: str, count: int) -> None:
    """What holds of a page that shows a hostile answer to the same hostile prompt."""
    assert witness.seen == []
    content = page.locator("article [id$=_content]")
    shown = re.findall(r"payload(\d+)\.", await content.inner_text())
    assert len(set(shown)) > count * 0.95, "the answer is not there"
    assert await page.locator(".generation__prompt").inner_text() == prompt.strip()
    await require_honest_links(page)
    assert "canary" not in (await page.title()).lower()
    assert await page.locator("#announcer, #main").count() == 2


async def require_honest_links(page: Page) -> None:
    links = await page.locator(".prose a").evaluate_all(LINKS)
    assert len(links) > 100
    for link in links:
        assert set(link) == {"href", "rel", "target", "text"}, link
        assert HREF.fullmatch(link["href"]), link
        assert (link["rel"], link["target"]) == ("noopener noreferrer nofollow", "_blank")
        assert not DECEPTIVE.search(link["text"]), ascii(link)


async def require_links_in_reading_order(page: Page) -> None:
    placed = await page.locator(".prose a").evaluate_all(PLACED)
    plain = [(text, places) for text, places in placed if text.isascii() and len(places) > 1]
    assert len(plain) > 50
    for text, places in plain:
        for (top, left), (next_top, next_left) in pairwise(places):
            # To the right, or on a line below.
            assert next_left > left or next_top > top + 8, f"{text!r} is not read in the order in which it is written"


async def require_nothing_came_alive(page: Page) -> None:
    assert await page.evaluate("[window.strange, window.pwned, document.baseURI === location.href]") == [[], None, True]


async def shared(page: Page, conversation_id: str) -> str:
    """Share what a page shows; gives what its link ends with."""
    answer = await page.request.post(
        f"/conversations/{conversation_id}/share", data={"expires": "never"}, headers={"Accept": "application/json"}
    )
    return str((await answer.json())["url"]).rpartition("/")[2]


@pytest.fixture
async def admin(open_page: OpenPage, app: App) -> Any:
    """What a browser keeps in which an admin is logged in."""
    email = f"admin-{new_id().hex[-12:]}@example.org"
    command = [*GENAPP, "user", "create", email, "--admin", "--password-stdin"]
    subprocess.run(command, env=app.env, input=PASSWORD, text=True, check=True, capture_output=True)  # noqa: ASYNC221
    page = await open_page()
    await log_in(page, email)
    return await page.context.storage_state()


@pytest.mark.parametrize("seed", PACES)
async def test_hundreds_of_hostile_payloads_do_nothing_live_nor_later_nor_without_javascript(
    open_page: OpenPage, app: App, admin: Any, seed: int
) -> None:
    text, count = document(seed, CHARACTERS)
    assert count > len(PAYLOADS)
    prompt = PACES[seed] + text
    page, witness = await opened(open_page, app, bypass_csp=True)
    await ask(page, prompt)
    await until_status(page, "completed")
    await require_inert(page, witness, prompt, count)
    await require_nothing_came_alive(page)
    article = await page.locator("article").get_attribute("id")
    ids = {
        "conversation_id": urlsplit(page.url).path.rpartition("/")[2],
        "id": str(article).removeprefix("generation_"),
    }
    ids["share"] = await shared(page, ids["conversation_id"])
    states: dict[str, Any] = {"owner": await page.context.storage_state(), "stranger": None, "admin": admin}
    for path, who in PLACES.items():
        state = states[who]
        later, watching = await opened(open_page, app, path.format(**ids), storage_state=state)
        await require_inert(later, watching, prompt, count)
        await require_links_in_reading_order(later)
        await require_nothing_came_alive(later)
        plain, watching = await opened(
            open_page, app, path.format(**ids), storage_state=state, java_script_enabled=False
        )
        await require_inert(plain, watching, prompt, count)


async def test_hostile_titles_fields_and_addresses_do_nothing(open_page: OpenPage, app: App) -> None:
    page, witness = await opened(open_page, app, bypass_csp=True)
    titles = [
        "</title><script>window.pwned=1</script><img src=/canary/1>",
        '" onfocus=alert(2) autofocus x="',
        "\u202e</bdi></a><img src=//canary.invalid/3 onerror=alert(3)>",
    ]
    for title in titles:
        await page.goto("/")
        await ask(page, f"{title}\n[demo: n3 fast]")
        await until_status(page, "completed")
        await page.reload()
        await expect(page).to_have_title(f"{title.lstrip(chr(0x202E))} · genapp")
        await expect(page.locator("h1")).to_have_text(title.lstrip("\u202e"))
    await page.goto("/")
    assert await page.locator(".list__link").all_inner_texts() == [title.lstrip("\u202e") for title in titles[::-1]]
    for typed in ["</textarea><script>alert(4)</script>", "\n\n<img src=/canary/5>\u2028", "\x0c</form>"]:
        await page.goto(f"/?prompt={quote(typed)}")
        assert await page.input_value("textarea[name=prompt]") == typed
    await require_nothing_came_alive(page)
    assert witness.seen == []
