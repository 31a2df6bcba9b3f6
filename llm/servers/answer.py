"""One try to get an answer: a server's deltas become events, within the limits."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import anyio
import structlog

from common.config.llm import LlmSettings
from llm.engine import Finished, FinishReason, LlmEvent, TextDelta, TokenUsage, ToolCall
from llm.resilience.failures import Refused, Stalled
from llm.servers.dialect import CompletionDelta, CompletionRequest
from llm.servers.reasoning import ReasoningFilter
from llm.servers.tool_calls import ToolCallAssembler

log = structlog.get_logger(__name__)

Deltas = AsyncGenerator[CompletionDelta, None]


class Answer:
    """Reads one answer; it ends at `ends_at` on the monotonic clock."""

    def __init__(
        self, request: CompletionRequest, settings: LlmSettings, ends_at: float
    ) -> None:
        self._request = request
        self._settings = settings
        self._ends_at = ends_at
        self._reasoning = ReasoningFilter(begins_reasoning=request.begins_reasoning)
        self._tool_calls = ToolCallAssembler()
        self._characters = 0
        self._tokens = 0
        self._started = False
        self._reason: FinishReason | None = None
        """Why the server ended the answer."""
        self._cut: FinishReason | None = None
        """Why we ended it."""
        self._usage: TokenUsage | None = None
        self._model = request.model

    async def events(self, deltas: Deltas) -> AsyncGenerator[LlmEvent, None]:
        """Text as it comes, then the tool calls and the end. Raises AskFailed."""
        async with aclosing(deltas):
            while delta := await self._next_in_time(deltas):
                self._take(delta)
                if text := self._within_limit(self._reasoning.push(delta.text)):
                    yield TextDelta(text)
                if self._cut is not None:
                    break
        complete = self._cut is None and self._reason != "length"
        if text := self._within_limit(self._reasoning.flush(complete=complete)):
            yield TextDelta(text)
        calls = self._complete_tool_calls()
        self._check_for_reasoning_alone(calls)
        for call in calls:
            yield call
        yield Finished(self._finish_reason(calls), self._model, self._usage)

    async def _next_in_time(self, deltas: Deltas) -> CompletionDelta | None:
        """The next delta; None at the end, or when a limit ends the answer."""
        gap_seconds = self._gap_seconds
        left_seconds = self._ends_at - time.monotonic()
        try:
            with anyio.fail_after(max(0.0, min(gap_seconds, left_seconds))):
                delta = await anext(deltas, None)
        except TimeoutError:
            if self._reason is not None:
                return None
            if self._started and left_seconds <= gap_seconds:
                self._end("time_limit", "llm_max_seconds")
                return None
            seconds = min(gap_seconds, self._settings.llm_max_seconds)
            when = "" if self._started else " after it was asked"
            raise Stalled(f"gave nothing for {seconds:g} s{when}") from None
        if delta is None:
            return None
        self._started = True
        self._tokens += delta.is_token
        if self._tokens > self._request.max_tokens:
            self._end("length", "llm_max_tokens")
            return None
        return delta

    @property
    def _gap_seconds(self) -> float:
        settings = self._settings
        return (
            settings.llm_token_gap_seconds if self._started else settings.ollama_timeout
        )

    def _take(self, delta: CompletionDelta) -> None:
        self._reasoning.dropped_any |= delta.is_reasoning
        self._reason = self._reason or delta.finish
        self._usage = delta.usage or self._usage
        self._model = delta.model or self._model
        for fragment in delta.tool_calls:
            self._tool_calls.add(fragment)
        if self._tool_calls.characters > self._settings.llm_max_characters:
            self._end("length", "llm_max_characters")

    def _within_limit(self, text: str) -> str:
        """What of the text may still be said."""
        left = self._settings.llm_max_characters - self._characters
        self._characters += min(len(text), left)
        if len(text) > left:
            self._end("length", "llm_max_characters")
        return text[:left]

    def _end(self, reason: FinishReason, setting: str) -> None:
        if self._cut is None:
            log.warning("answer cut at a limit", setting=setting)
            self._cut = reason

    def _complete_tool_calls(self) -> Sequence[ToolCall]:
        """The calls, unless the answer was cut: then their arguments may be, too."""
        is_whole = self._reason in ("stop", "tool_calls", "unknown")
        return self._tool_calls.calls() if is_whole and self._cut is None else ()

    def _finish_reason(self, calls: Sequence[ToolCall]) -> FinishReason:
        # Ollama ends an answer that calls tools with `stop`.
        return "tool_calls" if calls else self._cut or self._reason or "unknown"

    def _check_for_reasoning_alone(self, calls: Sequence[ToolCall]) -> None:
        """Raises Stalled or Refused for an answer that is nothing but cut reasoning."""
        if self._characters or calls or not self._reasoning.dropped_any:
            return
        if self._cut == "time_limit":
            raise Stalled("was still reasoning when its time was over")
        if "length" in (self._cut, self._reason):
            raise Refused(
                "spent all its tokens on reasoning; raise `llm_max_tokens` or use a "
                "model that does not reason"
            )
