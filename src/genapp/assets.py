"""Where the files are that are not Python: inside the package when installed, beside `src` in a checkout."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parents[1] / name


TEMPLATES = _folder("templates")
STATIC = _folder("static")


def _digest(folder: Path) -> str:
    """Name a release of the files: a change of any of them changes it."""
    total = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


DIGEST = _digest(STATIC)


def url(path: str) -> str:
    """The address of a static file, such as `css/base.css`; it changes with the release, so it may be kept for ever."""
    return f"/static/{DIGEST}/{path}"
