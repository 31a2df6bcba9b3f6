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
        self._api_key = api_key

    @property
    def chats(self) -> list[Request]:
        return self.asked("/v1/chat/completions")

    def route(self, request: Request) -> Behaviour:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._api_key and key != self._api_key:
            return error(401, "Incorrect API key provided")
        if request.path == "/v1/models":
            return raw(b'{"object": "list", "data": []}', content_type=JSON)
        if request.path != "/v1/chat/completions":
            return error(404, "not found")
        return self.script.pop(0) if self.script else self.usual


def event(finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    value = {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def answer(*pieces: str, gap_seconds: float = 0.0) -> Behaviour:
    async def behave(request: Request, reply: Reply) -> None:
        await reply.begin(200, SSE)
        await reply.chunk(b": keep-alive\n\n")
        await reply.chunk(event(role="assistant", content=None))
        for piece in pieces:
            await asyncio.sleep(gap_seconds)
            await reply.chunk(event(content=piece))
        await reply.chunk(event("stop"))
        await reply.chunk(b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n')
        await reply.chunk(b"data: [DONE]\n\n")
        await reply.end()

    return behave


def error(status: int, message: str) -> Behaviour:
    body = json.dumps({"error": {"message": message, "type": "error"}}).encode()
    return raw(body, status=status, content_type=JSON)
