"""Ask a model of genapp's with the official `openai` SDK; leave, come back, stop.

    export GENAPP_TOKEN=genapp_…                      # Account → API tokens, scope "generate"
    python examples/openai_sdk/ask.py ask "Why is the sky blue?"

Ctrl-C leaves: the answer is written on without us, and the line that is printed then goes on with it where it was.
Needs `pip install openai`. GENAPP_URL is where genapp is, http://localhost:8000 unless you say so.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from openai import APIConnectionError, APIStatusError, OpenAI

ENDS = ("response.completed", "response.incomplete", "response.failed")

genapp = OpenAI(
    base_url=os.environ.get("GENAPP_URL", "http://localhost:8000") + "/v1", api_key=os.environ["GENAPP_TOKEN"]
)


class CtrlC:
    """What is done within it is done whole: no Ctrl-C comes between a piece of text and its number."""

    def __init__(self) -> None:
        self.within = self.pressed = False
        signal.signal(signal.SIGINT, self.press)

    def press(self, *_: object) -> None:
        self.pressed = True
        if not self.within:
            raise KeyboardInterrupt

    def __enter__(self) -> None:
        self.within = True

    def __exit__(self, *_: object) -> None:
        self.within = False
        if self.pressed:
            raise KeyboardInterrupt


def follow(response_id: str, last: int = -1) -> None:
    """Print an answer from an event on, until its end, however often the connection is lost."""
    status = ""
    whole = CtrlC()
    try:
        while not status:
            try:
                after = {"starting_after": last} if last >= 0 else {}
                for event in genapp.responses.retrieve(response_id, stream=True, **after):
                    with whole:
                        if event.type == "response.output_text.delta":
                            print(event.delta, end="", flush=True)
                        last = event.sequence_number
                    if event.type in ENDS:
                        status = event.response.status
            except APIConnectionError:
                time.sleep(0.5)  # cut off, or genapp is being restarted
    except KeyboardInterrupt:
        print(f"\nleft; it is written on. Go on: ask.py resume {response_id} --after {last}", file=sys.stderr)
    else:
        print(f"\n{status}", file=sys.stderr)


def main() -> None:
    commands = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = commands.add_subparsers(dest="command", required=True)
    ask = sub.add_parser("ask", help="ask, and print the answer as it comes")
    ask.add_argument("prompt")
    ask.add_argument("--model", help="provider:model; the site's first without it")
    resume = sub.add_parser("resume", help="print the rest of an answer")
    resume.add_argument("id")
    resume.add_argument("--after", type=int, default=-1, help="the last event that one has")
    sub.add_parser("cancel", help="stop an answer").add_argument("id")
    options = commands.parse_args()
    try:
        if options.command == "ask":
            chosen = {"model": options.model} if options.model else {}
            made = genapp.responses.create(input=options.prompt, background=True, **chosen)
            print(made.id, file=sys.stderr, flush=True)
            follow(made.id)
        elif options.command == "resume":
            follow(options.id, options.after)
        else:
            print(genapp.responses.cancel(options.id).status)
    except APIStatusError as error:
        sys.exit(f"genapp says: {error.message}")


if __name__ == "__main__":
    main()
