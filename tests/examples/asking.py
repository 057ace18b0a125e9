"""The program with OpenAI's SDK, as it is run by somebody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio.subprocess import Process

QUESTION = "Why is the sky blue?"  # the README's
PATIENCE = 30


async def run(command: list[str], env: dict[str, str]) -> Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, env=env, stdout=pipe, stderr=pipe)


async def printed(process: Process, word: str) -> str:
    """What it has printed when it has printed a word."""
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readuntil(f"{word} ".encode())).decode()


async def the_rest(process: Process) -> tuple[str, str]:
    """What else it prints, and its messages, when it has ended well."""
    async with asyncio.timeout(PATIENCE):
        out, messages = await process.communicate()
    assert process.returncode == 0, messages.decode()
    return out.decode(), messages.decode()
