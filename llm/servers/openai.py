"""Any server with an OpenAI-compatible chat interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from common.config import LlmEngineSettings
from common.errors import EngineFailed
from common.remote.address import join_path, openai_root, without_password
from common.remote.failures import Garbled, Refused, ServerBroke
from llm.engine import (
    ChatMessage,
    FinishReason,
    NamedTool,
    ReplyOptions,
    ToolChoice,
)
from llm.resilience.failures import NoSuchModel
from llm.resilience.retries import RetryPolicy
from llm.servers.dialect import (
    CompletionDelta,
    CompletionRequest,
    as_mapping,
    offered,
    parse_line,
    read_usage,
)
from llm.servers.http_engine import HttpLlm
from llm.servers.tool_calls import ToolCallDelta, tool_definitions

_ENDINGS = ("/chat/completions", "/completions", "/models")
_REFUSED_KEY = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


_FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class OpenAiDialect:
    """`/chat/completions` as server-sent events."""

    def __init__(self, address: str, api_key: str, title: str) -> None:
        self._address = address
        self._api_key = api_key
        self.title = title
        self.models: tuple[str, ...] = ()

    @property
    def root(self) -> httpx.URL:
        return openai_root(self._address, "openai_url", _ENDINGS)

    @property
    def chat_url(self) -> httpx.URL:
        return join_path(self.root, "/chat/completions")

    @property
    def shown_url(self) -> str:
        return without_password(self.root)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}

    def payload(self, request: CompletionRequest) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "model": request.model,
            "messages": [_message(message) for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": request.max_tokens,
        }
        if request.options.tools:
            payload["tools"] = tool_definitions(request.options.tools)
            payload["tool_choice"] = _tool_choice(request.options.tool_choice)
        return payload | request.sampling()

    def parse_delta(self, line: bytes) -> CompletionDelta | None:
        """See Dialect. Raises Garbled for what is no event, and ServerBroke."""
        # Other fields of an event, comments that keep the connection open, and
        # the empty line after each event say nothing about the answer.
        if not line.startswith(b"data:"):
            if line.startswith((b"{", b"<")):
                raise Garbled("sent no event stream; check `openai_url`")
            return None
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return CompletionDelta(finish="stop")
        return _from_event(parse_line(data))

    def refusal(self, status: int, message: str, request: CompletionRequest) -> Refused:
        if status in _REFUSED_KEY:
            return Refused(f"refused the key in `openai_api_key` ({status})")
        if status == httpx.codes.NOT_FOUND:
            reason = message or "not found"
            return NoSuchModel(
                f"does not know the address or the model `{request.model}` ({reason})"
                f"{offered(self.models)}"
            )
        return Refused(
            f"refused the request ({status}: {message or 'no reason given'})"
        )

    async def problem(self, client: httpx.AsyncClient) -> str:
        url = join_path(self.root, "/models")
        response = await client.get(url, headers=self.headers)
        status = response.status_code
        if status in _REFUSED_KEY:
            return f"refused the key in `openai_api_key` ({status})"
        # A server need not list its models to serve one.
        self.models = _listed_models(response.content) if status < 400 else ()
        return f"answered {status} when asked for its models" if status >= 500 else ""


def _listed_models(body: bytes) -> tuple[str, ...]:
    try:
        listed = parse_line(body).get("data")
    except Garbled:
        return ()
    entries = map(as_mapping, listed if isinstance(listed, list) else ())
    return tuple(str(entry["id"]) for entry in entries if "id" in entry)


def _message(message: ChatMessage) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        plain["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments_json},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        plain["tool_call_id"] = message.tool_call_id
    return plain


def _tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if isinstance(choice, NamedTool):
        return {"type": "function", "function": {"name": choice.name}}
    return choice


def _from_event(event: dict[str, Any]) -> CompletionDelta | None:
    if "error" in event:
        error = event["error"]
        message = error.get("message") if isinstance(error, dict) else error
        raise ServerBroke(f"answered with an error: {str(message)[:300]}")
    choices = event.get("choices")
    if not isinstance(choices, list):
        raise Garbled("sent an event that is no part of an answer")
    usage = as_mapping(event.get("usage"))
    choice = as_mapping(choices[0]) if choices else {}
    delta = as_mapping(choice.get("delta"))
    return CompletionDelta(
        text=str(delta.get("content") or ""),
        is_reasoning=bool(delta.get("reasoning_content") or delta.get("reasoning")),
        tool_calls=_tool_call_deltas(delta),
        finish=_finish_reason(choice),
        usage=read_usage(usage.get("prompt_tokens"), usage.get("completion_tokens")),
        model=str(event.get("model") or ""),
    )


def _tool_call_deltas(delta: dict[str, Any]) -> tuple[ToolCallDelta, ...]:
    fragments = delta.get("tool_calls")
    if not isinstance(fragments, list):
        return ()
    deltas = []
    for fragment in map(as_mapping, fragments):
        function = as_mapping(fragment.get("function"))
        index = fragment.get("index")
        deltas.append(
            ToolCallDelta(
                index if isinstance(index, int) else None,
                str(fragment.get("id") or ""),
                str(function.get("name") or ""),
                str(function.get("arguments") or ""),
            )
        )
    return tuple(deltas)


def _finish_reason(choice: dict[str, Any]) -> FinishReason | None:
    reason = choice.get("finish_reason")
    return None if reason is None else _FINISH_REASONS.get(str(reason), "unknown")


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
        """Watch the server. Raises EngineFailed without its URL or model."""
        needed = {
            "openai_url": self._settings.openai_url,
            "openai_model": self._settings.openai_model,
        }
        for name, value in needed.items():
            if not value:
                raise EngineFailed(f"`llm_backend: openai` needs `{name}`.")
        await super().start()

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        if self._settings.openai_reads_ahead:
            await self._read_ahead(messages, options)
