"""Settings of the server itself: network, storage and log."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from pydantic import field_validator

from common.config.setting import Section, setting

LARGEST_JSON_KB = 2_048
"""What is parsed without holding the event loop for long."""
OWN_PATHS = frozenset(
    {
        *("admin", "api", "configuration", "favicon.ico", "health", "i18n", "listen"),
        *("manifest.webmanifest", "metrics", "monitor", "speak", "static", "talk"),
        *("tts", "usage", "v1", "v2", "voices", "ws"),
    }
)
"""The first parts of the server's own addresses."""
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class NetworkSettings(Section):
    """Addresses, limits and access."""

    environment: Literal["development", "staging", "production"] = setting(
        "development", "`production` requires allowed hosts, a secret key and API keys."
    )
    tts_host: str = setting("127.0.0.1", "Address that the server listens on.")
    tts_port: int = setting(
        8_000,
        "Port of the server, and of the text-to-speech service of `serve --split`.",
        ge=0,
        le=65_535,
    )
    stt_host: str = setting(
        "127.0.0.1", "Address of the speech-to-text service of `serve --split`."
    )
    stt_port: int = setting(
        8_010, "Port of the speech-to-text service of `serve --split`.", ge=0, le=65_535
    )
    secret_key: str = setting(
        "",
        "Key that signs sessions. In development an empty one is generated and kept in `data_dir`.",
        secret=True,
    )
    secret_key_fallbacks: list[str] = setting(
        [],
        "Earlier values of `secret_key`, newest first: what they signed stays valid until they are removed.",
        secret=True,
    )
    allowed_hosts: list[str] = setting(
        ["localhost", "127.0.0.1", "[::1]"], "Host names that requests may use."
    )
    api_keys: list[str] = setting(
        [],
        "Keys with every scope but `history:read` and `admin`, in addition to those of `manage.py keys`; without any key at all, none is required.",
        secret=True,
    )
    allow_anonymous: bool = setting(
        False, "Allow production to start without API keys."
    )
    https_only: bool = setting(
        False,
        "The server is reached over HTTPS only (TLS ends at a trusted proxy): plain requests are redirected, and browsers are told so for `hsts_seconds`.",
    )
    hsts_seconds: int = setting(
        31_536_000,
        "With `https_only`: how long browsers remember to use HTTPS (HSTS); 0 does not tell them.",
        ge=0,
        le=63_072_000,
    )
    history_keys: list[str] = setting(
        [],
        "Those of `api_keys` that may read the texts of all callers on `/ws/monitor`; other keys see their own, administrators see all.",
        secret=True,
    )
    root_path: str = setting(
        "",
        "Path under which a proxy serves this server, such as `/voice`; empty means the proxy gives it a host name of its own.",
    )
    cors_allowed_origins: list[str] = setting(
        [], "Web origins (`https://app.example`) whose pages may call this server."
    )
    trusted_proxies: list[str] = setting(
        [],
        "Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted.",
    )
    max_body_mb: int = setting(
        26,
        "Largest upload in one request; a larger one gets 413 before it is read.",
        ge=1,
    )
    upload_max_mb: int = setting(
        500,
        "Largest recording to transcribe or translate in one request; it is kept on disk, never whole in memory.",
        ge=1,
        le=10_000,
    )
    max_json_kb: int = setting(
        0,
        "Largest JSON body or form; 0 means as much as `tts_max_text_length` needs with any escaping.",
        ge=0,
        le=LARGEST_JSON_KB,
    )
    max_message_kb: int = setting(64, "Largest WebSocket message.", ge=1, le=1_024)
    max_base64_message_kb: int = setting(
        1_024,
        "Largest WebSocket message of the protocols that send audio as base64 text.",
        ge=64,
        le=16_384,
    )
    max_messages_per_second: int = setting(
        1_000,
        "Messages of one WebSocket or Wyoming connection in a second; further ones are read later.",
        ge=10,
    )
    max_connections: int = setting(1_000, "Open connections; more are refused.", ge=1)
    max_connections_per_address: int = setting(
        250,
        "Open connections from one address (IPv6: one /64); more are refused with 429. Those of trusted proxies are not bounded here.",
        ge=1,
    )
    max_bodies_per_address: int = setting(
        32,
        "Request bodies that may be on their way from one address at the same time; more are refused with 429.",
        ge=1,
    )
    body_timeout_seconds: float = setting(
        900.0,
        "Time limit in seconds for the whole body of a request to arrive.",
        gt=0,
        le=86_400,
    )
    page_timeout_seconds: float = setting(
        60.0,
        "Time limit in seconds for the response of a page, a list or a probe to begin; past it the answer is 504. Speech has `tts_request_timeout`.",
        gt=0,
        le=3_600,
    )
    recording_timeout_seconds: float = setting(
        14_400.0,
        "Time limit in seconds for the response to a recording to begin, which without `stream` is when all of it is transcribed; past it the answer is 504.",
        gt=0,
        le=604_800,
    )
    monitor_max_sessions: int = setting(
        50, "Live connections to `/ws/monitor`; more are refused with 4503.", ge=1
    )
    tokens_per_minute: int = setting(
        600,
        "Tokens of `POST /api/token` that one API key or user gets in a minute; further requests get 429.",
        ge=1,
    )
    header_timeout_seconds: float = setting(
        10.0, "Time limit in seconds for the headers of a request to arrive.", gt=0
    )
    slow_reader_seconds: float = setting(
        30.0, "A client that reads nothing for this many seconds is disconnected.", gt=0
    )
    ping_interval_seconds: float = setting(
        20.0,
        "Seconds between WebSocket pings; a client that misses one is disconnected.",
        gt=0,
    )
    shutdown_grace_seconds: float = setting(
        10.0, "Seconds for running work to finish after SIGTERM.", ge=0
    )

    @field_validator("root_path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        path = value.rstrip("/")
        if not _ROOT_PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
            raise ValueError("it must be a path such as `/voice`")
        if path.split("/")[1:2] and path.split("/")[1] in OWN_PATHS:
            raise ValueError(
                "it must not begin like one of the server's own addresses; "
                "choose another, such as `/voice`"
            )
        return path

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for entry in value:
            ipaddress.ip_network(entry, strict=False)
        return value


class RedisSettings(Section):
    """What several processes share."""

    redis_url: str = setting(
        "",
        "`redis://host:6379/0` lets several processes share live figures, limits, conversations and circuit breakers. Empty keeps conversations in the database and the rest in each process.",
        secret=True,
    )


class StorageSettings(RedisSettings):
    """The database and what is kept in it."""

    data_dir: str = setting(
        "data", "Folder for the database and the generated secret key."
    )
    database_url: str = setting(
        "",
        "`postgres://user:password@host/name`, or empty for SQLite in `data_dir`.",
        secret=True,
    )
    store_history: bool = setting(
        True, "Store a record (text and timings, never audio) of each request."
    )
    disk_min_free_mb: int = setting(
        200,
        "Free space in MB on the disk of `data_dir` below which `/health` fails; 0 does not look.",
        ge=0,
    )
    history_queue_limit: int = setting(
        1_000, "Records queued for writing; further ones are dropped.", ge=1
    )


class LogSettings(Section):
    """What is logged, and how."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", "Lowest level that is logged."
    )
    log_json_mode: bool = setting(
        False, "Log one JSON object per line instead of readable text."
    )
    filter_health_logs: bool = setting(
        True, "Do not log requests to `/health` and `/metrics`."
    )
