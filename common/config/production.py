"""What a production configuration must have before it may serve."""

from __future__ import annotations

from dataclasses import dataclass

from common.config.sections import Config

SHORTEST_SECRET = 32
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True)
class Problem:
    """A reason not to serve, with the setting that fixes it."""

    setting: str
    message: str


def production_problems(config: Config, has_keys: bool = False) -> list[Problem]:
    """Every reason not to serve; none outside production. `has_keys`: there are API keys
    in the database."""
    if not config.is_production:
        return []
    found = {
        "secret_key": _secret_key(config.secret_key),
        "allowed_hosts": _hosts(config.allowed_hosts),
        "api_keys": "" if has_keys else _keys(config),
    }
    return [Problem(name, message) for name, message in found.items() if message]


def problems(config: Config, has_keys: bool = False) -> list[str]:
    """The same as sentences for a terminal."""
    return [problem.message for problem in production_problems(config, has_keys)]


def _secret_key(key: str) -> str:
    make = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not key:
        return f"Production needs `secret_key` (SECRET_KEY); {make}"
    if len(key) < SHORTEST_SECRET:
        return f"`secret_key` (SECRET_KEY) is shorter than {SHORTEST_SECRET} characters; {make}"
    return ""


def _hosts(hosts: list[str]) -> str:
    if "*" in hosts:
        return "`allowed_hosts` (ALLOWED_HOSTS) may not be `*` in production: list the server's names."
    if not set(hosts) - LOCAL_HOSTS:
        return (
            "Production needs `allowed_hosts` (ALLOWED_HOSTS): the names under which "
            "the server is reached, such as `voice.example.com,localhost`."
        )
    return ""


def _keys(config: Config) -> str:
    if config.api_keys or config.allow_anonymous:
        return ""
    return (
        "Production needs an API key: `manage.py keys create NAME --scopes stt,tts` makes "
        "one in the database, `api_keys` (API_KEYS) lists them in the configuration; or "
        "`allow_anonymous: true` when everyone who reaches the server may use it."
    )
