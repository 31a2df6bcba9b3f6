"""Adds to an engine's health whether an Ollama server answers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from common.engine import PartHealth
from common.errors import EngineFailed
from llm.engine import ChatMessage, LlmEngine, ReplyOptions
from llm.servers.ollama import OllamaEngine


class WithOllamaSight:
    """The engine itself, with `ollama` among its health's details."""

    def __init__(self, engine: LlmEngine, ollama: OllamaEngine) -> None:
        self._engine = engine
        self._ollama = ollama

    @property
    def backend(self) -> str:
        return self._engine.backend

    @property
    def model_name(self) -> str:
        return self._engine.model_name

    @property
    def processes(self) -> list[int]:
        return list(getattr(self._engine, "processes", []))

    @property
    def memory_mb(self) -> list[float]:
        return list(getattr(self._engine, "memory_mb", []))

    async def start(self) -> None:
        await self._engine.start()
        # A wrong `ollama_url` is no reason to stop when something else answers.
        with contextlib.suppress(EngineFailed):
            await self._ollama.start()

    async def stop(self) -> None:
        await self._ollama.stop()
        await self._engine.stop()

    def health(self) -> PartHealth:
        health = self._engine.health()
        return replace(
            health, details={**health.details, "ollama": self._ollama.answers}
        )

    async def warm(self, messages: Sequence[ChatMessage]) -> None:
        await self._engine.warm(messages)

    def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncIterator[str]:
        return self._engine.reply(messages, options)
