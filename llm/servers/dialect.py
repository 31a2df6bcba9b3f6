"""What differs between the HTTP interfaces of language model servers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from common.errors import EngineFailed
from llm.engine import ChatMessage, FinishReason, ReplyOptions, TokenUsage
from llm.resilience.failures import Garbled, Refused
from llm.servers.tool_calls import ToolCallDelta

_LINE_BYTES_MAX = 1 << 20
_NAMED_MODELS = 20


@dataclass(frozen=True)
class CompletionRequest:
    """What a server is asked."""

    messages: Sequence[ChatMessage]
    model: str
    max_tokens: int
    options: ReplyOptions = ReplyOptions()
    begins_reasoning: bool = False
    """Whether the model's template opens the reasoning, so that the answer only closes
    it."""

    def sampling(self) -> dict[str, float | int]:
        """Those options that were given, by the names that all servers use."""
        values = {
            "temperature": self.options.temperature,
            "top_p": self.options.top_p,
            "seed": self.options.seed,
        }
        return {name: v for name, v in values.items() if v is not None}


@dataclass(frozen=True)
class CompletionDelta:
    """One step of an answer: text, hidden reasoning, tool calls, or its end."""

    text: str = ""
    is_reasoning: bool = False
    tool_calls: tuple[ToolCallDelta, ...] = ()
    finish: FinishReason | None = None
    """Set in the step that ends the answer; only `usage` may come after it."""
    usage: TokenUsage | None = None
    model: str = ""

    @property
    def is_token(self) -> bool:
        """Whether the model wrote something; most servers send each token alone."""
        return bool(self.text or self.is_reasoning or self.tool_calls)


class Dialect(Protocol):
    """How one kind of server is spoken to."""

    title: str
    """Its name in sentences: `Ollama`."""

    @property
    def chat_url(self) -> httpx.URL:
        """Where answers are asked for. Raises EngineFailed for a bad address."""

    @property
    def headers(self) -> dict[str, str]:
        """Of every request, such as the key."""

    @property
    def shown_url(self) -> str:
        """The server's address without a password in it."""

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the server listed when it was last asked."""

    def payload(self, request: CompletionRequest) -> dict[str, Any]:
        """The body of the request."""

    def parse_delta(self, line: bytes) -> CompletionDelta | None:
        """The step of the answer on this line; None when it holds none.

        Raises ServerBroke for an error in the answer's place, and Garbled.
        """

    def refusal(self, status: int, message: str, request: CompletionRequest) -> Refused:
        """What a 4xx means."""

    async def problem(self, client: httpx.AsyncClient) -> str:
        """Why the server cannot be used now; empty when it can.

        It completes the sentence "Ollama at ADDRESS ...". Raises httpx.HTTPError
        and AskFailed.
        """


def server_root(address: str, setting_name: str, endings: Sequence[str]) -> httpx.URL:
    """The server's root, whichever of its `endings` the address has.

    Raises EngineFailed, naming the setting.
    """
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise EngineFailed(f"`{setting_name}` is not an address: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise EngineFailed(
            f"`{setting_name}` must be an address like http://127.0.0.1:11434, "
            f"not {address!r}."
        )
    path = url.path.rstrip("/")
    for ending in endings:
        path = path.removesuffix(ending)
    return url.copy_with(path=path.rstrip("/") or "/", query=None, fragment=None)


def join_path(url: httpx.URL, path: str) -> httpx.URL:
    """The address of `path` under the server's root."""
    return url.copy_with(path=url.path.rstrip("/") + path)


def without_password(url: httpx.URL) -> str:
    return str(url.copy_with(userinfo=b"")).rstrip("/")


async def read_lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """The lines of a streamed body. Raises Garbled for one that never ends.

    Split at line feeds only: JSON text may hold other line separators raw. Joined
    as bytes, so that a character cut between two chunks stays whole.
    """
    held = b""
    async for chunk in response.aiter_bytes():
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            yield line.strip()
        if len(held) > _LINE_BYTES_MAX:
            raise Garbled("sent a line without end")
    if held.strip():
        yield held.strip()


def parse_line(line: bytes) -> dict[str, Any]:
    """The JSON object on a line. Raises Garbled."""
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Garbled("sent something that is not JSON") from error
    if not isinstance(value, dict):
        raise Garbled("sent JSON that is not an object")
    return value


def as_mapping(value: object) -> dict[str, Any]:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def offered(models: Sequence[str]) -> str:
    """The end of a sentence about a model that is missing: what to use instead."""
    names = ", ".join(f"`{name}`" for name in models[:_NAMED_MODELS])
    return f", or use {names}" if names else ""


def read_usage(prompt_tokens: object, completion_tokens: object) -> TokenUsage | None:
    """The usage when the server gave both numbers."""
    if isinstance(prompt_tokens, int) and isinstance(completion_tokens, int):
        return TokenUsage(prompt_tokens, completion_tokens)
    return None


def error_text(body: bytes) -> str:
    """The message in an error's body, as both kinds of server put it."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    message = error.get("message", "") if isinstance(error, dict) else error
    return str(message)[:300]
