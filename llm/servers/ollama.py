"""Ollama, through its own chat interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from common.config import LlmEngineSettings
from common.config.llm import LlmSettings
from llm.engine import ChatMessage
from llm.resilience.failures import Garbled, NoSuchModel, Refused, ServerBroke
from llm.resilience.retries import RetryPolicy
from llm.servers.dialect import (
    Delta,
    Question,
    base_url,
    below,
    parsed,
    without_password,
)
from llm.servers.http_engine import HttpLlm
from llm.servers.warm_up import WarmUp

_ENDINGS = ("/api/generate", "/api/chat", "/api/tags", "/api")


class OllamaDialect:
    """`/api/chat` as newline-delimited JSON; `/api/tags` for what it has."""

    title = "Ollama"
    headers: dict[str, str] = {}

    def __init__(self, settings: LlmSettings) -> None:
        self._address = settings.ollama_url
        self._model = settings.ollama_model
        self._keep_alive = settings.ollama_keep_alive
        self._context_tokens = settings.llm_context_tokens
        self.answers = False
        """Whether a server answered when it was last asked."""
        self.models: tuple[str, ...] = ()

    @property
    def root(self) -> httpx.URL:
        return base_url(self._address, "ollama_url", _ENDINGS)

    @property
    def chat_url(self) -> httpx.URL:
        return below(self.root, "/api/chat")

    @property
    def shown_url(self) -> str:
        return without_password(self.root)

    def payload(self, question: Question) -> dict[str, Any]:
        options: dict[str, Any] = {"num_predict": question.max_tokens}
        options |= question.sampling()
        if self._context_tokens:
            options["num_ctx"] = self._context_tokens
        return {
            "model": question.model,
            "messages": question.plain_messages(),
            "stream": True,
            # Nobody hears the reasoning, and it delays the first word.
            "think": False,
            "keep_alive": _duration(self._keep_alive),
            "options": options,
        }

    def delta(self, line: bytes) -> Delta | None:
        if not line:
            return None
        value = parsed(line)
        if "error" in value:
            raise ServerBroke(f"answered with an error: {str(value['error'])[:300]}")
        message = value.get("message") or {}
        if not isinstance(message, dict) or not (message or value.get("done")):
            raise Garbled("sent a line that is no part of an answer")
        return Delta(
            text=str(message.get("content") or ""),
            thought=bool(message.get("thinking")),
            done=value.get("done") is True,
            ran_out_of_tokens=value.get("done_reason") == "length",
        )

    def refusal(self, status: int, message: str, question: Question) -> Refused:
        if status == httpx.codes.NOT_FOUND and message:
            return NoSuchModel(
                f"has no model `{question.model}`: run `ollama pull {question.model}`"
            )
        if status == httpx.codes.NOT_FOUND:
            return Refused("has no chat interface at this address; check `ollama_url`")
        return Refused(
            f"refused the request ({status}: {message or 'no reason given'})"
        )

    async def problem(self, client: httpx.AsyncClient) -> str:
        listed = None
        try:
            response = await client.get(below(self.root, "/api/tags"))
            if response.status_code != httpx.codes.OK:
                return f"answered {response.status_code} when asked for its models"
            listed = parsed(response.content).get("models")
        finally:
            self.answers = isinstance(listed, list)
        if not isinstance(listed, list):
            return "does not list its models; check `ollama_url`"
        self.models = tuple(str(m.get("name", "")) for m in listed if type(m) is dict)
        if not self.has(self._model):
            return f"has no model `{self._model}`: run `ollama pull {self._model}`"
        return ""

    def has(self, model: str) -> bool:
        return _tagged(model) in map(_tagged, self.models)


def _tagged(model: str) -> str:
    """The name with the tag that Ollama assumes when there is none."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def _duration(keep_alive: str) -> str | int:
    """Ollama takes a number of seconds, or a text with a unit."""
    return int(keep_alive) if keep_alive.lstrip("-").isdigit() else keep_alive


class OllamaEngine(HttpLlm):
    """Asks Ollama, with retries and a circuit breaker."""

    backend = "ollama"

    def __init__(
        self,
        config: LlmEngineSettings,
        *,
        policy: RetryPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ollama = OllamaDialect(config)
        super().__init__(
            self._ollama, config.ollama_model, config, policy=policy, clock=clock
        )
        self._warm_up = WarmUp(self, config) if config.ollama_warm_up else None

    @property
    def answers(self) -> bool:
        """Whether an Ollama server answered when it was last asked."""
        return self._running and self._ollama.answers

    def offers(self, model: str) -> bool:
        """Whether it is up and has the model."""
        able = self.answers and not self.circuit.blocks
        return able and self._ollama.has(model)

    async def check(self) -> None:
        await super().check()
        if self._warm_up is not None:
            self._warm_up.seen(usable=self.usable)

    async def stop(self) -> None:
        if self._warm_up is not None:
            await self._warm_up.stop()
        await super().stop()

    async def warm(self, messages: Sequence[ChatMessage]) -> None:
        await self._read_only(messages)

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "ollama": self.answers}
