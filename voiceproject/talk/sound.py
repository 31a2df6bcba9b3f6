"""Sources and sinks of a conversation's audio, without a sound card."""

from __future__ import annotations

import asyncio
import time
import wave
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

import numpy as np

from common.audio import PCM16_BYTES, SPEECH_RATE_HZ, Audio, Samples, float_to_pcm16
from voiceproject.talk.playback import Playback

FRAME_SECONDS = 0.02
REPLY_RATE_HZ = 22_050
"""That of most Piper voices, so that their samples stay as they are."""


class Microphone(Protocol):
    rate_hz: int

    def frames(self) -> AsyncGenerator[Samples, None]:
        """Mono float32 in [-1, 1], 20 ms each, as they are recorded; without end."""


class Loudspeaker(Protocol):
    playback: Playback
    lag_seconds: float
    """How long a sample that was taken needs until it is audible."""

    def advance(self) -> None:
        """Bring what was played up to now."""


class FileMicrophone:
    """Records what it is given, in real time, and silence in between."""

    rate_hz: int = SPEECH_RATE_HZ

    def __init__(self) -> None:
        self._frames: deque[Samples] = deque()
        self._silent = asyncio.Event()
        self._last_at = 0.0

    async def say(self, audio: Audio) -> float:
        """Say it; the time (`time.perf_counter`) when its last frame was sent."""
        samples = audio.resampled(self.rate_hz).samples
        size = round(FRAME_SECONDS * self.rate_hz)
        padded = np.pad(samples, (0, -len(samples) % size))
        if not len(padded):
            return time.perf_counter()
        self._silent.clear()
        self._frames.extend(np.split(padded, len(padded) // size))
        await self._silent.wait()
        return self._last_at

    async def frames(self) -> AsyncGenerator[Samples, None]:
        silence = np.zeros(round(FRAME_SECONDS * self.rate_hz), np.float32)
        # An absolute schedule: what sending takes does not add up.
        due = time.perf_counter()
        while True:
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if not self._frames:
                yield silence
                continue
            yield self._frames.popleft()
            if not self._frames:
                self._last_at = time.perf_counter()
                self._silent.set()


class TimedLoudspeaker:
    """Plays in real time, into a recording if there is one."""

    lag_seconds = 0.0

    def __init__(self, recording: WavRecording | None = None) -> None:
        self.playback = Playback(REPLY_RATE_HZ)
        self._recording = recording
        self._began = time.perf_counter()
        self._taken = 0

    def advance(self) -> None:
        rate_hz = self.playback.rate_hz
        at = self._began + self._taken / rate_hz
        count = int((time.perf_counter() - at) * rate_hz)
        if count <= 0:
            return
        block = self.playback.take(count, at)
        self._taken += count
        if self._recording is not None:
            self._recording.write(block)


class WavRecording:
    """A mono 16-bit WAV file that grows while it is recorded."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Raises OSError when the file cannot be written."""
        self._file = path.open("wb")
        self._writer = wave.open(self._file, "wb")  # noqa: SIM115
        self._writer.setnchannels(1)
        self._writer.setsampwidth(PCM16_BYTES)
        self._writer.setframerate(rate_hz)

    def write(self, samples: Samples) -> None:
        """Append mono float32 samples in [-1, 1]."""
        self._writer.writeframes(float_to_pcm16(samples))

    def close(self) -> None:
        """Complete the file."""
        self._writer.close()
        self._file.close()
