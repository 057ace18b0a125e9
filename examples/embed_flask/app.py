"""A page of a Flask app with live answers in it: one htmx attribute, and a token that says who is looking.

    export GENAPP_SITE_ID=… GENAPP_SITE_SECRET=…      # Account → Sites, with the origin http://localhost:3000
    python -m flask --app examples/embed_flask/app.py run --port 3000

Needs `pip install flask pyjwt`. GENAPP_URL is where genapp is, http://localhost:8000 unless you say so.
"""

from __future__ import annotations

import os
import secrets
import time

import jwt
from flask import Flask, Response, render_template_string, request, session

GENAPP = os.environ.get("GENAPP_URL", "http://localhost:8000")
SITE_ID = os.environ["GENAPP_SITE_ID"]
SITE_SECRET = os.environ["GENAPP_SITE_SECRET"]

app = Flask(__name__)
app.secret_key = os.environ.get("FLASK_SECRET_KEY") or secrets.token_hex()

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>A shop</title>
  <link rel="icon" href="data:,">
  <meta name="htmx-config" content='{"mode": "cors"}'>
  <!-- The part brings this itself. It is here so that the form works from the moment it is seen. -->
  <script type="module" src="{{ genapp }}/embed.js"></script>
  <script defer src="https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"></script>
</head>
<body>
  <h1>Ask us anything</h1>
  <div hx-get="{{ part }}" hx-trigger="load" data-token-url="/genapp-token"
       hx-headers='{"Authorization": "Bearer {{ token }}"}'></div>
  <script>
    // So that a reload shows the conversation and no new one.
    addEventListener("genapp:conversation", ({ detail }) =>
      history.replaceState(null, "", `?conversation=${detail.id}`))
  </script>
</body>
</html>"""


def embed_token() -> str:
    """Who is looking: the user who is logged in, in your app. In this one, whoever has the cookie."""
    person = session.setdefault("person", secrets.token_hex(8))
    claims = {
        "sub": person,
        "origin": request.host_url.rstrip("/"),
        "scope": "read generate",
        "exp": int(time.time()) + 600,
    }
    return jwt.encode(claims, SITE_SECRET, "HS256", headers={"kid": SITE_ID})


@app.get("/")
def page() -> str:
    shown = request.args.get("conversation")
    part = f"{GENAPP}/embed/conversation/{shown}" if shown else f"{GENAPP}/embed/composer"
    return render_template_string(PAGE, genapp=GENAPP, part=part, token=embed_token())


@app.get("/genapp-token")
def next_token() -> Response:
    """When a token is over, the part asks here for the next."""
    return Response(embed_token(), content_type="text/plain", headers={"Cache-Control": "no-store"})
