"""A part for other people's pages: what people have entered stays text, and it names nothing of the page around."""

from __future__ import annotations

from dataclasses import replace

from genapp import views
from tests.unit.elements import FIELDS, Element, read
from tests.unit.page_states import COMPOSER, HOSTILE, STATUSES, STREAM, card

SITE = "https://genapp.example"
PART = views.Part(SITE, [card(one) for one in STATUSES], STREAM, replace(COMPOSER, idempotency_key="k1"), "c1")


def shown(part: views.Part) -> Element:
    return read(views.embedded(part))


def test_what_people_have_entered_never_becomes_markup() -> None:
    part = shown(PART)
    assert [script.attrs["src"] for script in part.all("script")] == [f"{SITE}/embed.js"]
    assert HOSTILE in part.text
    assert not [one.tag for one in part.inner if any(name.startswith(("on", "style")) for name in one.attrs)]


def test_two_parts_of_one_page_share_no_id_and_every_field_has_its_label() -> None:
    other = replace(PART, composer=replace(COMPOSER, idempotency_key="k2"), generations=[card()])
    both = read(views.embedded(PART) + views.embedded(other))
    ids = [one.attrs["id"] for one in both.inner if "id" in one.attrs]
    assert len(ids) == len(set(ids))
    for field in both.all(*FIELDS):
        if field.attrs.get("type") != "hidden":
            assert both.one("label", **{"for": field.attrs["id"]}).text


def test_what_a_part_loads_and_sends_goes_to_this_site_whatever_page_it_is_in() -> None:
    part = shown(PART)
    assert part.one("link", rel="stylesheet").attrs["href"] == f"{SITE}/embed.css"
    composer = part.one("textarea", name="prompt").within("form")
    assert composer
    assert [one.attrs["action"] for one in part.all("form") if "composer" in one.attrs["class"]] == [
        f"{SITE}/generations"
    ]
    assert part.all("input", name="csrf_token") == []


def test_who_may_only_read_finds_nothing_to_send() -> None:
    reader = shown(
        replace(PART, composer=None, read_only=True, generations=[card(one, read_only=True) for one in STATUSES])
    )
    assert reader.all("form", *FIELDS) == []
    assert "read-only" in reader.one("genapp-part").attrs["class"]
