"""What a page with our elements notices: one connection, tokens that are renewed, its own looks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.system.embedding.test_ways_in import ask, inside, until_status, until_words, words
from tests.system.test_conversing import COUNTED, excuse

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page, Request, Response

    from tests.system.embedding.conftest import OpenHost, Site

PAUSED = "[demo: pause] a long story"


def script(site: Site) -> str:
    return f'<script type="module" src="{site.app_url}/embed.js"></script>'


async def style(element: Locator, name: str) -> str:
    return str(await element.evaluate("(element, name) => getComputedStyle(element)[name]", name))


async def test_two_elements_follow_their_answers_on_one_connection_each_its_own(
    site: Site, open_host: OpenHost
) -> None:
    chat = f'<genapp-chat id="{{}}" token="{site.token()}"></genapp-chat>'
    page: Page = await open_host(script(site) + chat.format("one") + chat.format("two"))
    open_now: set[Request] = set()
    most = 0

    def opened(request: Request) -> None:
        nonlocal most
        if request.method == "GET" and "/streams" in request.url:
            open_now.add(request)
            most = max(most, len(open_now))

    def closed(request: Request) -> None:
        open_now.discard(request)

    page.on("request", opened)
    page.on("requestfailed", closed)
    page.on("requestfinished", closed)
    one, other = page.locator("#one"), page.locator("#two")
    await ask(one, "count")  # type: ignore[arg-type]
    await until_words(one, 10)  # type: ignore[arg-type]
    await ask(other, "count")  # type: ignore[arg-type]
    await until_words(other, 5)  # type: ignore[arg-type]
    assert len(open_now) == 1
    for element in (one, other):
        await expect(element.locator("article")).to_have_count(1)
        await until_status(element, "completed")  # type: ignore[arg-type]
        assert await words(element) == COUNTED  # type: ignore[arg-type]
    assert most == 1


async def test_the_same_conversation_twice_in_a_page_has_each_word_once_in_both(
    site: Site, open_host: OpenHost
) -> None:
    page: Page = await open_host(script(site) + f'<genapp-chat token="{site.token()}"></genapp-chat>')
    await ask(page, "count")
    await until_words(page, 5)
    await page.evaluate(
        """() => {
             const first = document.querySelector('genapp-chat')
             const second = document.createElement('genapp-chat')
             second.setAttribute('token', first.token)
             second.setAttribute('conversation', first.conversation)
             document.body.append(second)
           }"""
    )
    for place in (0, 1):
        element = page.locator("genapp-chat").nth(place)
        await until_status(element, "completed")  # type: ignore[arg-type]
        assert await words(element) == COUNTED  # type: ignore[arg-type]


async def test_a_token_that_ends_in_the_middle_is_renewed_by_the_sites_server_and_nobody_notices(
    site: Site, open_host: OpenHost
) -> None:
    # Half a minute is forgiven to clocks that differ: of that, three seconds are left, and the answer takes four.
    short = site.token(exp=int(time.time()) - 27)
    page: Page = await open_host(script(site) + f'<genapp-chat token="{short}" token-url="/token"></genapp-chat>')
    await ask(page, "count")
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    assert site.asked == ["shop=ada"], "asked once, with the page's own cookie"
    excuse(open_host, "401")


async def test_a_page_is_told_that_a_token_is_over_and_gives_another(site: Site, open_host: OpenHost) -> None:
    over = site.token(exp=int(time.time()) - 60)
    listener = """<script>
      document.addEventListener("genapp:token-expired", ({detail}) => {
        window.told = (window.told ?? 0) + 1
        detail.renew(fetch("/token").then((answer) => answer.text()))
      })</script>"""
    page: Page = await open_host(listener + script(site) + f'<genapp-chat token="{over}"></genapp-chat>')
    await ask(page, "[demo: echo] still here", "openai:demo-fast")
    await expect(page.locator("article")).to_contain_text("still here")
    assert await page.evaluate("window.told") == 1
    excuse(open_host, "401")


async def test_a_frame_asks_the_page_around_it_for_another_token_and_is_as_high_as_what_is_in_it(
    site: Site, open_host: OpenHost
) -> None:
    over = site.token(exp=int(time.time()) - 60)
    page: Page = await open_host(f"""
      <script type="module" src="{site.app_url}/embed-host.js"></script>
      <iframe style="border: 0" src="{site.app_url}/embed/frame?site={site.id}"
        data-token="{over}" data-token-url="/token"></iframe>""")
    part = await inside(page)
    await expect(part.locator("textarea")).to_be_visible()
    before = await page.locator("iframe").evaluate("frame => frame.offsetHeight")
    await ask(part, "[demo: echo] one line, and the next", "openai:demo-fast")
    await until_status(part, "completed")
    # As high as what is in it, and told so after each change of that.
    await page.wait_for_function("before => document.querySelector('iframe').offsetHeight > before", arg=before)
    fits = "document.documentElement.scrollHeight <= innerHeight"
    await part.wait_for_function(fits)
    assert site.asked == ["shop=ada"]
    excuse(open_host, "401")


async def test_a_frame_without_a_script_finds_its_token_behind_the_hash_and_hides_it(
    site: Site, open_host: OpenHost
) -> None:
    page: Page = await open_host(
        f'<iframe src="{site.app_url}/embed/frame?site={site.id}&theme=dark#token={site.token()}"></iframe>'
    )
    part = await inside(page)
    await ask(part, "[demo: echo] from a fragment", "openai:demo-fast")
    await expect(part.locator("article")).to_contain_text("from a fragment")
    assert await part.evaluate("location.hash") == ""
    assert await style(part.locator("genapp-part"), "color") == "rgb(235, 235, 230)"


async def test_a_page_of_no_site_cannot_frame_us(site: Site, open_host: OpenHost) -> None:
    from tests.system.embedding.conftest import serving

    page: Page = await open_host(script(site) + f'<genapp-chat token="{site.token()}"></genapp-chat>')
    await expect(page.locator("textarea")).to_be_visible()
    evil = {"/": f'<iframe src="{site.app_url}/embed/frame?site={site.id}#token={site.token()}"></iframe>'}
    with serving(evil) as origin:
        await page.goto(origin)
        await expect(page.locator("iframe")).to_be_attached()
        part = page.frames[-1]
        assert await part.locator("genapp-chat").count() == 0
        assert await page.evaluate(f"fetch('{site.app_url}/').then(() => 'read', () => 'refused')") == "refused"
    excuse(open_host, "frame-ancestors", "CORS", "net::", "404")


async def test_a_pages_own_colours_and_fonts_are_seen_and_its_rules_stay_outside(
    site: Site, open_host: OpenHost
) -> None:
    page: Page = await open_host(f"""{script(site)}
      <style>
        :root {{ color-scheme: light }}
        button {{ background: hotpink; border-radius: 30px }}
        h2, p {{ color: hotpink; text-transform: uppercase }}
        #mine {{ --genapp-accent: #0a7d4f; --genapp-font: Georgia; color-scheme: dark }}
      </style>
      <p id="theirs">A paragraph of the shop's.</p>
      <genapp-chat id="plain" token="{site.token()}"></genapp-chat>
      <genapp-chat id="mine" token="{site.token()}"></genapp-chat>""")
    plain, mine = page.locator("#plain"), page.locator("#mine")
    for chat in (plain, mine):
        await expect(chat.locator("button[type=submit]")).to_be_visible()
    assert await style(plain.locator("button[type=submit]"), "backgroundColor") == "rgb(44, 63, 207)"
    assert await style(mine.locator("button[type=submit]"), "backgroundColor") == "rgb(10, 125, 79)"
    assert await style(mine.locator("button[type=submit]"), "borderRadius") == "3px"
    assert (await style(mine.locator("textarea"), "fontFamily")).startswith("Georgia")
    assert await style(plain.locator("genapp-part"), "color") == "rgb(21, 23, 28)"
    assert await style(mine.locator("genapp-part"), "color") == "rgb(235, 235, 230)"
    assert await style(page.locator("#theirs"), "color") == "rgb(255, 105, 180)"
    assert await style(page.locator("#theirs"), "marginTop") == "16px"


async def test_an_answer_goes_on_where_it_was_when_the_network_is_back(site: Site, open_host: OpenHost) -> None:
    page: Page = await open_host(script(site) + f'<genapp-chat token="{site.token()}"></genapp-chat>')
    await ask(page, "count")
    await until_words(page, 20)
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    excuse(open_host, "net::")


async def test_a_refusal_is_told_beside_the_form_and_keeps_the_words(site: Site, open_host: OpenHost) -> None:
    page: Page = await open_host(script(site) + f'<genapp-chat token="{site.token()}"></genapp-chat>')
    for number in (1, 2, 3):
        await ask(page, "[demo: stall] x", "openai:demo")
        await expect(page.locator("article")).to_have_count(number)
        await expect(page.locator("textarea")).to_have_value("")
    await ask(page, "one too many", "openai:demo")
    await expect(page.get_by_role("alert").last).to_contain_text("You have 3 answers in progress")
    await expect(page.locator("textarea")).to_have_value("one too many")
    excuse(open_host, "429")


async def test_a_reader_who_may_not_ask_sees_an_answer_live_and_nothing_to_press_but_copy(
    site: Site, open_host: OpenHost
) -> None:
    page: Page = await open_host(script(site) + f'<genapp-chat token="{site.token()}"></genapp-chat>')
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response) if "/generations" in response.url else None)
    await ask(page, "count")
    await until_words(page, 3)
    made = await next(one for one in responses if one.request.method == "POST").json()
    reading = site.token(scope="read", conversation=made["conversation_id"])
    page = await open_host(
        script(site) + f'<genapp-generation token="{reading}" generation="{made["id"]}"></genapp-generation>'
    )
    await until_words(page, 20)
    await expect(page.locator("textarea")).to_have_count(0)
    await expect(page.locator("form:visible")).to_have_count(0)
