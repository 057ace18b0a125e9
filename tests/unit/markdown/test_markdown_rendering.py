from __future__ import annotations

import pytest

from genapp.markdown import render
from genapp.markdown.highlighting import LANGUAGES
from tests.unit.markdown.inert import check
from tests.unit.markdown.samples import HOSTILE, SAMPLES


@pytest.mark.parametrize("text", [*SAMPLES, *HOSTILE], ids=range(len(SAMPLES) + len(HOSTILE)))
def test_whatever_the_text_the_html_is_inert(text: str) -> None:
    check(render(text))


@pytest.mark.parametrize("left", range(0, len(HOSTILE), 3))
def test_hostile_text_is_inert_inside_every_container(left: int) -> None:
    text = "\n\n".join(HOSTILE[left : left + 3])
    for mark in ("> ", "- ", "1. > ", "# ", "| a |\n|---|\n| ", "**", "[", "![a]("):
        check(render(mark + text.replace("\n", "\n" + " " * len(mark))))


def test_headings_leave_the_first_levels_to_the_page() -> None:
    html = render("# a\n## b\n### c\n#### d\n##### e\n###### f\n\ng\n===")
    assert [html[i + 1 : i + 3] for i in range(len(html)) if html.startswith("<h", i)] == [
        "h3",
        "h4",
        "h5",
        "h6",
        "h6",
        "h6",
        "h3",
    ]


def test_a_link_opens_outside_and_tells_its_target_nothing() -> None:
    assert render("[a](https://example.com/?b=1&c=2)") == (
        '<p dir="auto"><a href="https://example.com/?b=1&amp;c=2" rel="noopener noreferrer nofollow" target="_blank">'
        "<bdi>a</bdi></a></p>\n"
    )


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("See https://example.com/a_b, please.", "https://example.com/a_b"),
        ("(https://example.com/x_(y))", "https://example.com/x_(y)"),
        ("**https://example.com**", "https://example.com"),
        ("HTTP://EXAMPLE.COM/", "HTTP://EXAMPLE.COM/"),
        ("<https://example.com/?a>", "https://example.com/?a"),
        ("mailto:me@example.com.", "mailto:me@example.com"),
        ("<me@example.com>", "mailto:me@example.com"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
    ],
)
def test_a_bare_address_is_a_link(text: str, href: str) -> None:
    assert f'href="{href}"' in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "[a](JAVASCRIPT:alert(1))",
        "[a](data:text/html,x)",
        "[a](file:///etc/passwd)",
        "[a](/relative)",
        "[a](//example.com)",
        "[a](#fragment)",
        "<javascript:alert(1)>",
        "ftp://example.com",
        "example.com and www.example.com",
        "xhttps://example.com",
        "https://bank.example@evil.example/",
        "[a](https:\\\\evil.example)",
        "`https://example.com`",
    ],
)
def test_other_addresses_are_text(text: str) -> None:
    html = render(text)
    assert "<a " not in html
    check(html)


def test_a_link_cannot_hide_where_it_goes() -> None:
    html = render("[bank\u202e.example\u200b](https://evil.example/\u202efdp)")
    assert "<bdi>bank.example</bdi>" in html
    assert 'href="https://evil.example/%E2%80%AEfdp"' in html


def test_code_in_a_link_cannot_read_backwards_either() -> None:
    assert "<bdi><code>moc.knab</code></bdi>" in render("[`\u202emoc.knab`](https://evil.example)")


def test_nothing_invisible_stands_in_the_text_of_a_link() -> None:
    html = render("[ba\u00adn\u180ek\u206a\u3164\U000e0041](https://example.com)")
    assert "<bdi>bank</bdi>" in html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # A slash that is a letter, a letter of another alphabet, an address that has been turned into ASCII already.
        ("https://bank.example\u2215x.evil.example/a", "https://bank.xn--examplex-4f7d.evil.example/a"),
        ("<https://b\u0430nk.example/\u00e4>", "https://xn--bnk-6cd.example/\u00e4"),
        ("<https://xn--bnk-6cd.example>", "https://xn--bnk-6cd.example"),
        ("<https://example.com/%E2%80%AEx>", "https://example.com/%E2%80%AEx"),
        ("HTTPS://Example.com/a_b", "HTTPS://Example.com/a_b"),
        ("<me@example.com>", "me@example.com"),
    ],
)
def test_an_address_that_is_its_own_text_shows_the_host_that_is_asked(text: str, shown: str) -> None:
    assert f"<bdi>{shown}</bdi></a>" in render(text)


