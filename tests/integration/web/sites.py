"""One database behind three web processes: open to guests, to accounts, to the invited."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from genapp.web.sessions import Sessions
from tests.running import App, answers, free_port, running_app, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

# Accounts are tried often, and an answer that stands still stands until it is stopped.
SETTINGS = {
    "GENAPP_LOGINS_PER_ACCOUNT": "0",
    "GENAPP_FIRST_TOKEN_TIMEOUT": "10000",
    "GENAPP_BETWEEN_TOKENS_TIMEOUT": "10000",
    "GENAPP_TOTAL_TIMEOUT": "10000",
}
# What is whose, by table. The lease of what is being answered is renewed by its worker all the time.
ROWS_OF = {
    "users": "id = ANY($1)",
    "sessions": '"user" = ANY($1)',
    "api_tokens": '"user" = ANY($1)',
    "sites": '"user" = ANY($1)',
    # Not what is sent to them, which is tried again by itself.
    "webhooks": '"user" = ANY($1)',
    "conversations": '"user" = ANY($1)',
    "generations": '"user" = ANY($1)',
    "attempts": '"user" = ANY($1)',
    "chunks": 'generation IN (SELECT id FROM generations WHERE "user" = ANY($1))',
    "shares": 'conversation IN (SELECT id FROM conversations WHERE "user" = ANY($1))',
    "invitations": "created_by = ANY($1)",
}


@dataclass
class Sites:
    """The addresses of the three, by their GENAPP_ACCESS."""

    app: App
    urls: dict[str, str]

    @property
    def secret(self) -> str:
        return self.app.env["SECRET_KEY"]

    @property
    def sessions(self) -> Sessions:
        """Reads and writes cookies as the sites do."""
        return Sessions([self.secret])

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.app.env["DATABASE_URL"])
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def rows_of(self, *users: UUID) -> Sequence[str]:
        """Everything that is stored of some users, as text."""
        parts = [
            f"SELECT '{table} ' || (to_jsonb(t) - 'lease_expires_at')::text AS row FROM {table} t WHERE {condition}"  # noqa: S608  constants
            for table, condition in ROWS_OF.items()
        ]
        return [row["row"] for row in await self.sql(f"{' UNION ALL '.join(parts)} ORDER BY row", list(users))]


@contextmanager
def running_sites(folder: Path) -> Iterator[Sites]:
    with running_app(folder, GENAPP_ACCESS="open", **SETTINGS) as app:
        urls = {"open": app.url}
        for access in ("accounts", "invite"):
            port = free_port()
            app.start(f"web-{access}", "web", PORT=str(port), GENAPP_ACCESS=access)
            urls[access] = f"http://127.0.0.1:{port}"
        for url in urls.values():
            wait_for(lambda url=url: answers(f"{url}/readyz"), app.processes)
        yield Sites(app, urls)
