"""The program with OpenAI's SDK."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import TYPE_CHECKING

from tests.examples.conftest import COUNT, COUNTED, command_for, environment

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from tests.running import App
    from tests.system.elsewhere import Line

QUESTION = "Why is the sky blue?"
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
    async with asyncio.timeout(PATIENCE):
        out, error = await process.communicate()
    assert process.returncode == 0, error
    return out.decode(), error.decode()


async def test_the_answer_is_printed_whole_and_once_though_the_line_is_cut_and_genapp_restarts(
    app: App, line: Line, token: str
) -> None:
    env = environment(app, GENAPP_URL=f"http://127.0.0.1:{line.port}", GENAPP_TOKEN=token)
    asking = await run(command_for("openai_sdk", **{QUESTION: COUNT}), env)
    text = await printed(asking, "word20")
    line.cut()
    text += await printed(asking, "word40")
    await asyncio.to_thread(app.stop, "web")
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)
    text += await printed(asking, "word150")
    out, error = await the_rest(asking)
    assert text + out == COUNTED
    assert error.endswith("\ncompleted\n")


async def test_who_leaves_goes_on_where_the_answer_was_and_cancels(app: App, token: str) -> None:
    env = environment(app, GENAPP_TOKEN=token)
    command = command_for("openai_sdk", **{QUESTION: COUNT})
    asking = await run(command, env)
    text = await printed(asking, "word10")
    asking.send_signal(signal.SIGINT)
    out, error = await the_rest(asking)
    found = re.search(r"ask\.py (resume \S+ --after \d+)\n", error)
    assert found, error
    again = found[1].split()
    program = command[: command.index("ask")]
    resuming = await run([*program, *again], env)
    text += out + await printed(resuming, "word60")
    cancelling = await run([*program, "cancel", again[1]], env)
    assert (await the_rest(cancelling))[0] == "cancelled\n"
    out, error = await the_rest(resuming)
    assert COUNTED.startswith(text + out)
    assert len(text + out) < len(COUNTED)
    assert error == "\ncancelled\n"
