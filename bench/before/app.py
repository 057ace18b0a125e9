"""The same page, done in the request: what genapp is compared with.

As most people write it first: a form, a thread that asks the provider and waits, a page with the answer. Five threads,
as Rails gives a process, on a server that does nothing else. It has no accounts, no database and no Markdown, which is
in its favour.

    OPENAI_BASE_URL=… python bench/before/app.py <port>
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import waitress  # type: ignore[import-untyped]
from flask import Flask, redirect, render_template_string, request, url_for
from openai import OpenAI

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

THREADS = 5
RECENT = 20
PAGE = """<!doctype html>
<html lang="en">
<title>Ask</title>
<form method="post" action="{{ url_for('ask') }}">
  <textarea name="prompt" required></textarea>
  <input type="hidden" name="model" value="{{ model }}">
  <button type="submit">Ask</button>
</form>
{% if answer %}<article><h1>{{ prompt }}</h1><p>{{ answer }}</p></article>{% endif %}
<ul>{% for one in recent %}<li>{{ one }}</li>{% endfor %}</ul>
</html>"""

app = Flask(__name__)
openai = OpenAI(max_retries=0, timeout=600)
recent: list[str] = []


@app.get("/")
def index() -> str:
    return render_template_string(PAGE, recent=recent[-RECENT:])


@app.get("/generations")
def asked() -> Response:
    return redirect(url_for("index"))


@app.post("/generations")
def ask() -> str:
    prompt, model = request.form["prompt"], request.form["model"]
    answered = openai.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
    recent.append(prompt)
    answer = answered.choices[0].message.content
    return render_template_string(PAGE, recent=recent[-RECENT:], prompt=prompt, answer=answer, model=model)


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=THREADS, connection_limit=2000)
