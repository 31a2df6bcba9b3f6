"""Settings with short times, and engines that are started for one test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeVar

from common.config import Config, load_config
from common.engine import Engine
from llm.engine import ChatMessage, LlmEngine, ReplyOptions, text_deltas
from llm.servers.ollama import OllamaEngine
from tests.servers.ollama import OllamaServer
from tests.waiting import until

PATIENCE_SECONDS = 30.0
"""Longer than anything here takes on a busy machine, and shorter than `LONG_SECONDS`."""
LONG_SECONDS = 120.0
"""A limit or a delay that a test would show if anybody waited for it."""

AnyEngine = TypeVar("AnyEngine", bound=Engine)

QUESTION = [ChatMessage("system", "Answer briefly."), ChatMessage("user", "Hello?")]

_QUICK: dict[str, Any] = {
    "ollama_timeout": 5.0,
    "ollama_retry_backoff": 0.01,
    "llm_check_seconds": 0.05,
    "ollama_warm_up": False,
    "circuit_breaker_enabled": False,
}


def quick(**changes: Any) -> Config:
    """The defaults with times that suit a test."""
    return load_config({}).config.model_copy(update={**_QUICK, **changes})


@contextlib.asynccontextmanager
async def started(engine: AnyEngine) -> AsyncIterator[AnyEngine]:
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def ollama(url: str, **changes: Any) -> contextlib.AbstractAsyncContextManager[Any]:
    """An engine for the server at `url`, started."""
    return started(OllamaEngine(quick(ollama_url=url, **changes)))


async def ask(engine: LlmEngine, options: ReplyOptions = ReplyOptions()) -> str:
    return "".join(
        [text async for text in text_deltas(engine.reply(QUESTION, options))]
    )


async def ask_for_pieces(engine: LlmEngine, pieces: list[str]) -> None:
    """Appends to `pieces`, so that they are there also when the answer fails."""
    async for piece in text_deltas(engine.reply(QUESTION)):
        pieces.append(piece)


async def looked_at(server: OllamaServer, times: int) -> None:
    """Wait until an engine has looked so often more how the server is."""
    before = len(server.asked("/api/tags"))
    await until(lambda: len(server.asked("/api/tags")) >= before + times)
