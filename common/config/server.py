"""Settings of the language model and of the server itself."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from pydantic import field_validator

from common.config.setting import Section, setting

LLM_BACKENDS = ("auto", "ollama", "openai", "embedded", "none")


class LlmSettings(Section):
    """The language model that answers before Piper speaks."""

    llm_backend: str = setting(
        "auto",
        "Who answers: `auto` (Ollama when it has the model, else the embedded one), `ollama`, `openai`, `embedded`, `none`, or the dotted path `package.module:Class` of your own.",
    )
    ollama_url: str = setting(
        "http://127.0.0.1:11434",
        "Ollama's address; the old `/api/generate` address works too.",
    )
    ollama_model: str = setting("llama3.2", "Model that Ollama is asked for.")
    ollama_timeout: float = setting(
        60.0, "Seconds until Ollama's first token, and between two.", gt=0
    )
    ollama_retry_attempts: int = setting(
        3,
        "Further tries after a connection error or a 5xx, before the first token.",
        ge=0,
        le=10,
    )
    ollama_retry_backoff: float = setting(
        1.0,
        "Seconds before the first retry; each further one waits twice as long.",
        ge=0,
    )
    openai_url: str = setting(
        "", "Base address of an OpenAI-compatible server, ending in `/v1`."
    )
    openai_model: str = setting("", "Model that this server is asked for.")
    openai_api_key: str = setting("", "Key for this server.", secret=True)
    circuit_breaker_enabled: bool = setting(
        True, "Stop asking a language model that keeps failing."
    )
    circuit_breaker_fail_max: int = setting(
        5, "Failures in a row that open the circuit.", ge=1
    )
    circuit_breaker_reset_timeout: float = setting(
        30.0, "Seconds until an open circuit lets one request try again.", gt=0
    )
    system_prompt_path: str = setting(
        "",
        "File with the system prompt; empty means the built-in one for spoken answers.",
    )
    llm_max_tokens: int = setting(
        300, "Longest answer of the language model, in tokens.", ge=1
    )
    llm_max_characters: int = setting(
        4_096, "Longest answer of the language model, in characters.", ge=1
    )
    llm_max_seconds: float = setting(
        60.0,
        "Time for a whole answer, retries included; what was said by then stands.",
        gt=0,
    )
    llm_check_seconds: float = setting(
        15.0,
        "Seconds between two looks at whether the language model's server answers.",
        gt=0,
    )
    embedded_llm_threads: int = setting(
        0,
        "CPU threads of the embedded model; 0 means half of the cores, which leaves speech the rest.",
        ge=0,
    )
    embedded_llm_context_tokens: int = setting(
        2_048, "Context of the embedded model, for each answer.", ge=256
    )
    embedded_llm_parallel: int = setting(
        2,
        "Answers that the embedded model writes at a time; more wait. Each needs memory for its context.",
        ge=1,
        le=32,
    )

    @field_validator("llm_backend")
    @classmethod
    def _names_a_back_end(cls, value: str) -> str:
        if value not in LLM_BACKENDS and not re.fullmatch(r"[\w.]+:\w+", value):
            known = ", ".join(LLM_BACKENDS)
            raise ValueError(
                f"must be {known}, or a dotted path `package.module:Class`"
            )
        return value


class NetworkSettings(Section):
    """Addresses, limits and who may come in."""

    environment: Literal["development", "staging", "production"] = setting(
        "development", "`production` demands hosts, a secret key and API keys."
    )
    tts_host: str = setting("127.0.0.1", "Address that the server listens on.")
    tts_port: int = setting(
        8_000,
        "Port of everything (of the `--split` text-to-speech service too).",
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
        "Signs sessions. Empty in development: one is made and kept in `data_dir`.",
        secret=True,
    )
    allowed_hosts: list[str] = setting(
        ["localhost", "127.0.0.1", "[::1]"], "Host names that requests may use."
    )
    api_keys: list[str] = setting(
        [], "Keys that open every door; none means no key is asked for.", secret=True
    )
    allow_anonymous: bool = setting(False, "Let production start without API keys.")
    cors_allowed_origins: list[str] = setting(
        [], "Web origins (`https://app.example`) whose pages may call this server."
    )
    trusted_proxies: list[str] = setting(
        [],
        "Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    max_body_mb: int = setting(
        26, "Largest body of a request; beyond it 413 before it is read.", ge=1
    )
    max_message_kb: int = setting(64, "Largest WebSocket message.", ge=1, le=1_024)
    max_connections: int = setting(1_000, "Open connections; more are refused.", ge=1)
    monitor_max_sessions: int = setting(
        50, "Live connections to `/ws/monitor`; more are refused with 4503.", ge=1
    )
    header_timeout_seconds: float = setting(
        10.0, "Time in which a request's headers must arrive.", gt=0
    )
    slow_reader_seconds: float = setting(
        30.0, "A client that reads nothing for so long is cut off.", gt=0
    )
    ping_interval_seconds: float = setting(
        20.0, "WebSocket pings; a client that misses one is dropped.", gt=0
    )
    shutdown_grace_seconds: float = setting(
        10.0, "Time for running work to finish after SIGTERM.", ge=0
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for entry in value:
            ipaddress.ip_network(entry, strict=False)
        return value


class StorageSettings(Section):
    """The database and what is kept in it."""

    data_dir: str = setting(
        "data", "Folder for the database and the generated secret key."
    )
    database_url: str = setting(
        "",
        "`postgres://user:password@host/name`, or empty for SQLite in `data_dir`.",
        secret=True,
    )
    redis_url: str = setting(
        "",
        "`redis://host:6379/0` lets several processes share live figures; empty keeps them in this one.",
        secret=True,
    )
    store_history: bool = setting(
        True, "Keep a record (text and timings, never audio) of each request."
    )
    history_retention_days: int = setting(
        30, "Age at which `prune_history` deletes records; 0 keeps them.", ge=0
    )
    history_queue_limit: int = setting(
        1_000, "Records that may wait to be written before they are dropped.", ge=1
    )


class LogSettings(Section):
    """What is logged, and how."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", "Least important level that is logged."
    )
    log_json_mode: bool = setting(
        False, "One JSON object a line instead of readable text."
    )
    filter_health_logs: bool = setting(
        True, "Leave requests to `/health` and `/metrics` out of the log."
    )
