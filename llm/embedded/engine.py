"""The embedded model: llama.cpp in a supervised process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import structlog

from common.config import LlmEngineSettings
from common.engine import EngineStats, PartHealth, PartState
from common.errors import BadValue
from common.metrics import WORKER_HANGS
from common.models.files import find_llm
from common.remote.failures import CutOff, Refused, Unreachable
from llm.embedded.child import Child
from llm.engine import ChatMessage, ReplyOptions
from llm.prompt import system_prompt
from llm.resilience.circuit import Circuit
from llm.resilience.retries import RetryPolicy
from llm.servers.connections import MAX_CONNECTIONS
from llm.servers.dialect import CompletionDelta, CompletionRequest, parse_line
from llm.servers.http_engine import HttpLlm
from llm.servers.openai import OpenAiDialect

log = structlog.get_logger(__name__)

_CHILD_MODULE = "llm.embedded.server"
_NOT_STARTED = "http://127.0.0.1:9/v1"
_RESTART_SECONDS = 20.0
_MISSED_CHECKS = 3
_SUSPECT_SECONDS = 2.0
"""The time to the next check once the child has missed one."""
_COUNTED_CHARACTERS = 4_000
_COUNTED_TEXTS = 512
"""Messages whose tokens are remembered: those of a few long conversations."""
_NOT_SHOWN = re.compile(
    r"[-.](?:instruct|chat|it|gguf|i?q\d\w*|b?f(?:16|32))(?=[-.]|$)", re.IGNORECASE
)


def shown_name(model: str) -> str:
    """The name of a model file without its quantisation: `SmolLM2 135M`."""
    return _NOT_SHOWN.sub("", model).replace("-", " ")


class EmbeddedDialect(OpenAiDialect):
    """OpenAI's interface, at the address where the child listens now."""

    def __init__(self, api_key: str) -> None:
        super().__init__(_NOT_STARTED, api_key, "The embedded language model")
        self.child: Child | None = None

    @property
    def root(self) -> httpx.URL:
        url = self.child.url if self.child else ""
        return httpx.URL(f"{url}/v1" if url else _NOT_STARTED)

    def refusal(self, status: int, message: str, request: CompletionRequest) -> Refused:
        return Refused(f"refused the request ({message or status})")


