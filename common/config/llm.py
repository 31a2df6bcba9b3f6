"""Settings of the language model and of conversations."""

from __future__ import annotations

import re

from pydantic import field_validator

from common.config.engine_options import EngineOptionsSetting
from common.config.setting import Section, setting

LLM_BACKENDS = ("auto", "ollama", "openai", "embedded", "none")

LLM_FALLBACKS = ("ollama", "openai", "embedded")


class LlmSettings(Section):
    """The language model whose answer is spoken."""

    llm_backend: str = setting(
        "auto",
        "Which language model answers: `auto` (Ollama if it has the model, otherwise the embedded one), `ollama`, `openai`, `embedded`, `none`, or the dotted path `package.module:Class` of your own engine.",
    )
    ollama_url: str = setting(
        "http://127.0.0.1:11434",
        "Address of the Ollama server; an address ending in `/api/generate` works too.",
    )
    ollama_model: str = setting("llama3.2", "Model that Ollama should use.")
    llm_fallback: list[str] = setting(
        [],
        "Language models to try, in this order, when `llm_backend` cannot answer: `ollama`, `openai`, `embedded` or a dotted path. `auto` already falls back to the embedded model; `none` has no fallback.",
    )
    llm_options: EngineOptionsSetting = setting(
        {},
        "Options for a language model engine of your own: a mapping here, a JSON object in the environment.",
    )
    llm_connect_seconds: float = setting(
        2.0,
        "Seconds to wait for a connection to a language model's server.",
        gt=0,
        le=60,
    )
    ollama_timeout: float = setting(
        60.0,
        "Seconds to wait for the first token of any language model. Loading a large one takes a while.",
        gt=0,
    )
    llm_token_gap_seconds: float = setting(
        10.0, "Longest pause between two tokens, in seconds.", gt=0, le=600
    )
    llm_context_tokens: int = setting(
        0,
        "Context size in tokens at Ollama or the OpenAI-compatible server, shared by a conversation and its answer. Old turns are dropped to fit. Ollama is asked for this size. 0 assumes 4096 and leaves Ollama its own default.",
        ge=0,
        le=10_000_000,
    )
    ollama_keep_alive: str = setting(
        "30m",
        "How long Ollama keeps the model loaded after an answer: `30m`, `24h`, a number of seconds, or `-1` for no limit.",
        pattern=r"^(-1|\d+(ms|s|m|h)?)$",
    )
    ollama_warm_up: bool = setting(
        True,
        "Have Ollama load the model and read the system prompt before the first request.",
    )
    ollama_retry_attempts: int = setting(
        3,
        "Retries after a connection error or a 5xx answer, before the first token.",
        ge=0,
        le=10,
    )
    ollama_retry_backoff: float = setting(
        1.0,
        "Seconds before the first retry; the pause doubles for each further one.",
        ge=0,
    )
    openai_url: str = setting(
        "", "Base address of an OpenAI-compatible server, ending in `/v1`."
    )
    openai_model: str = setting("", "Model that this server should use.")
    openai_api_key: str = setting("", "API key for this server.", secret=True)
    openai_reads_ahead: bool = setting(
        False,
        "Have this server read a spoken question, with the system prompt and the tools, while it is still being asked: for a server of your own that keeps the prefix of a question, such as vLLM or llama.cpp. A server that counts tokens counts these too.",
    )
    circuit_breaker_enabled: bool = setting(
        True, "Stop sending requests to a language model that keeps failing."
    )
    circuit_breaker_fail_max: int = setting(
        5, "Consecutive failures that open the circuit.", ge=1
    )
    circuit_breaker_reset_timeout: float = setting(
        30.0, "Seconds until an open circuit lets one trial request through.", gt=0
    )
    system_prompt_path: str = setting(
        "",
        "File with the system prompt; empty uses the built-in one for spoken answers.",
    )
    llm_models: list[str] = setting(
        [],
        "Language models that a request may name in `model`, besides the configured ones; `*` allows every model that the server of the language model has.",
    )
    llm_max_tokens: int = setting(
        300, "Longest answer of the language model, in tokens.", ge=1
    )
    llm_max_characters: int = setting(
        4_096, "Longest answer of the language model, in characters.", ge=1
    )
    llm_max_seconds: float = setting(
        60.0,
        "Time limit in seconds for a whole answer, including retries. What was said by then is kept.",
        gt=0,
    )
    llm_check_seconds: float = setting(
        15.0,
        "Seconds between two health checks of the language model's server.",
        gt=0,
    )
    embedded_llm_threads: int = setting(
        0,
        "CPU threads of the embedded model; 0 means half of the cores, which leaves the rest for speech.",
        ge=0,
    )
    embedded_llm_context_tokens: int = setting(
        2_048, "Context size of the embedded model in tokens, for each answer.", ge=256
    )
    embedded_llm_parallel: int = setting(
        2,
        "Answers that the embedded model generates at the same time; further requests wait. Each needs memory for its context.",
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
        6, "Turns (a question with its answer) to remember.", ge=1, le=100
    )
    conversation_characters: int = setting(
        2_000,
        "Characters to remember of each question or answer.",
        ge=50,
        le=100_000,
    )
    conversation_expire_seconds: float = setting(
        1_800.0,
        "A conversation is deleted after this many seconds without a new turn.",
        ge=1,
        le=31_536_000,
    )
    conversation_limit: int = setting(
        1_000,
        "Conversations to remember; beyond this number the least recently used one is deleted.",
        ge=1,
        le=1_000_000,
    )
