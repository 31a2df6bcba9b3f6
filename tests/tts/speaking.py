"""Running a speech pipeline to its end, and looking at what it made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import numpy as np

from common.audio import Samples
from tts_app.core.engine import (
    USUAL_VOICE,
    ChosenVoice,
    TtsEngine,
    VoiceInfo,
    VoiceSettings,
)
from tts_app.core.events import PcmAudio, SpeechEvent
from tts_app.core.speech.pipeline import SpeechPipeline


async def pieces(*texts: str | Exception) -> AsyncIterator[str]:
    """As a language model writes them; an exception is raised at its place."""
    for text in texts:
        if isinstance(text, Exception):
            raise text
        yield text
        await asyncio.sleep(0)


def pipeline_of(
    tts: TtsEngine,
    *texts: str | Exception,
    settings: VoiceSettings = USUAL_VOICE,
    others: Mapping[str, VoiceInfo] | None = None,
    **options: Any,
) -> SpeechPipeline:
    """A pipeline that says the texts with the default voice."""
    voice = ChosenVoice(tts.voices()[0], settings, others or {})
    return SpeechPipeline(tts, voice, pieces(*texts), **options)


async def run(pipeline: SpeechPipeline, timeout_seconds: float = 10) -> list[Any]:
    """All events; the last one is SpeechFinished. Raises what the pipeline raises."""
    events: list[SpeechEvent] = []

    async def read() -> None:
        while (event := await pipeline.events.get()) is not None:
            events.append(event)

    reading = asyncio.create_task(read())
    try:
        finished = await pipeline.run(timeout_seconds)
    finally:
        pipeline.events.end()
        await reading
    return [*events, finished]


def pcm_of(events: Sequence[SpeechEvent]) -> Samples:
    """The whole answer: mono float32."""
    parts = [each.samples for each in events if isinstance(each, PcmAudio)]
    samples: Samples = np.concatenate(parts)
    return samples
