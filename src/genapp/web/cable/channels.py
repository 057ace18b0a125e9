"""`GenerationChannel`: a subscription that shows a generation, and through which one is asked for and stopped."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import msgspec

from genapp import metrics, views
from genapp.errors import GenappError, Invalid, NotFound
from genapp.models import Generation, parse_id
from genapp.streams import ACCUMULATED, Cursor, action_cable
from genapp.web.cable.following import follow, parse_since, place_in
from genapp.web.composing import draft_from
from genapp.web.errors import as_ours
from genapp.web.forms import from_json
from genapp.web.policies import Policy, require
from genapp.web.representing import generation_json
from genapp.web.submitting import stop, submit

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.streams import Event
    from genapp.web.cable.client import Client
    from genapp.web.forms import Form

CHANNELS = ("GenerationChannel", "AiGenerationChannel")
# Bytes a second that a subscription with `accumulated` gets at most. Every piece repeats the whole text, so it is
# given fewer and longer ones as the text grows.
ACCUMULATED_BYTES = 1_000_000

_frames, _bytes = metrics.frames_sent.labels("websocket"), metrics.sent_bytes.labels("websocket")


class Params(msgspec.Struct, frozen=True):
    """What a subscription's identifier says. What else is in it only tells it from others."""

    channel: str
    generation_id: str | None = None
    since: str | int | None = None
    accumulated: bool = False


class GenerationChannel:
    """A subscription. It shows one generation at a time: the one it names, or the last one it was asked to."""

    def __init__(self, client: Client, identifier: str, params: Params) -> None:
        self._client = client
        self._identifier = identifier
        self._envelope = action_cable.Envelope(identifier, extended=client.extended)
        self._named = params.generation_id is not None
        self._dialect = ACCUMULATED if params.accumulated else "json"
        self._accumulated = params.accumulated
        self._generation_id: UUID | None = None
        self._since = parse_since(params.since)
        self._answer_history: str | None = None
        self._following: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, client: Client, identifier: str, history: object) -> Self:
        """Check a subscription, and from where it goes on; `begin` comes after it is confirmed.

        Raises Invalid for one that cannot be understood and NotFound for a generation that is not the visitor's.
        """
        params = _params(identifier)
        one = cls(client, identifier, params)
        if params.generation_id is not None:
            one._generation_id = await one._owned(params.generation_id)
        if history is not None:
            await one._read_history(history)
        return one

    async def begin(self) -> None:
        """Show what there is to show."""
        if self._generation_id is not None:
            await self._follow()
        elif self._answer_history is not None:
            await self._acknowledge()

    async def resume(self, history: object) -> None:
        """Go on from where the client says that it is."""
        await self._read_history(history)
        await self.begin()

    async def perform(self, data: object) -> None:
        """Do what the client asks through this subscription. What goes wrong is told to it."""
        try:
            if not isinstance(data, str):
                raise Invalid("The data of a message is a JSON object, as a string.")
            form = from_json(data.encode(errors="surrogatepass"))
            action = ACTIONS.get(form.pop("action", ""))
            if action is None:
                raise Invalid(f"There is no such action. Choose one of {', '.join(ACTIONS)}.", field="action")
            follows = await action(self, form)
        except Exception as error:
            await self._tell({"type": "error", "error": _error_json(as_ours(error))})
            return
        if follows:
            await self._follow()

    def close(self) -> None:
        """Show nothing more."""
        if self._following is not None:
            self._following.cancel()

    async def show(self, events: list[Event]) -> None:
        """Send what is due."""
        size = 0
        for event in events:
            *others, last = event.encoded.payloads
            for payload in others:
                await self._client.socket.write(*self._envelope.enclose(payload))
                _bytes.inc(len(payload))
            place = Cursor.parse(event.cursor)
            await self._client.socket.write(*self._envelope.enclose(last, place, self.stream))
            _frames.inc()
            _bytes.inc(len(last))
            size += len(last)
        if self._answer_history is not None:
            await self._acknowledge()
        if self._accumulated:
            await asyncio.sleep(size / ACCUMULATED_BYTES)

    @property
    def stream(self) -> str:
        """The stream that is shown."""
        return views.stream_name(self._generation_id) if self._generation_id else ""

    # Actions give whether there is something to follow from now on.

    async def _generate(self, form: Form) -> bool:
        client = self._client
        self._require(Policy.GENERATE)
        generation, _ = await submit(
            client.parts, draft_from(form, client.visitor, client.parts.settings), client.address
        )
        shown = generation_json(client.parts, client.visitor, generation)
        await self._tell({"type": "created", "generation": shown})
        if not self._named:
            self._generation_id, self._since = generation.id, None
        return not self._named

    async def _stop(self, form: Form) -> bool:
        self._require(Policy.GENERATE)
        if self._generation_id is None:
            raise Invalid("There is nothing to stop: this subscription shows no answer.")
        await stop(self._client.parts, self._client.visitor, self._generation_id)
        return False

    async def _go_on(self, form: Form) -> bool:
        """Show a generation, from where the client has it: for clients whose identifiers stay as they are."""
        self._generation_id = await self._owned(form.get("generation_id", ""))
        self._since = parse_since(form.get("since"))
        return True

    async def _follow(self) -> None:
        self.close()
        parts, stream = self._client.parts, self.stream
        place = await place_in(parts, stream, self._since)
        self._following = self._client.start(partial(follow, parts.hub, stream, place, self._dialect, self.show))

    def _require(self, policy: Policy) -> None:
        require(policy, self._client.visitor, guests=self._client.parts.settings.access_policy == "open")

    async def _owned(self, text: str) -> UUID:
        generation_id = parse_id(text)
        if generation_id is None:
            raise Invalid("That is not a generation.", field="generation_id")
        return (await Generation.owned(generation_id, self._client.visitor.user_id)).id

    async def _read_history(self, value: object) -> None:
        """Take the client's own word for where it is, rather than the identifier's, which was made before."""
        try:
            places = self._envelope.places(action_cable.history(value))
            if not self._named and places:
                # The last one that was asked for here: ids sort by when they were made.
                self._generation_id = await self._owned(max(places).rpartition(":")[2])
        except (action_cable.Malformed, Invalid, NotFound):
            self._answer_history = "reject_history"
            return
        self._answer_history = "confirm_history"
        self._since = places.get(self.stream, self._since)

    async def _acknowledge(self) -> None:
        kind, self._answer_history = self._answer_history or "", None
        await self._client.socket.write(action_cable.about(self._identifier, kind))

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._client.socket.write(*self._envelope.enclose(msgspec.json.encode(message)))


ACTIONS = {
    "generate": GenerationChannel._generate,
    "stop": GenerationChannel._stop,
    "follow": GenerationChannel._go_on,
}


def _params(identifier: str) -> Params:
    try:
        params = msgspec.json.decode(identifier, type=Params)
    except (msgspec.DecodeError, RecursionError):
        raise Invalid from None
    if params.channel not in CHANNELS:
        raise Invalid
    return params


def _error_json(error: GenappError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.sentence,
        **({"field": error.field} if error.field else {}),
        **({"retry_after": error.retry_after} if error.retry_after else {}),
    }
