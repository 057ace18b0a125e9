"""What every page has in common, and what each shows to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genapp import views
from tests.unit.elements import FIELDS, Element, read
from tests.unit.page_states import (
    ACCOUNT,
    ADMIN,
    COMPOSER,
    ERROR,
    GUEST,
    HOSTILE,
    OUTSIDER,
    PAGES,
    TOKEN,
    USER,
    card,
)

every_page = pytest.mark.parametrize("state", PAGES)
# Nobody has entered anything that these pages show.
IMPERSONAL = {"log in", "sign up", "sign up, uninvited", "account of a guest"}


def shown(state: str) -> Element:
    return read(PAGES[state]())


def visible_fields(page: Element) -> list[Element]:
    return [one for one in page.all(*FIELDS) if one.attrs.get("type") != "hidden" and "hidden" not in one.attrs]


def form(page: Element, action: str) -> Element:
    return page.one("form", action=action)


def masthead(page: Element) -> dict[str, str]:
    """The links at the top of a page: where they lead, by what they say."""
    return {link.text: link.attrs["href"] for link in page.one("nav", **{"aria-label": "Main"}).all("a")}


@every_page
def test_what_people_have_entered_is_shown_as_they_entered_it_and_never_becomes_markup(state: str) -> None:
    page = shown(state)
    assert all(script.attrs.get("src", "").startswith("/static/") for script in page.all("script"))
    assert not [one.tag for one in page.inner if any(name.startswith(("on", "style")) for name in one.attrs)]
    assert not page.all("style")
    assert all(link.attrs["href"].startswith(("/", "#")) for link in page.all("a") if link.attrs["href"])
    shows = [page.text, *(value for one in page.inner for value in one.attrs.values())]
    assert any(HOSTILE in one for one in shows) == (state not in IMPERSONAL)


@every_page
def test_every_field_has_a_label_and_names_only_what_is_there(state: str) -> None:
    page = shown(state)
    ids = [one.attrs["id"] for one in page.inner if "id" in one.attrs]
    assert len(ids) == len(set(ids)), "two elements with one id"
    for field in visible_fields(page):
        assert page.one("label", **{"for": field.attrs["id"]}).text
    references = ("aria-describedby", "aria-labelledby", "for", "data-copy")
    named = [name for one in page.inner for key in references for name in one.attrs.get(key, "").split()]
    assert set(named) <= set(ids)


@every_page
def test_every_form_that_changes_something_carries_the_sessions_token_and_works_without_a_script(state: str) -> None:
    for one in shown(state).all("form"):
        assert one.attrs["action"].startswith("/")
        if one.attrs.get("role") == "search":
            assert one.attrs["method"] == "get"
            continue
        assert one.attrs["method"] == "post"
        token = one.field("csrf_token")
        assert (token.attrs["value"], token.attrs["type"], token.attrs["autocomplete"]) == (TOKEN, "hidden", "off")
        assert [button for button in one.all("button", type="submit") if button.text]


@every_page
def test_a_password_is_never_sent_back_and_the_browser_is_told_which_one_is_asked_for(state: str) -> None:
    for field in shown(state).all("input", type="password"):
        assert field.attrs["value"] == ""
        assert field.attrs["autocomplete"] in ("current-password", "new-password")


@pytest.mark.parametrize(
    ("state", "action", "name"),
    [
        ("log in, email refused", "/login", "email"),
        ("log in, password refused", "/login", "password"),
        ("sign up, email refused", "/signup", "email"),
        ("sign up, password refused", "/signup", "password"),
        ("account, current_password refused", "/account/password", "current_password"),
        ("account, new_password refused", "/account/password", "new_password"),
        ("account, password refused", "/account/password", None),
        ("account, name refused", "/account/tokens", "name"),
        ("account, token refused", "/account/tokens", None),
        ("account, deletion refused", "/account/deletion", "password"),
        ("account of a guest, deletion refused", "/account/deletion", "confirm"),
        ("admin, a user, max_in_flight refused", "/admin/users/u1/limits", "max_in_flight"),
        ("admin, a user, tokens_per_day refused", "/admin/users/u1/limits", "tokens_per_day"),
        ("admin, a user, None refused", "/admin/users/u1/limits", None),
        ("admin, an invitation refused", "/admin/invitations", "email"),
        ("sites, name of a new one refused", "/account/sites", "name"),
        ("sites, origins of a new one refused", "/account/sites", "origins"),
        ("sites, origins of w1 refused", "/account/sites/w1/origins", "origins"),
        ("sites, confirm of w2 refused", "/account/sites/w2/deletion", "confirm"),
        ("log in, refused", "/login", None),
        ("sign up, refused", "/signup", None),
    ],
)
def test_a_refusal_is_said_once_beside_what_it_is_about(state: str, action: str, name: str | None) -> None:
    page = shown(state)
    (said,) = [one for one in page.all("p") if ERROR in one.text]
    refused = form(page, action)
    assert said in refused.inner
    marked = [one.attrs["name"] for one in page.all(*FIELDS) if "aria-invalid" in one.attrs]
    if name is None:
        assert said.attrs["role"] == "alert"
        assert marked == []
    else:
        field = refused.field(name)
        assert marked == [name]
        assert said.attrs["id"] in field.attrs["aria-describedby"].split()
        assert "autofocus" in field.attrs
    assert all("open" in one.attrs for one in page.all("details") if refused in one.inner)


def test_what_was_entered_beside_a_refused_password_is_kept() -> None:
    login = form(read(views.login(GUEST, email="ada@x.example", next="/conversations/c1?x=1&y", error=ERROR)), "/login")
    assert login.field("email").attrs["value"] == "ada@x.example"
    assert login.field("next").attrs["value"] == "/conversations/c1?x=1&y"
    page = replace(ACCOUNT, error=ERROR, error_form="token", token_name="For CI", scope="generate", expires="never")
    token = form(read(views.account(USER, page)), "/account/tokens")
    assert token.field("name").attrs["value"] == "For CI"
    assert [one.attrs["value"] for one in token.all("input", name="scope") if "checked" in one.attrs] == ["generate"]
    assert [one.attrs["value"] for one in token.all("option") if "selected" in one.attrs] == ["never"]


def test_the_masthead_leads_a_guest_to_an_account_and_an_account_to_its_page() -> None:
    new = {"New question": "/"}
    enter = {"Log in": "/login"}
    account = {"Account": "/account"}
    assert masthead(read(views.error_page(500, "x", "y"))) == new
    assert masthead(read(views.error_page(404, "x", "y", GUEST))) == new | enter | {"Sign up": "/signup"}
    assert masthead(read(views.error_page(404, "x", "y", OUTSIDER))) == new | enter
    assert masthead(read(views.error_page(404, "x", "y", USER))) == new | account
    assert masthead(read(views.error_page(404, "x", "y", ADMIN))) == new | account | {"Admin": "/admin"}


def test_logging_in_leads_on_to_where_one_wanted_to_go() -> None:
    page = read(views.login(GUEST, next="/conversations/c1?a=b&c"))
    links = {link.text: link.attrs["href"] for link in page.one("main").all("a")}
    assert links == {
        "Sign up": "/signup?next=/conversations/c1%3Fa%3Db%26c",
        "go on as a guest": "/conversations/c1?a=b&c",
    }
    assert read(views.login(OUTSIDER)).one("main").all("a") == []


def test_an_invitation_for_one_address_can_be_used_for_no_other() -> None:
    page = read(views.signup(OUTSIDER, email="joan@x.example", invitation="secret", locked_email=True))
    assert page.field("email").attrs["value"] == "joan@x.example"
    assert "readonly" in page.field("email").attrs
    assert page.field("invitation").attrs["value"] == "secret"
    assert "readonly" not in read(views.signup(GUEST)).field("email").attrs
    assert read(views.uninvited(OUTSIDER)).all("form") == []


def test_a_guest_who_may_keep_their_conversations_is_told_so() -> None:
    told = "Your conversations come with you."
    assert told in read(views.signup(GUEST, has_conversations=True)).text
    assert told not in read(views.signup(GUEST)).text


def test_a_guests_account_offers_what_a_guest_can_do_and_deleting_takes_a_yes() -> None:
    page = shown("account of a guest")
    assert [one.attrs["action"] for one in page.all("form")] == ["/account/deletion"]
    assert "required" in page.field("confirm").attrs
    assert page.field("confirm").within("details")
    assert [one.attrs["href"] for one in page.one("main").all("a")] == ["/signup?next=/account", "/account/export"]


def test_this_session_is_ended_by_logging_out_and_the_others_one_by_one_or_together() -> None:
    actions = [one.attrs["action"] for one in shown("account").all("form") if "session" in one.attrs["action"]]
    assert actions == ["/account/sessions/s2/revocation", "/account/sessions/revocation"]
    alone = shown("account, done")
    assert not [one for one in alone.all("form") if "session" in one.attrs["action"]]
    assert form(alone, "/logout")


def test_a_new_token_is_shown_whole_to_be_copied() -> None:
    page = shown("account, a new token")
    field = page.one("input", id="new_token")
    assert field.attrs["value"] == f"genapp_{HOSTILE}"
    assert "readonly" in field.attrs
    assert "name" not in field.attrs, "it would be sent with a form"
    assert page.one("button", **{"data-copy": "new_token"})
    assert shown("account").all("input", id="new_token") == []


@pytest.mark.parametrize("state", ["a shared conversation", "admin, a generation that failed"])
def test_who_does_not_own_an_answer_finds_nothing_in_it_to_press_but_copy(state: str) -> None:
    for article in shown(state).all("article"):
        assert article.all("form") == []
        assert {button.attrs["aria-label"] for button in article.all("button")} <= {"Copy this answer"}
        links = [link.attrs["href"] for link in article.all("a")]
        assert [link for link in links if link] == [f"#{article.attrs['id']}"]


def test_the_page_of_a_shared_conversation_is_read_only_and_for_no_search_engine() -> None:
    page = shown("a shared conversation")
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    assert page.one("main").all("form", *FIELDS) == []
    assert "only its owner can go on" in page.text
    assert page.one("div", id="generations").attrs["class"] == "generations read-only"
    assert page.one("div", **{"hx-sse:connect": "/streams?stream=x&after=0"})
    assert shown("a conversation").all("meta", name="robots") == []


def test_an_owner_can_stop_and_retry_and_share_and_stop_sharing() -> None:
    actions = [one.attrs["action"].rpartition("/")[2] for one in shown("a conversation").all("form")]
    assert actions == ["cancellation", "cancellation", "retry", "retry", "generations"]
    unshared = shown("a conversation to share")
    assert form(unshared, "/conversations/c1/share").field("expires").within("details")
    shared = shown("a conversation that is shared")
    assert form(shared, "/conversations/c1/share/revocation")
    assert shared.one("input", id="share_url").attrs["value"] == f"https://x.example/{HOSTILE}"
    assert shared.all("form", action="/conversations/c1/share") == []


def test_a_composer_without_a_conversation_offers_a_guest_to_keep_what_there_is() -> None:
    assert "/account" in [one.attrs["href"] for one in shown("home").one("main").all("a")]
    assert "/signup" not in [one.attrs["href"] for one in read(views.home(COMPOSER, [], USER)).all("a")]


def test_an_admin_may_change_others_and_not_their_own_access() -> None:
    def verbs(state: str) -> list[str]:
        return [one.attrs["action"].rpartition("/")[2] for one in shown(state).all("form")]

    assert verbs("admin, a user, None refused") == ["limits", "disablement", "demotion"]
    assert verbs("admin, a user who is disabled") == ["limits", "enablement", "promotion"]
    assert verbs("admin, oneself") == ["limits"]


def test_a_limit_of_nothing_is_another_thing_than_the_sites_own() -> None:
    page = shown("admin, a user who is disabled")
    assert page.field("max_in_flight").attrs["value"] == "0"
    assert page.field("tokens_per_day").attrs["value"] == ""
    assert "no limit" in page.one("p", id="tokens_per_day_hint").text


def test_an_admin_can_stop_an_answer_only_while_it_is_in_flight() -> None:
    assert form(shown("admin, a generation in flight"), "/admin/generations/g-processing/cancellation")
    assert shown("admin, a generation that failed").one("main").all("form") == []


def test_only_an_open_invitation_can_be_revoked() -> None:
    actions = [one.attrs["action"] for one in shown("admin, invitations").all("form")]
    assert actions == ["/admin/invitations", "/admin/invitations/i1/revocation", "/admin/invitations/i2/revocation"]


def test_a_card_for_others_differs_only_in_what_can_be_pressed() -> None:
    for status, can in [("processing", (True, False)), ("failed", (False, True)), ("completed", (False, False))]:
        own, others = card(status), card(status, read_only=True)
        assert (own.can_stop, own.can_retry) == can
        assert replace(own, id="", short="", tail=others.tail, can_stop=False, can_retry=False) == replace(
            others, id="", short=""
        )