class EmbeddedEngine(HttpLlm):
    """Serves the model that comes with the installation; needs no network."""

    backend = "embedded"
    takes_tools = False
    _counts_tokens = True

    def __init__(self, config: LlmEngineSettings) -> None:
        self._config = config
        self._api_key = secrets.token_urlsafe(32)
        self._embedded = EmbeddedDialect(self._api_key)
        self._child: Child | None = None
        self._counted: dict[str, int] = {}
        """Tokens by text. A conversation sends the same messages again and again."""
        self._missed = 0
        self._starting = False
        # It is supervised: a failure means a restart within a second, so a short
        # wait serves better than a circuit breaker.
        super().__init__(
            self._embedded,
            "",
            config,
            policy=RetryPolicy(
                attempts=2, backoff_seconds=0.1, on=(Unreachable, CutOff)
            ),
            circuit=Circuit(lambda: "embedded", config, enabled=False),
        )

    def stats(self) -> EngineStats:
        child = self._child
        pid = child.pid if child else None
        return EngineStats(
            processes=(pid,) if pid else (),
            memory_mb=(child.memory_mb,) if child and pid else (),
            offers=(self._model,) if self._model else (),
            oldest_job_seconds=self._jobs.oldest_seconds,
        )

    async def start(self) -> None:
        if self._child is not None:
            return
        self._starting = True
        try:
            # Its checksum is read when the file is new.
            model = await asyncio.to_thread(find_llm, self._config)
            child = await self._started(model)
        finally:
            self._starting = False
        self._child = self._embedded.child = child
        self._model = model.stem
        await super().start()

    async def _started(self, model: Path) -> Child:
        child = Child("embedded language model", _CHILD_MODULE, self._orders(model))
        try:
            await asyncio.to_thread(child.start)
        except asyncio.CancelledError:
            child.abort()
            raise
        return child

    async def stop(self) -> None:
        await super().stop()
        child, self._child, self._embedded.child = self._child, None, None
        if child is not None:
            await asyncio.to_thread(child.stop)

    async def check(self) -> None:
        """Check that the child answers; one that hangs is killed, and so restarted."""
        child = self._child
        if child is None:
            return
        if child.hangs_at_start:
            child.kill()
        if child.state is not PartState.READY:
            return
        await super().check()
        self._missed = self._missed + 1 if self._problem else 0
        if self._missed >= _MISSED_CHECKS:
            self._missed = 0
            log.error("worker hangs", engine="llm", seconds=self._jobs.oldest_seconds)
            WORKER_HANGS.labels("llm").inc()
            child.kill()

    @property
    def _pause_seconds(self) -> float:
        usual = super()._pause_seconds
        return min(usual, _SUSPECT_SECONDS) if self._missed else usual

    def health(self) -> PartHealth:
        child = self._child
        if child is None:
            state = PartState.LOADING if self._starting else PartState.DOWN
            now = "loading" if self._starting else "not started"
            summary = f"The embedded language model is {now}."
            return PartHealth(state, summary, self._details())
        details = {
            **self._details(),
            "pid": child.pid,
            "restarts": child.restarts,
            "memory_mb": round(child.memory_mb, 1),
        }
        state = child.state
        if state is PartState.READY and self._problem:
            # It may recover; `check` kills it if it does not.
            state, summary = (
                PartState.DEGRADED,
                f"{self._server_name()} {self._problem}.",
            )
        elif state is PartState.READY:
            summary = f"{shown_name(self._model)}, built in."
        else:
            summary = (
                f"The embedded {self._model} is being restarted: {child.last_output}."
            )
        return PartHealth(state, summary, details)

    async def _stream(
        self, request: CompletionRequest
    ) -> AsyncGenerator[CompletionDelta, None]:
        await self._until_it_listens()
        async with aclosing(super()._stream(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def _until_it_listens(self) -> None:
        deadline = time.monotonic() + _RESTART_SECONDS
        while self._child is None or self._child.state is not PartState.READY:
            if self._child is None or time.monotonic() > deadline:
                raise Unreachable("is being restarted")
            await asyncio.sleep(0.02)

    def offers(self, model: str) -> bool:
        return model == self._model

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        await self._read_ahead(messages, options)

    async def _completion_request(
        self, messages: Sequence[ChatMessage], options: ReplyOptions
    ) -> CompletionRequest:
        if options.model and not self.offers(options.model):
            raise BadValue(
                f"The embedded language model is {self._model}; "
                f"it cannot answer as `{options.model}`.",
                field="model",
            )
        return await super()._completion_request(messages, options)

    @property
    def _context_tokens(self) -> int:
        return self._config.embedded_llm_context_tokens

    async def _count_tokens(self, text: str) -> int:
        """Exactly, by the model's own tokenizer."""
        if len(text) > _COUNTED_CHARACTERS:
            return await self._tokenize(text)
        if text not in self._counted:
            if len(self._counted) >= _COUNTED_TEXTS:
                self._counted.clear()
            self._counted[text] = await self._tokenize(text)
        return self._counted[text]

    async def _tokenize(self, text: str) -> int:
        url = self._embedded.root.copy_with(path="/tokenize")
        response = await self._connections.client.post(
            url, json={"content": text}, headers=self._embedded.headers
        )
        response.raise_for_status()
        return len(parse_line(response.content)["tokens"])

    def _server_name(self) -> str:
        return f"{self._dialect.title} {self._model}"

    def _orders(self, model: Path) -> dict[str, Any]:
        return {
            "model": str(model),
            "api_key": self._api_key,
            "threads": embedded_threads(self._config),
            "context_tokens": self._config.embedded_llm_context_tokens,
            "parallel": self._config.embedded_llm_parallel,
            "connections": MAX_CONNECTIONS + 4,
            "warm_up": [
                {"role": "system", "content": system_prompt(self._config)},
                {"role": "user", "content": "Hello!"},
            ],
        }


def embedded_threads(config: LlmEngineSettings) -> int:
    """CPU threads of the model: as configured, or half of the cores."""
    # llama.cpp's threads wait for each other in a busy loop: as many as there are
    # cores make it many times slower as soon as something else needs one.
    return config.embedded_llm_threads or max(1, (os.cpu_count() or 2) // 2)
