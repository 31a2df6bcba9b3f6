"""What differs between the HTTP interfaces of language model servers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from common.errors import EngineFailed
from llm.engine import ChatMessage
from llm.resilience.failures import Garbled, Refused

_LINE_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class Question:
    """What a server is asked."""

    messages: Sequence[ChatMessage]
    model: str
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None

    def sampling(self) -> dict[str, float | int]:
        """Those options that were given, by the names that all servers use."""
        values = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
        }
        return {name: v for name, v in values.items() if v is not None}

    def plain_messages(self) -> list[dict[str, str]]:
        return [{"role": m.role, "content": m.content} for m in self.messages]


@dataclass(frozen=True)
class Delta:
    """One step of an answer: some text, some hidden reasoning, or its end.

    What else a step may bring one day (a call of a tool) is a further field here
    and a line in each dialect; everybody else reads only `text`.
    """

    text: str = ""
    thought: bool = False
    done: bool = False
    ran_out_of_tokens: bool = False


class Dialect(Protocol):
    """How one kind of server is spoken to."""

    title: str
    """Its name in sentences: `Ollama`."""

    @property
    def chat_url(self) -> httpx.URL: ...

    @property
    def headers(self) -> dict[str, str]: ...

    @property
    def shown_url(self) -> str:
        """The server's address without a password in it."""

    def payload(self, question: Question) -> dict[str, Any]: ...

    def delta(self, line: bytes) -> Delta | None:
        """What a line of the answer says; None for one without meaning.

        Raises ServerBroke for an error in the answer's place, and Garbled.
        """

    def refusal(self, status: int, message: str, question: Question) -> Refused:
        """What a 4xx means."""

    async def problem(self, client: httpx.AsyncClient) -> str:
        """Why the server cannot be used now, as such an end; empty when it can."""


def base_url(address: str, setting_name: str, endings: Sequence[str]) -> httpx.URL:
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


def below(url: httpx.URL, path: str) -> httpx.URL:
    """The address of `path` under the server's root."""
    return url.copy_with(path=url.path.rstrip("/") + path)


def without_password(url: httpx.URL) -> str:
    return str(url.copy_with(userinfo=b"")).rstrip("/")


async def lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """The lines of a streamed body.

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


def parsed(line: bytes) -> dict[str, Any]:
    """The JSON object on a line. Raises Garbled."""
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Garbled("sent something that is not JSON") from error
    if not isinstance(value, dict):
        raise Garbled("sent JSON that is not an object")
    return value


def error_text(body: bytes) -> str:
    """The message in an error's body, as both kinds of server put it."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    message = error.get("message", "") if isinstance(error, dict) else error
    return str(message)[:300]
