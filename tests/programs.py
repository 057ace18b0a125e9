"""Programs that tests run and pip cannot install."""

from __future__ import annotations

import os
import shutil

import pytest

# Debian's packages, where they have another name.
PACKAGES = {"node": "nodejs", "php": "php-cli", "promtool": "prometheus", "systemd-analyze": "systemd"}


def program(*names: str) -> str:
    """The path of the first of these that there is.

    Missing on a person's machine it is a skip with the reason; in CI, where `.ci/run` installs it, a failure.
    """
    for name in names:
        if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"):
            return found
    package = PACKAGES.get(names[0], names[0])
    reason = f"{names[0]} is not on PATH: install it (Debian: sudo apt install {package}) for this test."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
