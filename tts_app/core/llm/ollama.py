"""Ollama, through its own chat interface."""

from __future__ import annotations

from typing import Any

import httpx

from common.config.llm import LlmSettings
from tts_app.core.llm.dialect import (
    Delta,
    Question,
    base_url,
    below,
    parsed,
    without_password,
)
from tts_app.core.llm.failures import Garbled, ServerBroke
from tts_app.core.llm.http_engine import HttpLlm
from tts_app.core.llm.resilience import RetryPolicy

_ENDINGS = ("/api/generate", "/api/chat", "/api/tags", "/api")


class OllamaDialect:
    """`/api/chat` as newline-delimited JSON; `/api/tags` for what it has."""

    title = "Ollama"
    headers: dict[str, str] = {}

    def __init__(self, address: str, model: str) -> None:
        self._address = address
        self._model = model
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
        if question.temperature is not None:
            options["temperature"] = question.temperature
        return {
            "model": question.model,
            "messages": question.plain_messages(),
            "stream": True,
            # Nobody hears the reasoning, and it delays the first word.
            "think": False,
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

    def refusal(self, status: int, message: str, question: Question) -> str:
        if status == httpx.codes.NOT_FOUND and message:
            return (
                f"has no model `{question.model}`: run `ollama pull {question.model}`"
            )
        if status == httpx.codes.NOT_FOUND:
            return "has no chat interface at this address; check `ollama_url`"
        return f"refused the request ({status}: {message or 'no reason given'})"

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


class OllamaEngine(HttpLlm):
    """Asks Ollama, with retries and a circuit breaker."""

    backend = "ollama"

    def __init__(
        self, settings: LlmSettings, *, policy: RetryPolicy | None = None
    ) -> None:
        self._ollama = OllamaDialect(settings.ollama_url, settings.ollama_model)
        super().__init__(self._ollama, settings.ollama_model, settings, policy=policy)

    @property
    def answers(self) -> bool:
        """Whether an Ollama server answered when it was last asked."""
        return self._running and self._ollama.answers

    def can_serve(self, model: str | None) -> bool:
        """Whether it is up and has the model (None: the configured one)."""
        if model is None:
            return self.usable
        answers = self.answers and not self.circuit.blocks
        return answers and self._ollama.has(model)

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "ollama": self.answers}
