from __future__ import annotations

import ipaddress
import re
import secrets
import ssl
from pathlib import Path

import pytest
import redis

from genapp.cli import HAND_BACK_SECONDS
from genapp.errors import ConfigurationError
from genapp.providers.vendors import VENDORS
from genapp.settings import Settings
from genapp.settings.edge import with_mapped
from genapp.settings.offered import DEFAULT_MODELS
from genapp.settings.signing import is_placeholder

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef" * 2
OLD, OLDER = SECRET[::-1], SECRET.upper()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PORT", "eighty", "PORT must be a whole number at least 1 and at most 65535 (it is 'eighty')"),
        ("PORT", "70000", "PORT must be a whole number at least 1 and at most 65535 (it is '70000')"),
        ("GENAPP_ENV", "prod", "GENAPP_ENV must be one of development, production, test (it is 'prod')"),
        ("GENAPP_LOG_FORMAT", "xml", "GENAPP_LOG_FORMAT must be one of text, json (it is 'xml')"),
        ("GENAPP_FLUSH_SECONDS", "-1", "GENAPP_FLUSH_SECONDS must be a number more than 0 (it is '-1')"),
        ("GENAPP_REDIS_VERIFY_CERTIFICATE", "7", "must be true or false (it is '7')"),
        ("DATABASE_URL", "mysql://me:hidden@host/db", "DATABASE_URL must be a postgresql:// URL"),
        ("REDIS_URL", "http://:hidden@host", "REDIS_URL must be a redis:// or rediss:// URL"),
        (
            "OPENAI_BASE_URL",
            "u:hidden@host/v1",
            "OPENAI_BASE_URL must be an http:// or https:// URL (it is '***@host/v1')",
        ),
        ("DATABASE_URL", "host/d?password=hidden", "(it is 'host/d?***')"),
        ("OPENAI_BASE_URL", "localhost:11434", "OPENAI_BASE_URL must be an http:// or https:// URL"),
        ("GENAPP_MODELS", "gpt-9", "GENAPP_MODELS must be a comma list of provider:model"),
        ("GENAPP_MODELS", "acme:x", "provider one of openai, anthropic, gemini, demo (it has 'acme:x')"),
        ("GENAPP_TOTAL_TIMEOUT", "0", "GENAPP_TOTAL_TIMEOUT must be seconds, more than 0"),
        ("GENAPP_TOTAL_TIMEOUT", "inf", "GENAPP_TOTAL_TIMEOUT must be seconds, more than 0"),
        (
            "GENAPP_FIRST_TOKEN_TIMEOUT",
            "9,acme:3",
            "provider one of openai, anthropic, gemini, demo (it is '9,acme:3')",
        ),
        ("GENAPP_FIRST_TOKEN_TIMEOUT", "anthropic:3", "(it is 'anthropic:3')"),
        ("GENAPP_FRAME_INTERVAL_MAX_MS", "5", "GENAPP_FRAME_INTERVAL_MAX_MS must not be less than"),
        ("SECRET_KEY", "hidden", "SECRET_KEY must have at least 32 characters"),
        ("FORWARDED_ALLOW_IPS", "*", "FORWARDED_ALLOW_IPS must not have *, or every client could pick the address"),
        ("FORWARDED_ALLOW_IPS", "127.0.0.1, ::/0", "must not have ::/0, or every client could pick"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1/8", "(it has '10.0.0.1/8', which is neither)"),
        ("FORWARDED_ALLOW_IPS", "proxy.internal", "must be a comma list of addresses and networks"),
        ("GENAPP_HOSTS", "https://app.example.com", "GENAPP_HOSTS must be a comma list of names"),
        ("GENAPP_HOSTS", "app.example.com:443", "without scheme or port, such as app.example.com"),
        ("GENAPP_HOSTS", "*", "(it has '*')"),
        ("GENAPP_HOSTS", "app.*.com", "(it has 'app.*.com')"),
        ("GENAPP_ALERT_WEBHOOK", "https://u:hidden@host/", "must be an http:// or https:// URL without a user"),
        ("GENAPP_ALERT_SECRET", "whsec_hidden", "must be whsec_ and at least 24 random bytes in base64"),
        ("GENAPP_ALERT_EMAIL", "Ops <ops@example.com>", "must be a comma list of addresses, such as ops@example.com"),
        ("GENAPP_ALERT_EMAIL", "ops@example.com", "GENAPP_SMTP_URL is not set: GENAPP_ALERT_EMAIL needs a server"),
        ("GENAPP_SMTP_URL", "smtp://me:hidden@", "must be smtp://user:password@host:port or smtps://"),
    ],
)
def test_a_broken_value_is_named_in_one_line_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        Settings()
    assert says in caught.value.message
    assert variable in caught.value.message
    assert "\n" not in caught.value.message
    assert "hidden" not in caught.value.message
    assert caught.value.__cause__ is None


