"""Everything that the environment may say, read and checked once.

`Settings()` reads the environment, then `.env`. A field's variable is `GENAPP_` and its name in capitals,
except for the names that platforms and vendors have already settled (`DATABASE_URL`, `PORT`,
`OPENAI_API_KEY` …). Times are in seconds and sizes in characters unless the name says otherwise.
`.env.example` lists them all.
"""

from __future__ import annotations

import ssl
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from genapp.errors import ConfigurationError
from genapp.settings import keyless
from genapp.settings.development_secret import development_secret
from genapp.settings.edge import Hosts, Proxies
from genapp.settings.explaining import first_sentence, without_password
from genapp.settings.observing import Observing
from genapp.settings.offered import DEFAULT_MODELS, ModelChoice, ProviderAccess, label, named_models
from genapp.settings.patience import Patience
from genapp.settings.signing import is_placeholder, split

UNPREFIXED = {
    *("host", "port", "web_concurrency", "forwarded_allow_ips", "secret_key", "secret_key_fallbacks"),
    *("openai_api_key", "openai_base_url", "anthropic_api_key", "anthropic_base_url", "gemini_api_key"),
    "sentry_dsn",
}

MAKE_ONE = "It must be at least 32 random characters (one way: openssl rand -hex 32)"
OR_ELSE = "or use `genapp dev`, which brings its own."


PerProvider = Annotated[Patience, NoDecode, BeforeValidator(Patience.parse)]


def variable_name(field: str) -> str:
    """The environment variable that sets `field`."""
    return field.upper() if field in UNPREFIXED else f"GENAPP_{field.upper()}"


