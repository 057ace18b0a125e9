"""Serve index.html, and give it addresses for genapp's cable. Needs nothing but Python.

    export GENAPP_TOKEN=genapp_…                      # Account → API tokens, scope "generate"
    python examples/action_cable/serve.py             # http://localhost:3000

GENAPP_URL is where genapp is, http://localhost:8000 unless you say so; PORT is where this is.
"""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

GENAPP = os.environ.get("GENAPP_URL", "http://localhost:8000")
TOKEN = os.environ["GENAPP_TOKEN"]
PAGE = Path(__file__).with_name("index.html")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/":
            self.answer(200, "text/html; charset=utf-8", PAGE.read_bytes())
        else:
            self.answer(404, "text/plain", b"")

    def do_POST(self) -> None:
        """Hand over a ticket. Whoever gets one asks in your name: in your app, only those who are logged in."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        asked = Request(f"{GENAPP}/cable/tickets", b'{"scope": "generate"}', headers)
        try:
            with urlopen(asked, timeout=10) as ticket:
                self.answer(200, "application/json", ticket.read())
        except OSError:
            self.answer(503, "text/plain", b"")

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Handler) as server:
        print(f"http://localhost:{server.server_port}", flush=True)
        server.serve_forever()
