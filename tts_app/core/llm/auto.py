"""Ollama when it answers with the model present, else the embedded model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import structlog

from common.config import Config
from common.engine import PartHealth, PartState
from common.errors import EngineFailed, LlmUnavailable
from tts_app.core.llm.base import ChatMessage, LlmEngine, ReplyOptions
from tts_app.core.llm.embedded import EmbeddedEngine
from tts_app.core.llm.failures import CutOff, ServerBroke
from tts_app.core.llm.ollama import OllamaEngine
from tts_app.core.llm.resilience import RetryPolicy

log = structlog.get_logger(__name__)


class AutoEngine:
    """Chooses for each request, by what the last look at Ollama has shown.

    The look happens in the background, so no request waits for it. The embedded
    model stands by from the start: falling back takes no loading.
    """

    def __init__(self, ollama: OllamaEngine, embedded: LlmEngine) -> None:
        self._ollama = ollama
        self._embedded = embedded
        self._embedded_problem = ""

    @property
    def backend(self) -> str:
        return self._chosen().backend

    @property
    def model_name(self) -> str:
        return self._chosen().model_name

    @property
    def processes(self) -> list[int]:
        return list(getattr(self._embedded, "processes", []))

    @property
    def memory_mb(self) -> list[float]:
        return list(getattr(self._embedded, "memory_mb", []))

    async def start(self) -> None:
        """Start both. Raises EngineFailed when neither can answer."""
        await asyncio.gather(self._ollama.start(), self._start_embedded())
        if self._embedded_problem and not self._ollama.usable:
            sentence = f"{self._ollama.health().summary} {self._embedded_problem}"
            await self.stop()
            raise EngineFailed(
                f"No language model: {sentence} Or set `llm_backend: none`."
            )

    async def stop(self) -> None:
        await asyncio.gather(self._ollama.stop(), self._embedded.stop())

    def health(self) -> PartHealth:
        ollama, chosen = self._ollama.health(), self._chosen()
        health = chosen.health()
        details = {**health.details, "ollama": self._ollama.answers}
        if chosen is self._ollama:
            if not self._embedded_problem:
                return PartHealth(health.state, health.summary, details)
            summary = f"{health.summary} No fallback: {self._embedded_problem}"
            return PartHealth(PartState.DEGRADED, summary, details)
        summary = f"{health.summary} It stands in: {ollama.summary}"
        return PartHealth(health.state, summary, details)

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncIterator[str]:
        if self._ollama.can_serve(options.model) or self._embedded_problem:
            given = False
            answer = self._ollama.reply(messages, options)
            try:
                async with aclosing(answer):  # type: ignore[type-var]
                    async for piece in answer:
                        given = True
                        yield piece
                return
            except LlmUnavailable as error:
                if given or options.model or self._embedded_problem:
                    raise
                log.warning("the embedded model stands in", reason=error.message)
        answer = self._embedded.reply(messages, options)
        async with aclosing(answer):  # type: ignore[type-var]
            async for piece in answer:
                yield piece

    def _chosen(self) -> LlmEngine:
        if self._ollama.usable or self._embedded_problem:
            return self._ollama
        return self._embedded

    async def _start_embedded(self) -> None:
        try:
            await self._embedded.start()
            self._embedded_problem = ""
        except EngineFailed as error:
            self._embedded_problem = error.message
            log.warning("no embedded language model", reason=error.message)


def build_auto(config: Config) -> AutoEngine:
    """Both engines from the configuration."""
    # With a stand-in at hand nobody should wait for a server that is gone; a
    # server that is there and stumbles is asked again.
    policy = RetryPolicy(
        config.ollama_retry_attempts,
        config.ollama_retry_backoff,
        on=(ServerBroke, CutOff),
    )
    return AutoEngine(OllamaEngine(config, policy=policy), EmbeddedEngine(config))
