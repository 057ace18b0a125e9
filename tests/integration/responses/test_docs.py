"""The example in the guide does what it says."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.responses.conftest import Program

GUIDE = Path(__file__).parents[3] / "docs/openai-api.md"


async def test_the_guides_example_prints_the_answer(program: Program) -> None:
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    assert len(found[1].splitlines()) <= 16
    code = found[1]
    for there, here in (
        ("https://genapp.example", program.app.url),
        ("genapp_…", program.token),
        ("openai:gpt-6.1-terra", "openai:demo-fast"),
        ("Why is the sky blue?", "[demo: echo] It is not."),
    ):
        assert there in code
        code = code.replace(there, here)
    ran = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await ran.communicate()
    assert (ran.returncode, out.decode()) == (0, "It is not.")
