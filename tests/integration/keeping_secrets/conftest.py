"""An app as on a platform that gives every process the same environment, with a vendor that repeats what it is sent."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import visitor, visitors
from tests.running import App, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["visitor", "visitors"]

# Whatever may be seen of them anywhere has this word in it.
MARK = "HiddenVendorKey"
KEYS = {
    "OPENAI_API_KEY": f"sk-{MARK}-openai-0123456789",
    "ANTHROPIC_API_KEY": f"sk-ant-{MARK}-0123456789",
    "GEMINI_API_KEY": f"AIza{MARK}0123456789",
    # Not ours: their SDKs read them.
    "ANTHROPIC_AUTH_TOKEN": f"{MARK}-token",
    "openai_org_id": f"{MARK}-organisation",
}


class Repeating(BaseHTTPRequestHandler):
    """A vendor that refuses every request, and repeats in its error what it was asked and with which key."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = f"invalid_request: {asked['messages'][-1]['content']} by {self.headers['authorization']}"
        body = json.dumps({"error": {"message": said, "type": "invalid_request_error"}}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def repeating_vendor() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Repeating) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, repeating_vendor: str) -> Iterator[App]:
    settings = {
        **KEYS,
        "OPENAI_BASE_URL": f"http://{repeating_vendor}/{MARK}-in-the-address",
        "GENAPP_MODELS": "",
        "WEB_CONCURRENCY": "2",
        "GENAPP_LOG_FORMAT": "json",
    }
    with running_app(tmp_path_factory.mktemp("secrets"), **settings) as running:
        yield running
