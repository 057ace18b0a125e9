"""Who may use a route. Each says it, in its `opt`; one that does not stops the start."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from genapp.errors import Disabled, Forbidden, NotFound, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar.handlers import BaseRouteHandler

    from genapp.web.visitors import Visitor


class Policy(Enum):
    """What a route asks of who uses it."""

    # Nothing, and it does not look: the same answer for everybody.
    EVERYONE = "everyone"
    # Nothing: a person comes here to get in, or holds a link that is its own key.
    ANYBODY = "anybody"
    # To be let in by GENAPP_ACCESS; a token needs the scope `read`. What it shows is theirs.
    READ = "read"
    # The same, with the scope `generate`.
    GENERATE = "generate"
    # An embed token that may read: a part of a page elsewhere.
    EMBED = "embed"
    # As READ and GENERATE, but with a token and nothing else. No page can send one in a person's name, so there is no
    # form to prove, and the handler reads what was sent, once it is known who has sent it.
    PROGRAM_READ = "program read"
    PROGRAM_GENERATE = "program generate"
    # To be let in, in a browser: nothing that a token may do.
    BROWSER = "browser"
    # To be logged in, in a browser.
    ACCOUNT = "account"
    # To be logged in as an admin, in a browser. To everybody else it is not there.
    ADMIN = "admin"

    @property
    def for_programs(self) -> bool:
        """Whether nobody comes in without a token."""
        return self in (Policy.PROGRAM_READ, Policy.PROGRAM_GENERATE)

    @property
    def scope(self) -> str | None:
        """The scope that a token needs, None where none will do."""
        if self is Policy.EMBED:
            return Policy.READ.value
        asks = {Policy.READ, Policy.GENERATE, Policy.PROGRAM_READ, Policy.PROGRAM_GENERATE}
        return self.value.removeprefix("program ") if self in asks else None


def is_for(policy: Policy, *, refuses_itself: bool = False) -> Mapping[str, Any]:
    """What a handler's `opt` says of its policy.

    `refuses_itself`: it speaks to WebSockets, and tells in its own protocol who may not.
    """
    return {"policy": policy, "refuses_itself": refuses_itself}


def policy_of(handler: BaseRouteHandler) -> Policy:
    """The policy of a route. `require_policies` has seen to it that ours have one."""
    # Litestar's own answer to OPTIONS has none: it says which methods there are.
    policy: Policy = handler.opt.get("policy", Policy.EVERYONE)
    return policy


def require_policies(handlers: Iterable[BaseRouteHandler]) -> None:
    """Raises LookupError for a route that does not say who may use it."""
    for handler in handlers:
        if not isinstance(handler.opt.get("policy"), Policy):
            raise LookupError(f"{handler.handler_name} does not say who may use it: opt=is_for(Policy.…)")


def require(policy: Policy, visitor: Visitor, *, guests: bool) -> None:
    """Raises Unauthenticated, Forbidden or NotFound where a visitor may not use a route of this policy.

    `guests`: whether who is not logged in may use the site.
    """
    if policy in (Policy.EVERYONE, Policy.ANYBODY):
        return
    if visitor.disabled:
        raise Disabled
    if policy is Policy.EMBED and visitor.site is None:
        raise Unauthenticated("This is for embedded pages. Send an embed token (Authorization: Bearer …).")
    if policy.for_programs and visitor.site is not None:
        raise Forbidden("An embed token is for the page that it was made for. Use an API token here.")
    guests = guests and policy in (Policy.READ, Policy.GENERATE, Policy.BROWSER)
    if visitor.guest and visitor.site is None and not guests:
        raise Unauthenticated
    if visitor.scopes is not None:
        _require_scope(policy, visitor.scopes)
    if policy is Policy.ADMIN and not visitor.is_admin:
        raise NotFound


def _require_scope(policy: Policy, scopes: frozenset[str]) -> None:
    if policy.scope is None:
        raise Forbidden("A token cannot do this. Log in with a browser.")
    if policy.scope not in scopes:
        raise Forbidden(f"This token lacks the scope “{policy.scope}”. Make one that has it.")
