"""Why an answer could not be had, in words for the person who asked.

ProviderError
├── TransientError   the same request may work in a moment
│     rate_limited overloaded unavailable connection cut timeout malformed
└── PermanentError   the same request will fail again
      unauthorized forbidden quota_exhausted unknown_model bad_request context_too_long
      content_filtered empty_answer
"""

from __future__ import annotations

from typing import ClassVar

DETAIL_LIMIT = 500


class ProviderError(Exception):
    """Base of the two kinds; raise one of them.

    `code` is one of the codes above. `message` is shown to the person who asked and never holds the
    vendor's words. `detail` is what the vendor said, for our logs: free of keys, 500 characters at most.
    `excerpt` is what may be a piece of the answer, for logs that may have one: the same otherwise.
    `retry_after` is how long the vendor asks us to wait, in seconds.
    """

    sentences: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        detail: str = "",
        excerpt: str = "",
    ) -> None:
        self.code = code
        self.message = message or self.sentences[code]
        self.retry_after = retry_after
        self.detail = detail[:DETAIL_LIMIT]
        self.excerpt = excerpt[:DETAIL_LIMIT]
        super().__init__(f"{code}: {self.message}")


class TransientError(ProviderError):
    """The vendor, the network or the moment is at fault: try the same request again."""

    sentences: ClassVar[dict[str, str]] = {
        "rate_limited": "The model is getting more requests than it allows. Wait a minute, then try again.",
        "overloaded": "The model is overloaded right now. Try again in a moment, or choose another model.",
        "unavailable": "The model's provider has a problem right now. Try again in a moment, or choose another model.",
        "connection": "The model's provider could not be reached. Try again in a moment.",
        "cut": "The connection to the model broke before the answer was complete. Try again to get all of it.",
        "timeout": "The model took too long. Try again, or choose another model.",
        "malformed": "The model's provider sent something unreadable. Try again in a moment.",
    }


class PermanentError(ProviderError):
    """Nothing changes by sending the same request again."""

    sentences: ClassVar[dict[str, str]] = {
        "unauthorized": "The provider does not accept this site's key. Tell whoever runs this site; "
        "meanwhile, choose another model.",
        "forbidden": "This site's key may not use this model. Choose another model, or tell whoever runs this site.",
        "quota_exhausted": "This site's budget with the provider is used up. Tell whoever runs this site; "
        "meanwhile, choose another model.",
        "unknown_model": "This model is not available here. Choose another model.",
        "bad_request": "The model did not accept this request. Change the prompt, or choose another model.",
        "context_too_long": "This is too long for the model. Shorten the prompt, or start a new conversation.",
        "content_filtered": "The provider's content rules stopped this answer. Rephrase the prompt.",
        "empty_answer": "The model gave no answer. Rephrase the prompt, or choose another model.",
    }
