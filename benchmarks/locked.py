"""The plain way: one `WhisperModel` behind a lock, with our segmenter before it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Samples, float_to_pcm16
from common.config.speech import ListeningSettings
from stt_app.core.endpointing.events import UtteranceEnded
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.vad import VadModel

CHUNK_SECONDS = 0.04


class LockedModel:
    """Anything that transcribes, one utterance at a time, first come first served."""

    def __init__(self, transcribe: Callable[[Samples], str]) -> None:
        self._transcribe = transcribe
        self._lock = asyncio.Lock()

    async def text(self, samples: Samples) -> str:
        async with self._lock:
            return await asyncio.to_thread(self._transcribe, samples)


async def final_delays(
    model: LockedModel, vad: VadModel, streams: Sequence[Samples], grace_seconds: float
) -> list[float | None]:
    """Seconds from each endpoint to its text, of streams that speak at once.

    None for a text that had not come `grace_seconds` after the last audio.
    """
    listeners = [_Listener(model, vad) for _ in streams]
    await asyncio.gather(
        *(each.hear(audio) for each, audio in zip(listeners, streams, strict=True))
    )
    tasks = [task for each in listeners for task in each.tasks]
    done, late = await asyncio.wait(tasks, timeout=grace_seconds) if tasks else ((), ())
    for task in late:
        task.cancel()
    return [task.result() if task in done else None for task in tasks]


class _Listener:
    """One stream in real time."""

    def __init__(self, model: LockedModel, vad: VadModel) -> None:
        self._model = model
        self._settings = ListeningSettings()
        self._hearing = AudioFrontend(self._settings, vad)
        self.tasks: list[asyncio.Task[float]] = []

    async def hear(self, audio: Samples) -> None:
        pcm = float_to_pcm16(audio)
        step = round(CHUNK_SECONDS * SPEECH_RATE_HZ) * PCM16_BYTES
        began = due = time.perf_counter()
        for start in range(0, len(pcm), step):
            due += CHUNK_SECONDS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            for event in self._hearing.hear(pcm[start : start + step]):
                if isinstance(event, UtteranceEnded):
                    self.tasks.append(asyncio.create_task(self._ask(event, began)))

    async def _ask(self, ended: UtteranceEnded, began: float) -> float:
        await self._model.text(ended.samples)
        silence = self._settings.silence_max_seconds
        endpoint = began + ended.speech_end_sample / SPEECH_RATE_HZ + silence
        return time.perf_counter() - endpoint
