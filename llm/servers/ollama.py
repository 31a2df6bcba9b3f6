"""Ollama, through its own chat interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import anyio
import httpx

from common.config import LlmEngineSettings
from common.config.llm import LlmSettings
from common.errors import BadValue
from common.remote.address import join_path, server_root, without_password
from common.remote.failures import Garbled, Refused, ServerBroke
from llm.engine import ChatMessage, ReplyOptions
from llm.resilience.failures import NoSuchModel, NoTools
from llm.resilience.retries import RetryPolicy
from llm.servers.connections import CHECK_SECONDS
from llm.servers.dialect import (
    CompletionDelta,
    CompletionRequest,
    offered,
    parse_line,
    read_usage,
)
from llm.servers.http_engine import HttpLlm
from llm.servers.ollama_wire import (
    finish_reason,
    opens_reasoning,
    plain_messages,
    tool_call_deltas,
)
from llm.servers.tool_calls import tool_definitions
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
        self._begins_reasoning: dict[str, bool] = {}

    @property
    def root(self) -> httpx.URL:
        return server_root(self._address, "ollama_url", _ENDINGS)

    @property
    def chat_url(self) -> httpx.URL:
        return join_path(self.root, "/api/chat")

    @property
    def shown_url(self) -> str:
        return without_password(self.root)

    def payload(self, request: CompletionRequest) -> dict[str, Any]:
        options: dict[str, Any] = {"num_predict": request.max_tokens}
        options |= request.sampling()
        if self._context_tokens:
            options["num_ctx"] = self._context_tokens
        payload: dict[str, Any] = {
            "model": request.model,
            "messages": plain_messages(request.messages),
            "stream": True,
            # Nobody hears the reasoning, and it delays the first word.
            "think": False,
            "keep_alive": _duration(self._keep_alive),
            "options": options,
        }
        # Ollama has no `tool_choice`: what may not be called is not shown.
        if request.options.tools and request.options.tool_choice != "none":
            payload["tools"] = tool_definitions(request.options.tools)
        return payload

    def parse_delta(self, line: bytes) -> CompletionDelta | None:
        """See Dialect. Raises ServerBroke for an error of the server, and Garbled."""
        if not line:
            return None
        value = parse_line(line)
        if "error" in value:
            raise ServerBroke(f"answered with an error: {str(value['error'])[:300]}")
        message = value.get("message") or {}
        if not isinstance(message, dict) or not (message or value.get("done")):
            raise Garbled("sent a line that is no part of an answer")
        return CompletionDelta(
            text=str(message.get("content") or ""),
            is_reasoning=bool(message.get("thinking")),
            tool_calls=tool_call_deltas(message),
            finish=finish_reason(value),
            usage=read_usage(value.get("prompt_eval_count"), value.get("eval_count")),
            model=str(value.get("model") or ""),
        )

    def refusal(self, status: int, message: str, request: CompletionRequest) -> Refused:
        if status == httpx.codes.NOT_FOUND and message:
            return NoSuchModel(
                f"has no model `{request.model}`: run `ollama pull {request.model}`"
                f"{offered(self.models)}"
            )
        if status == httpx.codes.NOT_FOUND:
            return Refused("has no chat interface at this address; check `ollama_url`")
        if "does not support tools" in message:
            return NoTools(f"cannot call tools with the model `{request.model}`")
        return Refused(
            f"refused the request ({status}: {message or 'no reason given'})"
        )

    async def problem(self, client: httpx.AsyncClient) -> str:
        listed = None
        try:
            response = await client.get(join_path(self.root, "/api/tags"))
            if response.status_code != httpx.codes.OK:
                return f"answered {response.status_code} when asked for its models"
            listed = parse_line(response.content).get("models")
        finally:
            self.answers = isinstance(listed, list)
        if not isinstance(listed, list):
            return "does not list its models; check `ollama_url`"
        self.models = tuple(str(m.get("name", "")) for m in listed if type(m) is dict)
        if not self.has(self._model):
            return f"has no model `{self._model}`: run `ollama pull {self._model}`"
        return ""

    async def begins_reasoning(self, client: httpx.AsyncClient, model: str) -> bool:
        """Whether the model's template ends with an opening tag. Asked once for each."""
        if model not in self._begins_reasoning:
            try:
                response = await client.post(
                    join_path(self.root, "/api/show"), json={"model": model}
                )
                shown = parse_line(response.content)
            except (httpx.HTTPError, Garbled):
                return False  # the answer itself will show what is wrong
            self._begins_reasoning[model] = opens_reasoning(shown.get("template"))
        return self._begins_reasoning[model]

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
        clock: Callable[[], float] | None = None,
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
        able = self.answers and not self.circuit.blocks
        return able and self._ollama.has(model)

    async def check(self) -> None:
        await super().check()
        if self.usable:
            # Before the first question, which would wait for it.
            await self._opens_reasoning(self.model_name)
        if self._warm_up is not None:
            self._warm_up.observe(usable=self.usable)

    async def stop(self) -> None:
        if self._warm_up is not None:
            await self._warm_up.stop()
        await super().stop()

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        await self._read_ahead(messages, options)

    async def _completion_request(
        self, messages: Sequence[ChatMessage], options: ReplyOptions
    ) -> CompletionRequest:
        if options.tool_choice not in ("auto", "none"):
            raise BadValue(
                "Ollama cannot be made to call a tool: `tool_choice` must be `auto` "
                "or `none`.",
                field="tool_choice",
            )
        request = await super()._completion_request(messages, options)
        opens = await self._opens_reasoning(request.model)
        return replace(request, begins_reasoning=opens)

    async def _opens_reasoning(self, model: str) -> bool:
        if not self.answers:
            return False
        with anyio.move_on_after(CHECK_SECONDS):
            return await self._ollama.begins_reasoning(self._connections.client, model)
        return False

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "ollama": self.answers}
