"""Every page in every state that it has, each word of a person's in it a hostile one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from genapp import models, views
from tests.unit import operations_states

if TYPE_CHECKING:
    from collections.abc import Callable

# Closes an attribute of either kind, then an element, and begins one that would run.
HOSTILE = "\"'></bdi><script>alert('x')</script>{{ 7 * 7 }}"
TOKEN = "a-session's-token"
ERROR = f"That did not work for {HOSTILE}."
NOW = datetime(2026, 11, 25, 20, 14, tzinfo=UTC)

GUEST = views.Person(TOKEN)
OUTSIDER = views.Person(TOKEN, may_sign_up=False, guests=False)
USER = views.Person(TOKEN, email=HOSTILE)
ADMIN = views.Person(TOKEN, email=HOSTILE, is_admin=True)

CONVERSATION = views.ConversationItem("c1", HOSTILE, "/conversations/c1", NOW, "just now", busy=False)
COMPOSER = views.Composer(HOSTILE, [views.ModelOption("openai:demo", HOSTILE, True)], "c1", "key", 1000)
STREAM = views.Stream("/streams?stream=x&after=0")

SESSIONS = [
    views.SessionItem("s1", HOSTILE, HOSTILE, NOW, "just now", current=True),
    views.SessionItem("s2", HOSTILE, HOSTILE, NOW, "1 day ago", current=False),
]
TOKENS = [
    views.TokenItem("t1", HOSTILE, "genapp_Ab3d…", ["read"], "3 May 2026", "never", None, expired=False),
    views.TokenItem("t2", HOSTILE, "genapp_Ef6h…", ["read", "generate"], "3 May 2026", "never", "now", expired=True),
]
ACCOUNT = views.AccountPage(HOSTILE, NOW, SESSIONS, TOKENS)

EVENTS = ["completed", "failed"]
WEBHOOKS = [
    views.WebhookItem("w1", f"https://x.example/{HOSTILE}", EVENTS, True, None, 3, "just now"),
    views.WebhookItem("w2", "https://x.example/", EVENTS, False, ERROR, 0, "never"),
]
DELIVERIES = [
    views.DeliveryItem(
        f"d{number}", "generation.completed", "/generations/g", NOW, f"3 May 2026, 10:0{number}", status, number, ERROR
    )
    for number, status in enumerate(("pending", "delivered", "failed"))
]
FIELD = views.FieldItem(HOSTILE, [views.Kind("list of"), views.Kind("Thing", "Thing")], HOSTILE, True, "header")
OPERATION = views.OperationItem(
    "make_thing",
    "POST",
    f"/things/{HOSTILE}",
    HOSTILE,
    f"`{HOSTILE}`",
    "Anybody.",
    [FIELD],
    (),
    [FIELD],
    [views.AnswerItem("201", HOSTILE, [views.Kind("Thing", "Thing")])],
    command=f"curl {HOSTILE}",
    example=f'{{"a": "{HOSTILE}"}}',
)
REFERENCE = views.ReferencePage(
    "1.0",
    f"**About** {HOSTILE}",
    [views.PartItem("part-things", "things", [OPERATION])],
    replace(OPERATION, id="thing.made", body=[views.Kind("Thing", "Thing")], fields=(), command=None),
    [views.SchemaItem("Thing", HOSTILE, [FIELD]), views.SchemaItem("Thing", "", [FIELD], first=False)],
)
SITES = [
    views.SiteItem("w1", HOSTILE, ["https://a.example", "http://localhost:3000"], "today", 1204, enabled=True),
    views.SiteItem("w2", HOSTILE, ["https://b.example"], "today", 1, enabled=False),
]

USERS = [
    views.UserRow("u1", HOSTILE, "admin", False, "3 May 2026", "just now", 1204, 2, 120_450, "/admin/users/u1"),
    views.UserRow("u2", "Guest 01a9f3c2…", "user", True, "3 May 2026", "just now", 1, 0, 0, "/admin/users/u2"),
]
INVITATIONS = [
    views.InvitationItem("i1", HOSTILE, "today", "tomorrow", "open"),
    views.InvitationItem("i2", None, "today", "tomorrow", "open"),
    views.InvitationItem("i3", HOSTILE, "today", "tomorrow", "used"),
    views.InvitationItem("i4", None, "today", "tomorrow", "expired"),
]


def card(status: str = "completed", *, read_only: bool = False) -> views.GenerationCard:
    """The card of a row that was never stored."""
    generation = models.Generation(
        id=models.new_id(),
        prompt=HOSTILE,
        model="openai:demo",
        status=status,
        answer=HOSTILE,
        error_message=ERROR,
        created_at=NOW,
        _ignore_missing=True,
    )
    return views.card(generation, read_only=read_only)


def row(
    status: str = "completed", error_code: str | None = None, tokens: int | None = None
) -> views.AdminGenerationRow:
    return views.AdminGenerationRow(
        f"g-{status}", status, "openai:demo", HOSTILE, "/admin/users/u1", "just now", error_code, tokens, "/admin/g"
    )


ROWS = [row("queued"), row("processing"), row(tokens=1514), row("failed", HOSTILE, 12), row("cancelled")]
STATUSES = ("queued", "processing", "completed", "failed", "cancelled")

PAGES: dict[str, Callable[[], str]] = {
    "home": lambda: views.home(replace(COMPOSER, conversation_id=None), [CONVERSATION], GUEST),
    "home, a first visit": lambda: views.home(COMPOSER, [], USER),
    "a conversation": lambda: views.conversation(CONVERSATION, [card(one) for one in STATUSES], COMPOSER, STREAM, USER),
    "a conversation to share": lambda: views.conversation(
        CONVERSATION, [card()], COMPOSER, None, USER, views.ShareState()
    ),
    "a conversation that is shared": lambda: views.conversation(
        CONVERSATION, [card()], COMPOSER, None, USER, views.ShareState(f"https://x.example/{HOSTILE}", "3 May 2027")
    ),
    "a shared conversation": lambda: views.shared(
        GUEST,
        views.SharedPage(
            HOSTILE, NOW, "just now", [card(one, read_only=True) for one in STATUSES], STREAM, "3 May 2027"
        ),
    ),
    "a shared conversation, finished": lambda: views.shared(
        USER, views.SharedPage(HOSTILE, NOW, "just now", [card(read_only=True)])
    ),
    "an error": lambda: views.error_page(422, HOSTILE, ERROR, USER),
    "an error before anything is known": lambda: views.error_page(500, HOSTILE, ERROR),
    "log in": lambda: views.login(GUEST),
    "log in, email refused": lambda: views.login(
        GUEST, email=HOSTILE, next="/a?b=c&d", error=ERROR, error_field="email"
    ),
    "log in, password refused": lambda: views.login(OUTSIDER, email=HOSTILE, error=ERROR, error_field="password"),
    "log in, refused": lambda: views.login(replace(OUTSIDER, guests=True), email=HOSTILE, error=ERROR),
    "sign up": lambda: views.signup(GUEST),
    "sign up, email refused": lambda: views.signup(
        GUEST, email=HOSTILE, has_conversations=True, error=ERROR, error_field="email"
    ),
    "sign up, password refused": lambda: views.signup(
        OUTSIDER, email=HOSTILE, invitation=HOSTILE, locked_email=True, error=ERROR, error_field="password"
    ),
    "sign up, refused": lambda: views.signup(GUEST, email=HOSTILE, error=ERROR),
    "sign up, uninvited": lambda: views.uninvited(OUTSIDER),
    "account": lambda: views.account(USER, ACCOUNT),
    "account, done": lambda: views.account(USER, views.AccountPage(HOSTILE, NOW, SESSIONS[:1], done=ERROR)),
    "account, a new token": lambda: views.account(USER, replace(ACCOUNT, new_token=f"genapp_{HOSTILE}")),
    **{
        f"account, {name or form} refused": lambda form=form, name=name: views.account(  # type: ignore[misc]
            USER, replace(ACCOUNT, error=ERROR, error_form=form, error_field=name, token_name=HOSTILE)
        )
        for form, name in [
            ("password", "current_password"),
            ("password", "new_password"),
            ("password", None),
            ("token", "name"),
            ("token", None),
            ("deletion", None),
        ]
    },
    "account of a guest": lambda: views.account(GUEST, views.AccountPage()),
    "account of a guest, deletion refused": lambda: views.account(
        OUTSIDER, views.AccountPage(error=ERROR, error_form="deletion")
    ),
    "the reference": lambda: views.reference(USER, REFERENCE),
    "webhooks": lambda: views.webhooks(USER, views.WebhooksPage(WEBHOOKS, done=ERROR)),
    "webhooks, none": lambda: views.webhooks(USER, views.WebhooksPage()),
    "webhooks, a new secret": lambda: views.webhooks(USER, views.WebhooksPage(WEBHOOKS, secret=f"whsec_{HOSTILE}")),
    "webhooks, address refused": lambda: views.webhooks(
        USER, views.WebhooksPage(WEBHOOKS, error=ERROR, error_field="url", url=HOSTILE, with_content=True)
    ),
    "webhooks, events refused": lambda: views.webhooks(
        USER, views.WebhooksPage(error=ERROR, error_field="events", url=HOSTILE, events=())
    ),
    "webhooks, refused": lambda: views.webhooks(USER, views.WebhooksPage(WEBHOOKS, error=ERROR)),
    "a webhook": lambda: views.webhook(USER, views.WebhookPage(WEBHOOKS[0], DELIVERIES, done=ERROR)),
    "a webhook that is off": lambda: views.webhook(USER, views.WebhookPage(WEBHOOKS[1], error=ERROR)),
    "sites": lambda: views.sites(USER, views.SitesPage(SITES, done=ERROR)),
    "sites, none": lambda: views.sites(USER, views.SitesPage()),
    "sites, a new secret": lambda: views.sites(USER, views.SitesPage(SITES, secret="embed_x", secret_of="w2")),
    **{
        f"sites, {name} of {site or 'a new one'} refused": lambda site=site, name=name: views.sites(  # type: ignore[misc]
            USER,
            views.SitesPage(
                SITES, error=ERROR, error_site=site, error_field=name, name=HOSTILE, origins=f"{HOSTILE}\nx"
            ),
        )
        for site, name in [("", "name"), ("", "origins"), ("w1", "origins"), ("w2", "confirm")]
    },
    "admin, users": lambda: views.admin_users(ADMIN, views.UsersPage(USERS, HOSTILE, "/admin?after=x", ERROR)),
    "admin, no users": lambda: views.admin_users(ADMIN, views.UsersPage([], HOSTILE)),
    "admin, nobody yet": lambda: views.admin_users(ADMIN, views.UsersPage([])),
    **{
        f"admin, a user, {name} refused": lambda name=name: views.admin_user(  # type: ignore[misc]
            ADMIN, views.UserPage(USERS[0], HOSTILE, HOSTILE, 3, 1000, ROWS, error=ERROR, error_field=name)
        )
        for name in ("max_in_flight", "tokens_per_day", None)
    },
    "admin, a user who is disabled": lambda: views.admin_user(
        ADMIN, views.UserPage(USERS[1], 0, None, 3, 0, done=ERROR)
    ),
    "admin, oneself": lambda: views.admin_user(ADMIN, views.UserPage(USERS[0], None, 0, 3, 0, is_self=True)),
    "admin, generations": lambda: views.admin_generations(ADMIN, views.GenerationsPage(ROWS, "", "/admin/x")),
    "admin, no generations": lambda: views.admin_generations(ADMIN, views.GenerationsPage([], "failed")),
    "admin, a generation in flight": lambda: views.admin_generation(
        ADMIN, card("processing", read_only=True), row("processing"), STREAM
    ),
    "admin, a generation that failed": lambda: views.admin_generation(
        ADMIN, card("failed", read_only=True), row("failed", HOSTILE, 12)
    ),
    "admin, invitations": lambda: views.admin_invitations(
        ADMIN, views.InvitationsPage(INVITATIONS, new_link=f"https://x.example/{HOSTILE}", done=ERROR)
    ),
    "admin, an invitation refused": lambda: views.admin_invitations(
        ADMIN, views.InvitationsPage([], email=HOSTILE, error=ERROR, error_field="email")
    ),
    "admin, no more invitations": lambda: views.admin_invitations(ADMIN, views.InvitationsPage([], error=ERROR)),
    **operations_states.states(ADMIN, STREAM, HOSTILE),
}
