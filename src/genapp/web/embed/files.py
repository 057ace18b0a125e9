"""What pages elsewhere name in their source: addresses that stay, whatever release answers them."""

from __future__ import annotations

import re

from litestar import Response

from genapp import assets
from genapp.web.headers import PUBLIC
from genapp.web.negotiation import readable
from genapp.web.policies import Policy, is_for

# The modules themselves are in /static, and kept for ever under a name that changes with each release.
HEADERS = {"Cache-Control": "public, max-age=300", **{name.decode(): value.decode() for name, value in PUBLIC}}
# In the order of their rank: of two rules that are as specific, the later one holds.
SHEETS = ("tokens", "embed", "layout", "prose", "code", "notice", "buttons", "composer", "generation")

FONTS = ("serif", "sans")
VALUE = re.compile(r"--([a-z0-9-]+): ([^;]+);")
DARK = re.compile(r"\n  @media \(prefers-color-scheme: dark\) \{\n.*?\n  \}\n", re.DOTALL)
KEYFRAMES = re.compile(r"\n  @keyframes .*?\n  \}\n", re.DOTALL)


def stylesheet() -> str:
    """Our sheets for a part in somebody else's page: they touch nothing outside `.genapp`.

    Layers would rank below any rule of that page, so their place is taken by a scope. A value is the page's own where
    it sets one (`--genapp-accent` for `--accent`), dark where the page is, and what is asked of the window is asked
    of the part.
    """
    sheets = "\n".join((assets.STATIC / "css" / f"{name}.css").read_text() for name in SHEETS)
    # Animations have no scope: their names begin with ours.
    animations = KEYFRAMES.findall(sheets)
    return scoped(themed(KEYFRAMES.sub("", sheets))) + "".join(animations)


def themed(sheets: str) -> str:
    """The same, with values that the page may overrule."""
    in_the_dark = dict(VALUE.findall("".join(DARK.findall(sheets))))

    def overruled(found: re.Match[str]) -> str:
        name, value = found.groups()
        value = f"light-dark({value}, {in_the_dark[name]})" if name in in_the_dark else value
        value = f"var(--genapp-font, {value})" if name in FONTS else value
        return f"--{name}: var(--genapp-{name}, {value});"

    return VALUE.sub(overruled, DARK.sub("", sheets))


def scoped(sheets: str) -> str:
    """The same, with rules that hold inside `.genapp` only."""
    sheets = re.sub(r"^@layer [\w, ]+;\n", "", sheets, flags=re.MULTILINE)
    sheets = re.sub(r"^@layer \w+ \{", "@scope (.genapp) {", sheets, flags=re.MULTILINE)
    sheets = re.sub(r"@media (\((?:min|max)-width: [\d.]+rem\))", r"@container genapp \1", sheets)
    # Whether it is dark is for the page to say, and its elements have it from there.
    sheets = sheets.replace("    color-scheme: light dark;\n", "")
    return re.sub(r":root\b", ":scope", sheets)


SCRIPTS = {
    name: f'import "{assets.url(f"js/embed/{module}.js")}";\n'
    for name, module in (("embed.js", "elements"), ("embed-host.js", "host"))
}
STYLESHEET = stylesheet()


@readable("/embed.js", sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def embed_js() -> Response[str]:
    """The elements, for a `<script type="module">`."""
    return Response(SCRIPTS["embed.js"], media_type="text/javascript", headers=HEADERS)


@readable("/embed-host.js", sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def embed_host_js() -> Response[str]:
    """What a page with an `<iframe>` of ours needs: it gives it tokens, and its height."""
    return Response(SCRIPTS["embed-host.js"], media_type="text/javascript", headers=HEADERS)


@readable("/embed.css", sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def embed_css() -> Response[str]:
    """How a part looks."""
    return Response(STYLESHEET, media_type="text/css", headers=HEADERS)


ROUTES = (embed_js, embed_host_js, embed_css)
