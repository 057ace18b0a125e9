"""What tests of deployments share: a certificate that nobody vouches for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key in one PEM file."""
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    made = trustme.CA().issue_cert("127.0.0.1", "localhost", "genapp.example")
    file.write_bytes(b"".join([made.private_key_pem.bytes(), *(one.bytes() for one in made.cert_chain_pems)]))
    return file