@pytest.mark.parametrize("fields", ["", "?subject=a%20b", "?body=a%0D%0Ab&subject=c", ",you@example.org?subject=a"])
def test_a_letter_may_begin_with_a_subject_and_words(fields: str) -> None:
    html = render(f"[a](mailto:me@example.com{fields})")
    assert f'href="mailto:me@example.com{fields.replace("&", "&amp;")}"' in html
    check(html)


@pytest.mark.parametrize(
    "rest",
    [
        *("me@example.com?bcc=you@example.com", "me@example.com?subject=a&cc=b@c.example", "?attach=/etc/passwd"),
        *("me@example.com?subject=a%0d%0aBcc:b@c.example", "me@example.com%0d%0aBcc:b@c.example", "me@example.com?a"),
        *("me@example.com?SUBJECT=a%0ABcc:b", "me%00@example.com", "me@example.com?body=a%00"),
    ],
)
def test_a_letter_is_told_nothing_else(rest: str) -> None:
    html = render(f"[a](<mailto:{rest}>)")
    assert 'href="mailto:me@example.com"' in html or "<a " not in html
    check(html)


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
def test_what_lies_too_deep_is_text_and_hides_nothing_behind_it(mark: str) -> None:
    shown = check(render(mark * 30 + "deep\n\nand the rest\n\n" + mark + "and more"))
    assert shown.count("deep") == shown.count("and the rest") == shown.count("and more") == 1


def test_joiners_in_a_link_stay_for_the_scripts_that_need_them() -> None:
    assert "<bdi>می\u200cخواهم</bdi>" in render("[می\u200cخواهم](https://example.com)")


def test_an_image_is_a_link_and_is_not_loaded() -> None:
    html = render('![a *cat*](https://pictures.example/c.png "t")')
    assert 'href="https://pictures.example/c.png"' in html
    assert "<bdi>image: a cat</bdi>" in html


def test_an_image_in_a_link_is_the_text_of_the_link() -> None:
    html = render("[![cat](https://pictures.example/c.png)](https://example.com)")
    assert "<bdi>image: cat</bdi>" in html
    assert html.count("<a ") == 1


def test_raw_html_is_shown_as_it_was_written() -> None:
    assert check(render("<b onclick=x>&amp;</b>")) == "<b onclick=x>&</b>\n"


def test_columns_are_aligned_by_class() -> None:
    html = render("| a | b |\n|--:|---|\n| 1 | 2 |")
    assert html.startswith('<div class="table" tabindex="0" role="region" aria-label="Table"><table>')
    assert '<td dir="auto" class="align-right">1</td>' in html
    assert '<td dir="auto">2</td>' in html


def test_a_table_of_rows_that_are_too_short_does_not_explode() -> None:
    text = "|a" * 200 + "\n" + "|-" * 200 + "\n" + "|a\n" * 1000
    assert len(render(text)) < 20 * len(text)


def test_code_has_its_colours_by_class() -> None:
    html = render("```python\nprint('<x>')\n```")
    assert '<pre tabindex="0" dir="ltr"><code class="language-python"><span class="hl-nb">print</span>' in html
    assert check(html) == "print('<x>')\n\n"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_of_the_list_can_be_coloured(language: str) -> None:
    code = '<a b="c">x</a>\n{% 1 %}: [2] + "y" // z\n\\begin{x} # -1\n+z\n'
    html = render(f"```{language}\n{code}```")
    assert "<span" in html
    assert check(html) == code + "\n"


@pytest.mark.parametrize(
    "fence",
    [
        "```no-such-language\n{}\n```",
        "```\n{}\n```",
        "    {}",
        "```python\n{}\n" + "x = 1\n" * 10_000 + "```",
        "```python\n{}" + "x" * 3000 + "\n```",
    ],
)
def test_code_without_a_known_language_or_a_usual_size_is_plain(fence: str) -> None:
    html = render(fence.format("def f(): '<'"))
    assert "<span" not in html
    assert "def f(): '&lt;'" in html


@pytest.mark.parametrize("code", ["\n\n  x\n\n", "\tx", "x", "x = '\n", "\x0c\x1c\u2028x", ""])
def test_colouring_keeps_every_character(code: str) -> None:
    assert check(render(f"```python\n{code}\n```")).removesuffix("\n") == code + "\n"


def test_what_html_cannot_carry_is_replaced() -> None:
    assert render("a\0b\ud83dc\udc00d") == '<p dir="auto">a\ufffdb\ufffdc\ufffdd</p>\n'


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_every_line_end_is_one(end: str) -> None:
    assert render(f"a{end}b{end}{end}c") == '<p dir="auto">a\nb</p>\n<p dir="auto">c</p>\n'
