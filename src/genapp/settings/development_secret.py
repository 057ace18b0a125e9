"""The signing key of a machine where nobody has set one."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from genapp.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def development_secret(folder: Path) -> str:
    """The key kept in `folder`, made at the first call, so that sessions live on when the app restarts.

    Raises `ConfigurationError` when the folder cannot be written.
    """
    path = folder / "secret_key"
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, secrets.token_hex(32))
        return path.read_text()
    except OSError as error:
        reason = f"it is {str(folder)!r}: {error.strerror}"
        raise ConfigurationError(f"GENAPP_DATA must be a folder that can be written ({reason})") from None


def _write_once(path: Path, text: str) -> None:
    # Web and worker start together and must end up with one key: a link appears whole, and only the first.
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # made with mode 0600
        file.write(text)
        file.flush()
        with suppress(FileExistsError):
            os.link(file.name, path)
