"""A server shaped like OpenAI's chat interface: server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.servers.http import Behaviour, Reply, Request, ScriptedServer
from tests.servers.ollama import JSON, raw

SSE = "text/event-stream"


class OpenAiServer(ScriptedServer):
    """Answers chats by its script; with an `api_key` it refuses all others."""

    def __init__(self, *script: Behaviour, api_key: str = "") -> None:
        super().__init__()
        self.script = list(script)
        self.usual: Behaviour = answer("Hello ", "there.")
        self.models: list[str] = []
        self._api_key = api_key

    @property
    def chats(self) -> list[Request]:
        return self.asked("/v1/chat/completions")

    def route(self, request: Request) -> Behaviour:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._api_key and key != self._api_key:
            return error(401, "Incorrect API key provided")
        if request.path == "/v1/models":
            listed = [{"id": model, "object": "model"} for model in self.models]
            body = json.dumps({"object": "list", "data": listed}).encode()
            return raw(body, content_type=JSON)
        if request.path != "/v1/chat/completions":
            return error(404, "not found")
        return self.script.pop(0) if self.script else self.usual


def event(finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data(choices=[choice])


def usage(prompt_tokens: int, completion_tokens: int) -> bytes:
    """The event behind the last one, for those who asked for it."""
    total = prompt_tokens + completion_tokens
    counts = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": total,
    }
    return _data(choices=[], usage=counts)


def _data(**more: Any) -> bytes:
    value = {"id": "1", "object": "chat.completion.chunk", "model": "m-2026", **more}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def call_start(index: int, call_id: str, name: str) -> bytes:
    """The event that begins a call of a tool; its arguments follow in pieces."""
    function = {"name": name, "arguments": ""}
    call = {"index": index, "id": call_id, "type": "function", "function": function}
    return event(tool_calls=[call])


def call_piece(index: int, arguments: str) -> bytes:
    call = {"index": index, "function": {"arguments": arguments}}
    return event(tool_calls=[call])


def calls(*events: bytes) -> Behaviour:
    """An answer that calls tools."""
    ends = (event("tool_calls"), usage(80, 20), b"data: [DONE]\n\n")
    return raw(event(role="assistant", content=None), *events, *ends, content_type=SSE)


def answer(*pieces: str, gap_seconds: float = 0.0) -> Behaviour:
    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, SSE)
        await reply.chunk(b": keep-alive\n\n")
        await reply.chunk(event(role="assistant", content=None))
        for piece in pieces:
            await asyncio.sleep(gap_seconds)
            await reply.chunk(event(content=piece))
        await reply.chunk(event("stop"))
        if request.json.get("stream_options", {}).get("include_usage"):
            await reply.chunk(usage(26, 3))
        await reply.chunk(b"data: [DONE]\n\n")
        await reply.end()

    return behave


def error(status: int, message: str) -> Behaviour:
    body = json.dumps({"error": {"message": message, "type": "error"}}).encode()
    return raw(body, status=status, content_type=JSON)
