"""A server shaped like Ollama: `/api/chat` streams lines of JSON, `/api/tags` lists.

`with OllamaServer() as server:` then `server.script` holds how the next chat
requests are answered; when it is empty, they get `server.usual`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

from tests.servers.http import Behaviour, Reply, Request, ScriptedServer

NDJSON = "application/x-ndjson"
JSON = "application/json; charset=utf-8"
HELD_SECONDS = 60.0
"""What nobody releases is released after this."""


class OllamaServer(ScriptedServer):
    """Has `models`; answers chats by its script."""

    def __init__(
        self, *script: Behaviour, models: Sequence[str] = ("llama3.2:latest",)
    ) -> None:
        super().__init__()
        self.script = list(script)
        self.models = list(models)
        self.usual: Behaviour = answer("Hello ", "there.")
        self.template: str | None = "{{ .Prompt }}"
        self.listing: Behaviour = self._list

    @property
    def chats(self) -> list[Request]:
        return self.asked("/api/chat")

    def route(self, request: Request) -> Behaviour:
        if request.path == "/api/tags":
            return self.listing
        if request.path == "/api/show":
            return self._show
        if request.path != "/api/chat":
            return _not_found
        if not self._has(request.json["model"]):
            return error(404, f"model '{request.json['model']}' not found")
        return self.script.pop(0) if self.script else self.usual

    def _has(self, model: str) -> bool:
        name = model if ":" in model else f"{model}:latest"
        return name in self.models

    async def _show(self, request: Request, reply: Reply) -> None:
        shown = {"template": self.template, "capabilities": ["completion"]}
        await reply.whole(200, JSON, json.dumps(shown).encode())

    async def _list(self, request: Request, reply: Reply) -> None:
        models = [{"name": name, "model": name, "size": 1} for name in self.models]
        await reply.whole(200, JSON, json.dumps({"models": models}).encode())


def line(content: str = "", **more: Any) -> bytes:
    """One line of an answer."""
    message = {"role": "assistant", "content": content}
    value: dict[str, Any] = {"model": "llama3.2", "created_at": "2026-01-01T00:00:00Z"}
    value = {**value, "message": message, "done": False, **more}
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def last_line(reason: str = "stop") -> bytes:
    return line(
        done=True,
        done_reason=reason,
        total_duration=1,
        prompt_eval_count=26,
        eval_count=3,
    )


def call_line(name: str, arguments: dict[str, Any], index: int = 0) -> bytes:
    """A line with one call of a tool, whole, as Ollama sends it."""
    function = {"index": index, "name": name, "arguments": arguments}
    call = {"id": f"call_{index}", "function": function}
    return line(message={"role": "assistant", "content": "", "tool_calls": [call]})


def calls(*lines: bytes) -> Behaviour:
    """Some text, then calls of tools; Ollama ends such an answer with `stop`."""
    return raw(line("Let me look. "), *lines, last_line())


def answer(*pieces: str, gap_seconds: float = 0.0) -> Behaviour:
    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, NDJSON)
        for piece in pieces:
            await asyncio.sleep(gap_seconds)
            await reply.chunk(line(piece))
        await reply.chunk(last_line())
        await reply.end()

    return behave


def held(released: threading.Event, first: str, *others: str) -> Behaviour:
    """The first piece, and the others once they are released."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, NDJSON)
        await reply.chunk(line(first))
        await asyncio.to_thread(released.wait, HELD_SECONDS)
        for piece in others:
            await reply.chunk(line(piece))
        await reply.chunk(last_line())
        await reply.end()

    return behave


def reasoned(thinking: str, *pieces: str, reason: str = "stop") -> Behaviour:
    """The reasoning in its own field, as models with that ability send it."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, NDJSON)
        hidden = {"role": "assistant", "content": "", "thinking": thinking}
        await reply.chunk(line(message=hidden))
        for piece in pieces:
            await reply.chunk(line(piece))
        await reply.chunk(last_line(reason))
        await reply.end()

    return behave


def endless(gap_seconds: float = 0.01) -> Behaviour:
    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, NDJSON)
        while True:
            await reply.chunk(line("word "))
            await asyncio.sleep(gap_seconds)

    return behave


def slow(first_seconds: float, *pieces: str) -> Behaviour:
    async def behave(request: Request, reply: Reply) -> None:
        await asyncio.sleep(first_seconds)
        await answer(*pieces)(request, reply)

    return behave


def stalls(*pieces: str) -> Behaviour:
    """Some pieces, and then nothing more for ever."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, NDJSON)
        for piece in pieces:
            await reply.chunk(line(piece))
        await asyncio.sleep(60)

    return behave


def cut_off(*pieces: str) -> Behaviour:
    """Some pieces, and then the connection breaks."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, NDJSON)
        for piece in pieces:
            await reply.chunk(line(piece))
        await reply.cut()

    return behave


def unfinished(*pieces: str) -> Behaviour:
    """A body that ends well and yet lacks the line that says `done`."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.whole(200, NDJSON, b"".join(line(piece) for piece in pieces))

    return behave


def raw(*chunks: bytes, status: int = 200, content_type: str = NDJSON) -> Behaviour:
    """These bytes, cut exactly so."""

    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(status, content_type)
        for chunk in chunks:
            await reply.chunk(chunk)
            await asyncio.sleep(0.01)
        await reply.end()

    return behave


def error(status: int, message: str) -> Behaviour:
    body = json.dumps({"error": message}).encode()
    return raw(body, status=status, content_type=JSON)


def html(status: int = 200) -> Behaviour:
    page = b"<!doctype html><title>A page</title>\n"
    return raw(page, status=status, content_type="text/html")


async def _not_found(request: Request, reply: Reply) -> None:
    await reply.whole(404, "text/plain", b"404 page not found")
