"""Any server with an OpenAI-compatible chat interface."""

from __future__ import annotations

from typing import Any

import httpx

from common.config import LlmEngineSettings
from common.errors import EngineFailed
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

_ENDINGS = ("/chat/completions", "/completions", "/models")
_REFUSED_KEY = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


class OpenAiDialect:
    """`/chat/completions` as server-sent events."""

    def __init__(self, address: str, api_key: str, title: str) -> None:
        self._address = address
        self._api_key = api_key
        self.title = title

    @property
    def root(self) -> httpx.URL:
        url = base_url(self._address, "openai_url", _ENDINGS)
        return url.copy_with(path="/v1") if url.path == "/" else url

    @property
    def chat_url(self) -> httpx.URL:
        return below(self.root, "/chat/completions")

    @property
    def shown_url(self) -> str:
        return without_password(self.root)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}

    def payload(self, question: Question) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "model": question.model,
            "messages": question.plain_messages(),
            "stream": True,
            "max_tokens": question.max_tokens,
        }
        return payload | question.sampling()

    def delta(self, line: bytes) -> Delta | None:
        # Other fields of an event, comments that keep the connection open, and
        # the empty line after each event say nothing about the answer.
        if not line.startswith(b"data:"):
            if line.startswith((b"{", b"<")):
                raise Garbled("sent no event stream; check `openai_url`")
            return None
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return Delta(done=True)
        return _from_event(parsed(data))

    def refusal(self, status: int, message: str, question: Question) -> Refused:
        if status in _REFUSED_KEY:
            return Refused(f"refused the key in `openai_api_key` ({status})")
        if status == httpx.codes.NOT_FOUND:
            reason = message or "not found"
            return NoSuchModel(
                f"does not know the address or the model `{question.model}` ({reason})"
            )
        return Refused(
            f"refused the request ({status}: {message or 'no reason given'})"
        )

    async def problem(self, client: httpx.AsyncClient) -> str:
        url = below(self.root, "/models")
        status = (await client.get(url, headers=self.headers)).status_code
        if status in _REFUSED_KEY:
            return f"refused the key in `openai_api_key` ({status})"
        # A server need not list its models to serve one.
        return f"answered {status} when asked for its models" if status >= 500 else ""


def _from_event(event: dict[str, Any]) -> Delta | None:
    if "error" in event:
        error = event["error"]
        message = error.get("message") if isinstance(error, dict) else error
        raise ServerBroke(f"answered with an error: {str(message)[:300]}")
    choices = event.get("choices")
    if not isinstance(choices, list):
        raise Garbled("sent an event that is no part of an answer")
    if not choices:
        return None
    choice = choices[0] if isinstance(choices[0], dict) else {}
    delta = choice.get("delta") or {}
    finished = choice.get("finish_reason")
    return Delta(
        text=str(delta.get("content") or ""),
        thought=bool(delta.get("reasoning_content") or delta.get("reasoning")),
        done=finished is not None,
        ran_out_of_tokens=finished == "length",
    )


class OpenAiEngine(HttpLlm):
    """Asks the server at `openai_url`, with retries and a circuit breaker."""

    backend = "openai"

    def __init__(
        self, config: LlmEngineSettings, *, policy: RetryPolicy | None = None
    ) -> None:
        dialect = OpenAiDialect(
            config.openai_url, config.openai_api_key, "The OpenAI-compatible server"
        )
        super().__init__(dialect, config.openai_model, config, policy=policy)

    async def start(self) -> None:
        for name in ("openai_url", "openai_model"):
            if not getattr(self._settings, name):
                raise EngineFailed(f"`llm_backend: openai` needs `{name}`.")
        await super().start()
