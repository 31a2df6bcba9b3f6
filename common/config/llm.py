"""Settings of the language model, and of what is remembered of a conversation."""

from __future__ import annotations

import re

from pydantic import field_validator

from common.config.engine_options import EngineOptionsSetting
from common.config.setting import Section, setting

LLM_BACKENDS = ("auto", "ollama", "openai", "embedded", "none")

LLM_FALLBACKS = ("ollama", "openai", "embedded")


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
    llm_fallback: list[str] = setting(
        [],
        "Who answers, in this order, when the one before cannot: `ollama`, `openai`, `embedded` or a dotted path. `auto` has the embedded model as its fallback anyway; `none` has no fallback.",
    )
    llm_options: EngineOptionsSetting = setting(
        {},
        "Options for a language model engine of your own: a mapping here, a JSON object in the environment.",
    )
    llm_connect_seconds: float = setting(
        2.0,
        "Seconds until a language model's server has accepted a connection.",
        gt=0,
        le=60,
    )
    ollama_timeout: float = setting(
        60.0,
        "Seconds until the first token of any language model; loading a large one takes long.",
        gt=0,
    )
    llm_token_gap_seconds: float = setting(
        10.0, "Seconds between two tokens.", gt=0, le=600
    )
    llm_context_tokens: int = setting(
        0,
        "Context of the model at Ollama or the OpenAI-compatible server, for a conversation and its answer; old turns are left out to fit. Ollama is asked for as much. 0: 4096 is assumed, and Ollama decides.",
        ge=0,
        le=10_000_000,
    )
    ollama_keep_alive: str = setting(
        "30m",
        "How long Ollama keeps the model loaded after an answer: `30m`, `24h`, seconds, or `-1` for ever.",
        pattern=r"^(-1|\d+(ms|s|m|h)?)$",
    )
    ollama_warm_up: bool = setting(
        True,
        "Have Ollama load the model and read the system prompt before the first request.",
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

    @field_validator("llm_fallback")
    @classmethod
    def _name_back_ends(cls, value: list[str]) -> list[str]:
        for name in value:
            if name not in LLM_FALLBACKS and not re.fullmatch(r"[\w.]+:\w+", name):
                known = ", ".join(LLM_FALLBACKS)
                raise ValueError(
                    f"{name!r} is none of {known}, and no dotted path "
                    "`package.module:Class`"
                )
        return value

    @field_validator("llm_backend")
    @classmethod
    def _names_a_back_end(cls, value: str) -> str:
        if value not in LLM_BACKENDS and not re.fullmatch(r"[\w.]+:\w+", value):
            known = ", ".join(LLM_BACKENDS)
            raise ValueError(
                f"must be {known}, or a dotted path `package.module:Class`"
            )
        return value


class ConversationSettings(Section):
    """What is remembered of requests with the same `conversation_id`."""

    conversation_turns: int = setting(
        6, "Questions with their answers that are remembered.", ge=1, le=100
    )
    conversation_characters: int = setting(
        2_000,
        "Characters that are remembered of one question or answer.",
        ge=50,
        le=100_000,
    )
    conversation_expire_seconds: float = setting(
        1_800.0,
        "A conversation is forgotten when nothing was said in it for so long.",
        ge=1,
        le=31_536_000,
    )
    conversation_limit: int = setting(
        1_000,
        "Conversations that are remembered; beyond them the one that rested longest is forgotten.",
        ge=1,
        le=1_000_000,
    )
