"""The proxies that we ship a configuration for, as processes before webs of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from genapp.processes import start, stop
from tests.deploy.dynos import ROOT
from tests.programs import program
from tests.running import free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.deploy.conftest import Certificate

READ_TIMEOUT = 2  # seconds, in place of 60
SHIPPED_WEBS = ("127.0.0.1:8000", "127.0.0.1:8001")

NGINX = """
{user}
daemon off;
pid {folder}/pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/genapp.conf;
}}
"""
CADDY = """
{{
	admin off
	auto_https disable_redirects
	persist_config off
	storage file_system {folder}
}}
"""


def caddy() -> str:
    """Its path: it comes from a wheel."""
    return str(Path(sys.executable).with_name("caddy"))


def altered(text: str, changes: Mapping[str, str]) -> str:
    """A configuration as somebody edits it for their machine; what is edited must be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def behind_nginx(folder: Path, webs: list[str], certificate: Certificate) -> Iterator[str]:
    """Run nginx before the webs, with deploy/nginx.conf; gives its address."""
    port, plain = free_port(), free_port()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "/etc/letsencrypt/live/app.example.com/fullchain.pem": str(certificate.file),
        "/etc/letsencrypt/live/app.example.com/privkey.pem": str(certificate.file),
        "app.example.com": "localhost",
        "proxy_read_timeout    60s": f"proxy_read_timeout {READ_TIMEOUT}s",
        **to_these(webs),
    }
    # As root it would become a user who may not enter the folder.
    main = NGINX.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")
    (folder / "main.conf").write_text(main)
    (folder / "genapp.conf").write_text(altered((ROOT / "deploy/nginx.conf").read_text(), changes))
    command = [program("nginx"), "-c", str(folder / "main.conf"), "-e", "stderr"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr, checked.stderr
    with running(folder, command, port) as url:
        yield url


@contextmanager
def behind_caddy(folder: Path, webs: list[str], certificate: Certificate) -> Iterator[str]:
    """The same with Caddy and deploy/Caddyfile."""
    port = free_port()
    site = [f"https://localhost:{port} {{", "bind 127.0.0.1", f"tls {certificate.file} {certificate.file}"]
    changes = {
        "\napp.example.com {": "\n" + "\n\t".join(site),
        "read_timeout 60s": f"read_timeout {READ_TIMEOUT}s",
        **to_these(webs),
    }
    config = CADDY.format(folder=folder) + altered((ROOT / "deploy/Caddyfile").read_text(), changes)
    (folder / "Caddyfile").write_text(config)
    command = [caddy(), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with running(folder, command, port) as url:
        yield url


FRONTS = {"nginx": behind_nginx, "caddy": behind_caddy}


def to_these(webs: list[str]) -> dict[str, str]:
    return dict(zip(SHIPPED_WEBS, (urlsplit(web).netloc for web in webs), strict=True))


@contextmanager
def running(folder: Path, command: list[str], port: int) -> Iterator[str]:
    with (folder / "log").open("wb") as log:
        process = start(command, output=log, env={"PATH": os.environ["PATH"], "HOME": str(folder)})
    try:
        wait_for(lambda: listens(port), {command[0]: process})
        yield f"https://localhost:{port}"
    finally:
        stop(process, patience=10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