def test_production_does_not_start_without_a_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENAPP_ENV")
    with pytest.raises(ConfigurationError, match="SECRET_KEY is not set"):
        Settings()
    assert Settings(SECRET_KEY=SECRET).secrets == (SECRET,)


@pytest.mark.parametrize(
    "key",
    [
        "changeme" * 4,
        "CHANGE_ME_TO_SOMETHING_LONG_AND_RANDOM",
        "change-me-0123456789abcdef0123456789",
        "changeme12345678901234567890123456789",
        "secret-key-secret-key-secret-key-1",
        "your-secret-key-of-at-least-32-characters",
        "django-insecure-k3=v9x&2l@p7wq8r5t1y0u4i6o",
        "EXAMPLE_0123456789abcdef0123456789abcdef",
        "placeholder-placeholder-placeholder",
        "my-super-secret-development-password",
        "default-default-default-default-default",
    ],
)
def test_production_does_not_start_with_a_key_that_anybody_can_guess(key: str) -> None:
    for variables in ({"SECRET_KEY": key}, {"SECRET_KEY": SECRET, "SECRET_KEY_FALLBACKS": f"{OLD},{key}"}):
        with pytest.raises(ConfigurationError, match=f"^{[*variables][-1]} is a placeholder") as caught:
            Settings(GENAPP_ENV="production", **variables)
        assert key not in caught.value.message
        assert Settings(**variables).secrets[-1] == key


def test_a_random_key_is_never_taken_for_a_placeholder() -> None:
    for _ in range(1000):
        for key in (secrets.token_hex(32), secrets.token_urlsafe(32), secrets.token_urlsafe(500)):
            assert not is_placeholder(key)


def test_each_old_key_must_be_long_enough_and_one_key_may_have_a_comma() -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FALLBACKS must have at least 32 characters"):
        Settings(SECRET_KEY=SECRET, SECRET_KEY_FALLBACKS=f"{OLD},short")
    assert Settings(SECRET_KEY=f"a,{SECRET}").secrets == (f"a,{SECRET}",)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    settings = Settings()
    assert settings.port == 8000
    assert [provider.name for provider in settings.providers] == ["demo"]


def test_a_missing_database_or_redis_is_said_when_it_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set"):
        _ = Settings().database_url
    with pytest.raises(ConfigurationError, match="REDIS_URL is not set"):
        _ = Settings().redis_url


def test_herokus_addresses_work_as_they_come() -> None:
    settings = Settings(
        DATABASE_URL="postgres://u:p@h:5432/d", REDIS_URL="redis://:p@h:1", REDIS_TLS_URL="rediss://:p@h:2"
    )
    assert settings.database_url == "postgresql://u:p@h:5432/d"
    assert settings.redis_url == "rediss://:p@h:2"
    connection = redis.Redis.from_url(settings.redis_url, **settings.redis_ssl).connection_pool.make_connection()
    assert (connection.cert_reqs, connection.check_hostname) == (ssl.CERT_NONE, False)
    assert settings.redis_ssl_context
    assert settings.redis_ssl_context.verify_mode == ssl.CERT_NONE


def test_a_certificate_is_verified_where_that_is_asked_for() -> None:
    settings = Settings(REDIS_URL="rediss://:p@h:2", GENAPP_REDIS_VERIFY_CERTIFICATE="true")
    assert settings.redis_ssl == {}
    assert settings.redis_ssl_context
    assert settings.redis_ssl_context.verify_mode == ssl.CERT_REQUIRED
    assert Settings(REDIS_URL="redis://h").redis_ssl_context is None


def test_secrets_are_in_no_text_of_the_settings() -> None:
    shown = repr(
        Settings(
            SECRET_KEY=SECRET,
            SECRET_KEY_FALLBACKS="hidden-fallback-that-is-long-enough",
            OPENAI_BASE_URL="https://hidden-user:hidden-password@h/v1?k=hidden",
            OPENAI_API_KEY="hidden-openai",
            ANTHROPIC_API_KEY="hidden-anthropic",
            GEMINI_API_KEY="hidden-gemini",
            DATABASE_URL="postgresql://u:hidden-database@h/d",
            REDIS_URL="redis://:hidden-redis@h",
            GENAPP_ALERT_WEBHOOK="https://hooks.example.com/hidden",
            GENAPP_SMTP_URL="smtp://u:hidden@h",
        )
    )
    assert "hidden" not in shown
    assert SECRET not in shown


def test_an_old_secret_key_still_verifies_and_the_new_one_signs() -> None:
    assert Settings(SECRET_KEY=SECRET, SECRET_KEY_FALLBACKS=f"{OLD}, {OLDER}").secrets == (SECRET, OLD, OLDER)


