"""Several engines in order: when one cannot answer, the next one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import structlog

from common.engine import EngineStats, PartHealth, PartState
from common.errors import BadValue, EngineFailed, LlmUnavailable, VoiceError
from common.metrics import LLM_FALLBACKS
from llm.engine import ChatMessage, LlmEngine, LlmEvent, ReplyOptions

log = structlog.get_logger(__name__)


class FallbackEngine:
    """Chooses for each request, by what is known of each engine right now.

    Engines check their servers in the background, so no request waits for a check.
    All of them are started, so falling back takes no loading.
    """

    def __init__(self, engines: Sequence[LlmEngine], *, advice: str = "") -> None:
        """`advice` is what `health` says while there is no Ollama server at all."""
        self._engines = list(engines)
        self._advice = advice
        self._problems: dict[LlmEngine, str] = {}
        """Engines that did not start, and why."""

    @property
    def backend(self) -> str:
        return self._chosen().backend

    @property
    def model_name(self) -> str:
        return self._chosen().model_name

    @property
    def usable(self) -> bool:
        return any(map(self._usable, self._engines))

    @property
    def takes_tools(self) -> bool:
        return any(engine.takes_tools for engine in self._engines)

    def offers(self, model: str) -> bool:
        return any(self._able(engine, ReplyOptions(model)) for engine in self._engines)

    def stats(self) -> EngineStats:
        each = [engine.stats() for engine in self._engines]
        names = dict.fromkeys(name for stats in each for name in stats.offers)
        return EngineStats(
            queued=sum(stats.queued for stats in each),
            processes=tuple(pid for stats in each for pid in stats.processes),
            memory_mb=tuple(size for stats in each for size in stats.memory_mb),
            offers=tuple(names),
            oldest_job_seconds=max(
                (stats.oldest_job_seconds for stats in each), default=0.0
            ),
        )

    async def start(self) -> None:
        """Start all. Raises EngineFailed when none can answer."""
        await asyncio.gather(*map(self._start, self._engines))
        if self._problems and not any(map(self._usable, self._engines)):
            sentences = " ".join(map(self._state_of, self._engines))
            await self.stop()
            raise EngineFailed(
                f"No language model: {sentences} Or set `llm_backend: none`."
            )

    async def stop(self) -> None:
        await asyncio.gather(*(engine.stop() for engine in self._engines))

    def health(self) -> PartHealth:
        chosen = self._chosen()
        health = chosen.health()
        details = {**health.details, **self._facts()}
        if chosen is not self._engines[0]:
            reasons = " ".join(map(self._state_of, self._before(chosen)))
            details["preferred"] = reasons
            instead = f"Used instead of the preferred one: {reasons}"
            # On most machines nobody has installed Ollama: that is no fault.
            if self._advice and details.get("ollama") is False:
                instead = self._advice
            return PartHealth(health.state, f"{health.summary} {instead}", details)
        spares = self._engines[1:]
        if missing := [e for e in spares if e in self._problems]:
            sentences = " ".join(self._problems[engine] for engine in missing)
            summary = f"{health.summary} No fallback: {sentences}"
            state = PartState.DEGRADED if health.ok else health.state
            return PartHealth(state, summary, details)
        names = ", ".join(engine.backend for engine in spares)
        return PartHealth(
            health.state, f"{health.summary} Standing by: {names}.", details
        )

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        able = (each for each in self._engines if self._able(each, options))
        await next(able, self._chosen()).warm(messages, options)

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncGenerator[LlmEvent, None]:
        """The answer of the first engine that can give one, as LlmEngine says it.

        Raises LlmUnavailable or BadValue when no engine answers, or when an answer
        breaks off: another model never continues it.
        """
        candidates = self._candidates(options)
        errors: list[LlmUnavailable | BadValue] = []
        for engine in candidates:
            given = False
            try:
                async with aclosing(engine.reply(messages, options)) as events:
                    async for event in events:
                        given = True
                        yield event
                return
            except (LlmUnavailable, BadValue) as error:
                # An answer that has begun is never continued by another model.
                if given:
                    raise
                errors.append(error)
                if engine is candidates[-1]:
                    raise _all_failed(errors) from error
                LLM_FALLBACKS.labels(engine.backend).inc()
                log.warning(
                    "falling back to another language model",
                    instead_of=engine.backend,
                    reason=error.message,
                )

    def _candidates(self, options: ReplyOptions) -> list[LlmEngine]:
        """Who is asked, in order: those that seem able, else all that started."""
        started = [e for e in self._engines if e not in self._problems]
        able = [engine for engine in started if self._able(engine, options)]
        return able or started or self._engines

    def _chosen(self) -> LlmEngine:
        usable = filter(self._usable, self._engines)
        started = [e for e in self._engines if e not in self._problems]
        return next(usable, None) or (started or self._engines)[-1]

    def _able(self, engine: LlmEngine, options: ReplyOptions) -> bool:
        """Whether it is likely to answer this request."""
        if engine in self._problems or (options.tools and not engine.takes_tools):
            return False
        return engine.offers(options.model) if options.model else engine.usable

    def _usable(self, engine: LlmEngine) -> bool:
        return engine not in self._problems and engine.usable

    def _before(self, chosen: LlmEngine) -> list[LlmEngine]:
        return self._engines[: self._engines.index(chosen)]

    def _state_of(self, engine: LlmEngine) -> str:
        return self._problems.get(engine) or engine.health().summary

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"order": [engine.backend for engine in self._engines]}
        for engine in self._engines:
            if (answers := engine.health().details.get("ollama")) is not None:
                facts["ollama"] = answers
        return facts

    async def _start(self, engine: LlmEngine) -> None:
        try:
            await engine.start()
            self._problems.pop(engine, None)
        except EngineFailed as error:
            self._problems[engine] = error.message
            log.warning(
                "a language model did not start",
                backend=engine.backend,
                reason=error.message,
            )


def _all_failed(errors: Sequence[LlmUnavailable | BadValue]) -> VoiceError:
    """What all of them said; a model that nobody has is the asker's mistake."""
    last = errors[-1]
    if len(errors) == 1:
        return last
    sentences = " ".join(error.message for error in errors)
    if all(isinstance(error, BadValue) for error in errors):
        return BadValue(sentences, field=last.field)
    return LlmUnavailable(sentences, retry_after_seconds=last.retry_after_seconds)