class Settings(Observing, BaseSettings):
    """The configuration of one process.

    Raises `ConfigurationError` with one line that has the variable's name, what is allowed and what it was.
    """

    model_config = SettingsConfigDict(
        alias_generator=variable_name,
        env_file=".env",
        env_ignore_empty=True,  # `PORT=` in a copied .env.example means "not set"
        extra="ignore",
        allow_inf_nan=False,
        frozen=True,
        hide_input_in_errors=True,
    )

    # The strict one unless told otherwise: `genapp dev` says development, the tests say test.
    env: Literal["development", "production", "test"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    web_concurrency: int = Field(1, ge=1, le=512)
    forwarded_allow_ips: Proxies = ("127.0.0.1", "::1")
    hosts: Hosts = ()  # any
    header_seconds: float = Field(15, gt=0)
    body_seconds: float = Field(60, gt=0)
    keep_alive_seconds: int = Field(95, ge=1)  # longer than proxies keep an idle connection: Heroku's 90, AWS' 60
    data: Path = Path(".genapp")

    database_address: str = Field("", validation_alias="DATABASE_URL", repr=False)
    database_pool: int = Field(10, ge=1, le=1000)
    redis_address: str = Field("", validation_alias="REDIS_URL", repr=False)
    redis_tls_address: str = Field("", validation_alias="REDIS_TLS_URL", repr=False)
    redis_pool: int = Field(50, ge=7, le=1000)  # the broker's consumers hold four
    redis_verify_certificate: bool = False

    access: Literal["open", "accounts", "invite"] | None = None
    session_days: float = Field(30, gt=0)
    logins_per_account: int = Field(10, ge=0)
    logins_per_address: int = Field(100, ge=0)
    signups_per_address: int = Field(20, ge=0)

    secret_key: SecretStr | None = None
    secret_key_fallbacks: SecretStr | None = None
    metrics_token: SecretStr | None = None

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = Field(None, repr=False)
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str | None = Field(None, repr=False)
    gemini_api_key: SecretStr | None = None
    model_list: str = Field("", validation_alias="GENAPP_MODELS")

    prompt_max_characters: int = Field(32_000, ge=1)
    answer_max_characters: int = Field(1_000_000, ge=1, le=10_000_000)
    max_in_flight_per_user: int = Field(3, ge=1)
    requests_per_minute_per_user: int = Field(60, ge=0)
    requests_per_minute_per_address: int = Field(300, ge=0)
    tokens_per_user_per_day: int = Field(0, ge=0)

    wait_seconds: float = Field(60, ge=0)
    webhooks_private: bool = False

    tries: int = Field(3, ge=1, le=10)
    retry_seconds: float = Field(1, gt=0)
    fallback_list: str = Field("", validation_alias="GENAPP_FALLBACK_MODELS")
    waiting_note_after: float = Field(8, gt=0)
    first_token_timeout: PerProvider = Patience(120)  # a reasoning model thinks in silence
    between_tokens_timeout: PerProvider = Patience(30)
    total_timeout: PerProvider = Patience(600)
    queue_timeout: float = Field(3600, gt=0)
    frame_interval_ms: int = Field(35, ge=1, le=10_000)
    frame_interval_max_ms: int = Field(250, ge=1, le=60_000)
    flush_seconds: float = Field(2, gt=0)
    flush_characters: int = Field(10_000, ge=1)
    lease_seconds: float = Field(12, ge=5)  # renewed every GENAPP_FLUSH_SECONDS

    worker_concurrency: int = Field(256, ge=1, le=4096)
    worker_processes: int = Field(1, ge=1, le=256)

    shutdown_seconds: float = Field(25, ge=0)  # Heroku kills 30 seconds after it has asked
    stream_ttl: int = Field(3_600, ge=60)  # after it the row answers, which costs a query
    streams_per_user: int = Field(30, ge=0)
    streams_per_address: int = Field(200, ge=0)
    sse_lifetime: float = Field(600, ge=1)
    sse_heartbeat: float = Field(25, gt=0)  # twice within the 55 seconds of Heroku, once within the 30 of others
    cable_lifetime: float = Field(3600, ge=1)  # longer: an Action Cable client is away for 6 to 18 seconds each time
    silence_seconds: float = Field(30, gt=0)

    def __init__(self, **values: Any):
        if keyless.is_marked():
            values |= keyless.NOTHING
        try:
            super().__init__(**values)
        except ValidationError as error:
            # `from None`: pydantic's own text could repeat a secret.
            raise ConfigurationError(first_sentence(error, type(self).model_fields)) from None

    @field_validator("database_address")
    @classmethod
    def _check_database(cls, url: str) -> str:
        if url.startswith("postgres://"):
            url = url.replace("postgres://", "postgresql://", 1)
        if url and not url.startswith("postgresql://"):
            raise ValueError(f"must be a postgresql:// URL (it is {without_password(url)!r})")
        return url

    @field_validator("redis_address", "redis_tls_address")
    @classmethod
    def _check_redis(cls, url: str) -> str:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError(f"must be a redis:// or rediss:// URL (it is {without_password(url)!r})")
        return url

    @field_validator("openai_base_url", "anthropic_base_url")
    @classmethod
    def _check_base_url(cls, url: str | None) -> str | None:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError(f"must be an http:// or https:// URL (it is {without_password(url)!r})")
        return url

    @field_validator("model_list", "fallback_list")
    @classmethod
    def _check_models(cls, text: str) -> str:
        for item in filter(None, (part.strip() for part in text.split(","))):
            provider, _, model = item.partition(":")
            if provider not in DEFAULT_MODELS or not model:
                known = ", ".join(DEFAULT_MODELS)
                raise ValueError(f"must be a comma list of provider:model, provider one of {known} (it has {item!r})")
        return text

    @field_validator("secret_key", "secret_key_fallbacks", "metrics_token")
    @classmethod
    def _check_secrets(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        several = info.field_name == "secret_key_fallbacks"
        if secret and any(len(one) < 32 for one in (split(secret) if several else [secret.get_secret_value()])):
            raise ValueError(f"must have at least 32 characters{', each of its keys' if several else ''}")
        return secret

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        if self.env == "production" and self.secret_key is None:
            raise ValueError(f"SECRET_KEY is not set: it signs the sessions. {MAKE_ONE}")
        for name, secret in (("SECRET_KEY", self.secret_key), ("SECRET_KEY_FALLBACKS", self.secret_key_fallbacks)):
            if self.env == "production" and any(map(is_placeholder, split(secret))):
                raise ValueError(f"{name} is a placeholder that anybody can guess. {MAKE_ONE}")
        if self.frame_interval_max_ms < self.frame_interval_ms:
            raise ValueError("GENAPP_FRAME_INTERVAL_MAX_MS must not be less than GENAPP_FRAME_INTERVAL_MS")
        return self

    @property
    def database_url(self) -> str:
        """A `postgresql://` URL. Raises `ConfigurationError` when none is configured."""
        if not self.database_address:
            raise ConfigurationError(f"DATABASE_URL is not set: give a postgresql:// URL, {OR_ELSE}")
        return self.database_address

    @property
    def redis_url(self) -> str:
        """A `redis://`, `rediss://` or `unix://` URL, the TLS one when both are given.

        Raises `ConfigurationError` when none is configured.
        """
        url = self.redis_tls_address or self.redis_address
        if not url:
            raise ConfigurationError(f"REDIS_URL is not set: give a redis:// or rediss:// URL, {OR_ELSE}")
        return url

    @property
    def redis_ssl(self) -> dict[str, Any]:
        """Keyword arguments for redis-py's `from_url`; empty unless the URL is `rediss://`."""
        if not self.redis_url.startswith("rediss://") or self.redis_verify_certificate:
            return {}
        # Heroku's Redis has a self-signed certificate that nobody can verify.
        return {"ssl_cert_reqs": "none", "ssl_check_hostname": False}

    @property
    def redis_ssl_context(self) -> ssl.SSLContext | None:
        """The same choice for a bare socket; None unless the URL is `rediss://`."""
        if not self.redis_url.startswith("rediss://"):
            return None
        context = ssl.create_default_context()
        if not self.redis_verify_certificate:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets: the first signs, all of them verify. Fallbacks are how a key is rotated."""
        first = self.secret_key.get_secret_value() if self.secret_key else development_secret(self.data)
        return (first, *split(self.secret_key_fallbacks))

    @cached_property
    def models(self) -> tuple[ModelChoice, ...]:
        """What a person may choose, the default first. Never empty."""
        pairs = named_models(self.model_list) or [
            (provider.name, model) for provider in self.providers for model in DEFAULT_MODELS[provider.name]
        ]
        return tuple(ModelChoice(p, m, label(p, m)) for p, m in dict.fromkeys(pairs))

    @cached_property
    def fallback_models(self) -> tuple[str, ...]:
        """`provider:model`, in the order in which they are asked when a model cannot be had."""
        return tuple(part.strip() for part in self.fallback_list.split(",") if part.strip())

    @cached_property
    def providers(self) -> tuple[ProviderAccess, ...]:
        """The providers that are configured; the demo model alone where none is.

        In a process without the vendors' keys: the names of those that are offered.
        """
        if keyless.is_marked() and (named := named_models(self.model_list)):
            return tuple(ProviderAccess(name, None, None) for name in dict(named))
        access = [
            ProviderAccess("openai", self.openai_api_key, self.openai_base_url),
            ProviderAccess("anthropic", self.anthropic_api_key, self.anthropic_base_url),
            ProviderAccess("gemini", self.gemini_api_key, None),
        ]
        # A base URL without a key is a local server (Ollama, vLLM …).
        configured = tuple(one for one in access if one.api_key or one.base_url)
        return configured or (ProviderAccess("demo", None, None),)

    @property
    def access_policy(self) -> Literal["open", "accounts", "invite"]:
        """Who may use the site: everybody, whoever signs up, whoever is invited. Strict unless told otherwise."""
        return self.access or ("accounts" if self.env == "production" else "open")

    @property
    def session_seconds(self) -> float:
        """Seconds that an account's session is good for after its last use."""
        return self.session_days * 86_400

    @property
    def plain_webhooks(self) -> bool:
        """Whether webhooks may be sent over plain http."""
        return self.webhooks_private or self.env != "production"

    @property
    def frame_interval(self) -> float:
        """Seconds between two frames of one answer."""
        return self.frame_interval_ms / 1000

    @property
    def frame_interval_max(self) -> float:
        """Seconds that the interval may stretch to when a worker is busy."""
        return self.frame_interval_max_ms / 1000