def test_development_keeps_one_secret_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = Settings(GENAPP_ENV="development", GENAPP_DATA=folder).secrets
    assert Settings(GENAPP_ENV="development", GENAPP_DATA=folder).secrets == first
    assert len(first[0]) == 64
    assert (folder / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="GENAPP_DATA must be a folder that can be written"):
        _ = Settings(GENAPP_DATA=tmp_path / "file" / "data").secrets


def test_with_no_key_there_is_the_demo_model() -> None:
    models = Settings().models
    assert models[0].value == "demo:demo"
    assert models[0].label == "Demo"
    assert {model.provider for model in models} == {"demo"}


def test_the_models_come_from_the_providers_that_are_configured() -> None:
    settings = Settings(ANTHROPIC_API_KEY="k", OPENAI_BASE_URL="http://127.0.0.1:11434/v1")
    assert [provider.name for provider in settings.providers] == ["openai", "anthropic"]
    assert {model.provider for model in settings.models} == {"openai", "anthropic"}


def test_the_models_can_be_named_and_the_first_is_the_default() -> None:
    models = Settings(GENAPP_MODELS="openai:llama3:8b, demo:demo-fast,openai:llama3:8b").models
    assert [(model.provider, model.model) for model in models] == [("openai", "llama3:8b"), ("demo", "demo-fast")]


def test_the_default_models_are_those_that_the_vendors_table_has() -> None:
    assert {name: vendor.models for name, vendor in VENDORS.items()} == DEFAULT_MODELS


def test_the_edge_believes_this_machine_only_and_answers_to_any_name_unless_told_otherwise() -> None:
    settings = Settings()
    assert settings.forwarded_allow_ips == ("127.0.0.1", "::1")
    assert settings.hosts == ()
    told = Settings(FORWARDED_ALLOW_IPS="10.0.0.0/8, fc00::/7", GENAPP_HOSTS="App.example.com, *.example.org,[::1]")
    assert told.forwarded_allow_ips == ("10.0.0.0/8", "fc00::/7")
    assert told.hosts == ("app.example.com", "*.example.org", "[::1]")


def test_the_procfile_believes_what_is_reached_from_no_other_network() -> None:
    found = re.search(r'FORWARDED_ALLOW_IPS="\$\{FORWARDED_ALLOW_IPS:-([^}]+)\}"', (ROOT / "Procfile").read_text())
    assert found
    networks = [ipaddress.ip_network(one) for one in Settings(FORWARDED_ALLOW_IPS=found[1]).forwarded_allow_ips]
    assert not any(network.is_global for network in networks)
    assert any(ipaddress.ip_address("10.1.2.3") in network for network in networks)


def test_what_herokus_buildpack_says_of_proxies_means_what_the_procfile_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """It exports FORWARDED_ALLOW_IPS=* in every dyno, one-off ones included, whatever the app's config has."""
    monkeypatch.setenv("DYNO", "run.1234")
    found = re.search(r'FORWARDED_ALLOW_IPS="\$\{FORWARDED_ALLOW_IPS:-([^}]+)\}"', (ROOT / "Procfile").read_text())
    assert found
    assert Settings(FORWARDED_ALLOW_IPS="*").forwarded_allow_ips == tuple(found[1].split(","))
    with pytest.raises(ConfigurationError, match=r"must not have 0\.0\.0\.0/0"):
        Settings(FORWARDED_ALLOW_IPS="10.0.0.0/8,0.0.0.0/0")


def test_the_defaults_fit_within_what_herokus_router_and_dynos_allow() -> None:
    settings = Settings()
    assert settings.sse_heartbeat * 2 < 55, "an idle stream is cut after 55 seconds"
    assert settings.keep_alive_seconds > 90, (
        "the router keeps idle connections for 90 seconds and must be the first to close"
    )
    assert settings.shutdown_seconds + 2 * HAND_BACK_SECONDS < 30, "30 seconds after SIGTERM comes SIGKILL"


def test_a_proxy_is_the_same_one_through_a_socket_for_both_kinds_of_addresses() -> None:
    proxies = with_mapped(("10.0.0.0/8", "192.0.2.7", "fc00::/7"))
    assert proxies == ["10.0.0.0/8", "192.0.2.7", "fc00::/7", "::ffff:10.0.0.0/104", "::ffff:192.0.2.7/128"]


def test_settings_cannot_be_changed_after_the_start() -> None:
    with pytest.raises(Exception, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_a_provider_may_be_given_more_time_than_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().first_token_timeout.of("openai") == 120
    monkeypatch.setenv("GENAPP_FIRST_TOKEN_TIMEOUT", "60, anthropic:300,demo:0.5")
    patience = Settings().first_token_timeout
    assert [patience.of(provider) for provider in ("openai", "anthropic", "demo")] == [60, 300, 0.5]
