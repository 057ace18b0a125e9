"""What one attempt has written, and where it goes: rendered to its stream, as text to its row."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from redis.exceptions import RedisError

from genapp import markdown, views
from genapp.errors import GenappError
from genapp.generating import measuring
from genapp.models import Spent, is_away
from genapp.streams import LogLost, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from genapp.models import Generation, Outcome
    from genapp.providers import Usage
    from genapp.settings import Settings
    from genapp.streams import Cursor, Log, Op

logger = logging.getLogger(__name__)

DATABASE_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# Seconds between tries to store an answer. Short: with the database back, this must come before another worker's claim.
LONGEST_PAUSE = 1.0

# Characters above which the rest of an answer is rendered on a thread: 40,000 of code take 0.2 s, and all answers of
# this process wait for the loop.
LARGE = 20_000

T = TypeVar("T")


async def once_there(query: Callable[[], Awaitable[T]]) -> T:
    """Give what `query` gives, once the database answers: what depends on it is in this process and nowhere else.

    Raises what the database says of what it will never take.
    """
    pause = 0.1
    while True:
        try:
            return await query()
        except DATABASE_AWAY as error:
            if not is_away(error):
                raise
            logger.warning("the database is away, trying again: %s", error)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class Overtaken(GenappError):
    """Another attempt holds the generation now: this one must write nothing more and say nothing."""

    code = "overtaken"
    message = "Another worker has taken this answer over."


class Answer:
    """The answer of one attempt.

    Memory and bytes are linear in its length: the text is held once as pieces and once rendered; what goes to the
    stream and to the row is only what is new.
    """

    def __init__(self, generation: Generation, log: Log, settings: Settings) -> None:
        self.generation = generation
        self.log = log
        self.settings = settings
        self.stream = views.stream_name(generation.id)
        self.document = markdown.Document()
        self.characters = 0
        self.truncated = False
        self.sent_characters = 0
        self.usage: Usage | None = None
        self.whole = False  # the provider has ended it, and told what it used, if it ever does
        self._pieces: list[str] = []
        self._kept = 0
        self._kept_characters = 0
        self._kept_at = time.monotonic()
        self._keeps = 0
        self._after: Cursor | None = None
        self._publishing = False  # what is rendered may be ahead of what was published
        self._settled = False
        self._shown: views.Shown | None = None
        self._turn = asyncio.Lock()
        self._storing = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether something is on its way to the stream, which may take as long as Redis does."""
        return self._turn.locked()

    @property
    def unkept(self) -> int:
        """The characters that are not in the row yet."""
        return self.characters - self._kept_characters

    @property
    def text(self) -> str:
        """All of it, as the model wrote it."""
        return "".join(self._pieces)

    async def begin(self) -> bool:
        """Show that a worker has begun; whatever an earlier attempt showed is dropped. Gives the stop flag."""
        async with self._turn:
            return await self._publish([])

    async def write(self, piece: str) -> bool:
        """Add a piece and publish what it changes on the page. Gives whether a stop was asked for."""
        async with self._turn:
            self._pieces.append(piece)
            self.characters += len(piece)
            self._publishing = True
            ops = views.change_ops(self.generation.id, self.document.feed(piece))
            # The first words are waited for; those after them may wait for other answers' words.
            stop = await self._publish([*ops, text(piece)], patient=len(self._pieces) > 1)
            self._publishing = False
            return stop

    def shown(self) -> views.Shown | None:
        """What has been published; None where that is not known, as after a piece whose publishing was broken off."""
        return self._shown if self._settled else self._published()

    async def settle(self) -> None:
        """Render the last of it: nothing more comes. On a thread where that takes long."""
        self._shown, self._settled = self._published(), True
        if self.characters > LARGE:
            await asyncio.to_thread(self.document.finish)
        else:
            self.document.finish()

    def _published(self) -> views.Shown | None:
        if self._after is None or self._publishing:
            return None
        tail = views.tail_element(self.generation.id, self.document.tail)
        return views.Shown(views.Written(self.document.settled, tail), self._after)

    async def say(self, note: str | None) -> bool:
        """Show a sentence beside the answer, or none any more. Gives the stop flag."""
        async with self._turn:
            return await self._publish(views.note_ops(self.generation, note))

    async def again(self, model: str, error_code: str) -> Answer:
        """Begin the next attempt, perhaps with another model; gives its empty answer. Raises Overtaken."""
        spent = self.spent()
        generation = await once_there(lambda: self.generation.begin_again(model, error_code, spent))
        if generation is None:
            raise Overtaken
        measuring.attempt_ended(self.generation, "failed", spent)
        return Answer(generation, self.log, self.settings)

    def spent(self) -> Spent:
        """What it has used: as told, or at least four characters a token where it broke off before it was told."""
        if self.usage and self.whole:
            return self._spent(self.usage.input_tokens, self.usage.output_tokens, self.usage.cached_tokens)
        sent, written = (self.usage.input_tokens, self.usage.output_tokens) if self.usage else (0, 0)
        return self._spent(sent or self.sent_characters // 4, max(written, self.characters // 4), estimated=True)

    def _spent(self, sent: int, written: int, cached: int = 0, *, estimated: bool = False) -> Spent:
        cost = self.settings.prices.cost(self.generation.model, sent, written, cached)
        return Spent(sent, written, estimated, cost)

    async def touch(self) -> bool:
        """Nothing to say: keep the stream alive, and look whether a stop was asked for."""
        async with self._turn:
            if self._after is None:
                return await self._publish([])
            try:
                return await self.log.touch(self.stream, fence=self.generation.attempt, after=self._after)
            except LogLost:
                return await self._publish([])
            except RedisError as error:
                self._lose(error)
                return False

    async def keep_if_due(self) -> bool:
        """Store the new text in the row when it is time. Gives whether a stop was asked for.

        Raises Overtaken where another attempt holds the row.
        """
        waited = time.monotonic() - self._kept_at
        due = waited >= self.settings.flush_seconds or self.unkept >= self.settings.flush_characters
        if not due or self._storing.locked():
            return False
        async with self._storing:
            return await self._keep()

    async def finish(self, outcome: Outcome) -> Generation:
        """Store how it ended, and give the row, whose end is still to be shown.

        Waits for a database that is away: the answer is in this process and nowhere else. Raises Overtaken where
        another attempt holds the row.
        """
        spent = self.spent()
        finished = await once_there(lambda: self.generation.finish(outcome, spent))
        if finished is None:
            raise Overtaken
        measuring.attempt_ended(self.generation, outcome.status, spent)
        return finished

    async def _keep(self) -> bool:
        self._kept_at = time.monotonic()
        # The answer may grow meanwhile.
        pieces, characters = len(self._pieces), self.characters
        fresh = "".join(self._pieces[self._kept :])
        try:
            stop = await self.generation.keep(fresh, self._keeps, lease_seconds=self.settings.lease_seconds)
        except DATABASE_AWAY as error:
            # The text is still here; the next call stores it with what has come by then.
            logger.warning("the partial answer could not be stored, trying again: %s", error)
            return False
        if stop is None:
            raise Overtaken
        self._keeps += 1
        self._kept, self._kept_characters = pieces, characters
        return stop

    async def _publish(self, ops: Sequence[Op], *, patient: bool = False) -> bool:
        if self._after is None:
            return await self._publish_whole()
        fence = self.generation.attempt
        try:
            published = await self.log.publish(self.stream, ops, fence=fence, after=self._after, patient=patient)
        except LogLost:
            return await self._publish_whole()
        except RedisError as error:
            self._lose(error)
            return False
        self._after = published.cursor
        return published.stop

    async def _publish_whole(self) -> bool:
        """The first frame, and the first after Redis lost the log.

        Two frames where there is text already: a client finds the targets of a frame before it applies any of it.
        """
        fence = self.generation.attempt
        try:
            published = await self.log.publish(self.stream, views.shell_ops(self.generation), fence=fence, reset=True)
            if self._pieces:
                ops = [*views.written_ops(self.generation.id, self.document), text(self.text)]
                published = await self.log.publish(self.stream, ops, fence=fence, after=published.cursor)
        except (RedisError, LogLost) as error:
            self._lose(error)
            return False
        self._after = published.cursor
        return published.stop

    def _lose(self, error: Exception) -> None:
        # The answer goes on: the row is written, and publishing resumes with the whole when Redis is back.
        if self._after is not None:
            logger.warning("the stream could not be written, going on without it: %s", error)
        self._after = None
