"""Engines that fulfil the same contracts as the real ones, without any model.

`tests/contracts.py` runs on these and on the real engines, so they cannot lie.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import numpy as np

from common.audio import Samples
from common.engine import EngineStats, PartHealth, PartState
from common.errors import EngineFailed, Expired, LlmUnavailable
from common.workers import Priority, Urgency
from llm.engine import (
    ChatMessage,
    Finished,
    LlmEvent,
    ReplyOptions,
    TextDelta,
    TokenUsage,
    ToolCall,
    check_tools,
)
from stt_app.core.engine import (
    Segment,
    Transcript,
    TranscriptionRequest,
    Word,
    check_model,
)
from tts_app.core.engine import SpeechPart, SynthesisRequest, VoiceInfo

_READY = PartHealth(PartState.READY, "fake, ready")
_DOWN = PartHealth(PartState.DOWN, "fake, not started")


class FakeEngine:
    """Start, stop and health, as every engine has them."""

    def __init__(self) -> None:
        self.started = False

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.started = False

    def health(self) -> PartHealth:
        return _READY if self.started else _DOWN

    def stats(self) -> EngineStats:
        return EngineStats()

    def _must_run(self) -> None:
        if not self.started:
            raise EngineFailed("The fake engine is not running.")


class FakeStt(FakeEngine):
    """Answers each utterance with the next line of its script, then with "fake"."""

    model_name = "fake-whisper"

    def __init__(
        self, script: Sequence[str | Exception] = (), *, seconds: float = 0.0
    ) -> None:
        super().__init__()
        self._script = list(script)
        self._seconds = seconds
        self.heard: list[TranscriptionRequest] = []
        self.queued = 0
        self.memory_mb: list[float] = []

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        self._must_run()
        check_model(request.model, self.stats().offers)
        self.heard.append(request)
        return await urgency.guard(self._answer(request))

    def stats(self) -> EngineStats:
        return EngineStats(
            queued=self.queued,
            memory_mb=tuple(self.memory_mb),
            offers=(self.model_name,),
        )

    async def _answer(self, request: TranscriptionRequest) -> Transcript:
        await asyncio.sleep(self._seconds)
        line = self._script.pop(0) if self._script else "fake"
        if isinstance(line, Exception):
            raise line
        language = "en" if request.language == "auto" else request.language
        words = spread(line, request.seconds) if request.word_timestamps else ()
        segment = Segment(f" {line}", 0.0, request.seconds, (1, 2), 0.0, -0.1, 1.0, 0.1)
        segments = (segment,) if line else ()
        return Transcript(line, language, 1.0, 0.9, self.model_name, words, segments)


class FakeTurns(FakeEngine):
    """Rates each pause with the next number of its script, then with 1."""

    def __init__(self, script: Sequence[float] = (), *, seconds: float = 0.0) -> None:
        super().__init__()
        self._script = list(script)
        self._seconds = seconds
        self.heard: list[Samples] = []
        self.is_warm = False

    @property
    def available(self) -> bool:
        return self.started

    def warm_up(self) -> None:
        self.is_warm = True

    async def end_of_turn(self, samples: Samples, urgency: Urgency) -> float:
        self._must_run()
        self.heard.append(samples)
        return await urgency.guard(self._answer())

    async def _answer(self) -> float:
        await asyncio.sleep(self._seconds)
        return self._script.pop(0) if self._script else 1.0


def spread(text: str, seconds: float) -> tuple[Word, ...]:
    """The words of the text, evenly over the time."""
    words = text.split()
    step = seconds / max(1, len(words))
    return tuple(
        Word(word, round(index * step, 2), round((index + 1) * step, 2), 0.9)
        for index, word in enumerate(words)
    )


class FakeTts(FakeEngine):
    """Speaks a 440 Hz tone, 50 ms a character; to whoever waits in two parts."""

    RATE_HZ = 22_050
    SECONDS_PER_CHARACTER = 0.05
    FIRST_SECONDS = 0.25

    def __init__(
        self, voices: Sequence[str] = ("en_US-fake-medium",), *, seconds: float = 0.0
    ) -> None:
        super().__init__()
        self._voices = [
            VoiceInfo(name, name[:5], "medium", self.RATE_HZ) for name in voices
        ]
        self._seconds = seconds
        self.said: list[SynthesisRequest] = []
        self.urgencies: list[Urgency] = []
        self.cancelled = 0

    def voices(self) -> list[VoiceInfo]:
        return list(self._voices)

    def stats(self) -> EngineStats:
        return EngineStats(offers=tuple(voice.name for voice in self._voices))

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        self._must_run()
        self.said.append(request)
        self.urgencies.append(urgency)
        early = urgency.priority is not Priority.LATER_CLAUSE
        await self._work(urgency, self._seconds)
        tone = self._tone(request)
        first = int(self.FIRST_SECONDS * self.RATE_HZ) if early else len(tone)
        if first >= len(tone):
            yield SpeechPart(tone, self.RATE_HZ)
            return
        yield SpeechPart(tone[:first], self.RATE_HZ, is_last=False)
        await self._work(urgency, 0.0)
        yield SpeechPart(tone[first:], self.RATE_HZ)

    async def _work(self, urgency: Urgency, seconds: float) -> None:
        try:
            await urgency.guard(asyncio.sleep(seconds))
        except (asyncio.CancelledError, Expired):
            self.cancelled += 1
            raise

    def _tone(self, request: SynthesisRequest) -> Samples:
        settings = request.settings
        seconds = len(request.text) * self.SECONDS_PER_CHARACTER / settings.speed
        times = np.arange(int(seconds * self.RATE_HZ)) / self.RATE_HZ
        tone = 0.3 * settings.volume * np.sin(2 * np.pi * 440 * times)
        return np.asarray(tone, np.float32)


class FakeLlm(FakeEngine):
    """Streams the given pieces; an exception among them is raised at its place.

    Text becomes TextDelta, and a ToolCall comes as it is.
    """

    backend = "fake"
    model_name = "fake-llm"
    takes_tools = True

    def __init__(
        self,
        pieces: Sequence[str | ToolCall | Exception] = ("Hello ", "there."),
        *,
        seconds: float = 0.0,
    ) -> None:
        super().__init__()
        self._pieces = list(pieces)
        self._seconds = seconds
        self.asked: list[Sequence[ChatMessage]] = []
        self.options: list[ReplyOptions] = []
        self.read_ahead: list[Sequence[ChatMessage]] = []
        self.read_options: list[ReplyOptions] = []
        self.stopped = 0
        self.may_go_on = asyncio.Event()
        """Cleared, it holds back what it would say next."""
        self.may_go_on.set()

    def answer_with(self, *pieces: str | ToolCall | Exception) -> None:
        """From the next question on."""
        self._pieces = list(pieces)

    @property
    def usable(self) -> bool:
        return self.started

    def offers(self, model: str) -> bool:
        return self.started

    def stats(self) -> EngineStats:
        return EngineStats(offers=(self.model_name,))

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        self.read_ahead.append(messages)
        self.read_options.append(options)

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncGenerator[LlmEvent, None]:
        if not self.started:
            raise LlmUnavailable("The fake language model is not running.")
        check_tools(options, self.takes_tools, "The fake language model")
        self.asked.append(messages)
        self.options.append(options)
        finished, pieces = False, self._pieces
        try:
            for piece in pieces:
                await asyncio.sleep(self._seconds)
                await self.may_go_on.wait()
                if isinstance(piece, Exception):
                    raise piece
                yield TextDelta(piece) if isinstance(piece, str) else piece
            finished = True
        finally:
            self.stopped += not finished
        called = any(isinstance(piece, ToolCall) for piece in pieces)
        yield Finished(
            "tool_calls" if called else "stop",
            options.model or self.model_name,
            TokenUsage(len(messages), len(pieces)),
        )
