"""The sheet for parts in other people's pages is made of our own ones, and reaches nothing outside the part."""

from __future__ import annotations

import re

from genapp import assets
from genapp.web.embed.files import STYLESHEET, scoped, themed

TOP = re.compile(r"^(?!\s|/\*|\}|$)(.*)$", re.MULTILINE)


def test_every_rule_is_inside_the_part() -> None:
    outside = [line for line in TOP.findall(STYLESHEET) if line != "@scope (.genapp) {"]
    assert outside == []
    flat = re.sub(r"/\*.*?\*/", "", STYLESHEET, flags=re.DOTALL)
    assert re.search(r"(^|[\s,])(html|body|:root)\b", flat) is None
    assert flat.count("{") == flat.count("}")


def test_an_animation_has_a_name_of_ours_and_is_where_it_may_be() -> None:
    assert all(name.startswith("genapp-") for name in re.findall(r"@keyframes ([\w-]+)", STYLESHEET))
    used = set(re.findall(r"animation: (?!none)([\w-]+)", STYLESHEET))
    assert used == set(re.findall(r"@keyframes ([\w-]+)", STYLESHEET))
    assert STYLESHEET.index("@keyframes") > STYLESHEET.rindex("@scope")


def test_every_value_may_be_the_pages_own_and_none_is_lost() -> None:
    tokens = (assets.STATIC / "css" / "tokens.css").read_text()
    names = set(re.findall(r"--([\w-]+):", tokens))
    assert len(names) > 25
    for name in names:
        assert f"--{name}: var(--genapp-{name}, " in STYLESHEET


def test_a_part_is_dark_where_its_page_is_and_asks_for_the_width_of_itself() -> None:
    assert "light-dark(#2c3fcf, #a3b0ff)" in STYLESHEET
    assert "prefers-color-scheme" not in STYLESHEET
    assert "color-scheme" not in STYLESHEET
    assert re.search(r"@media \((min|max)-width", STYLESHEET) is None
    assert "@container genapp (min-width: 60rem)" in STYLESHEET


def test_a_value_that_is_the_same_in_the_dark_stays_as_it_is() -> None:
    dark = "\n  @media (prefers-color-scheme: dark) {\n    --b: blue;\n  }\n"
    sheet = "@layer x {\n  :root {\n    --a: 1px;\n    --b: red;\n  }\n" + dark + "}\n"
    assert scoped(themed(sheet)).splitlines() == [
        "@scope (.genapp) {",
        "  :scope {",
        "    --a: var(--genapp-a, 1px);",
        "    --b: var(--genapp-b, light-dark(red, blue));",
        "  }",
        "}",
    ]
