"""What is decoded for a final and its interim results, and how late the final is for it.

Sessions run in virtual time (`benchmarks/virtual_time.py`), so the machine need not be
quiet; the bare library decodes each recording once, in turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.corpus import LEFT_OUT, error_percent, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.offline import Offline
from benchmarks.quality import Partial, steadiness
from benchmarks.report import milliseconds, table
from benchmarks.virtual_time import Clock, Told, VirtualEngine, VirtualPool, stream
from common.audio import SPEECH_RATE_HZ, Samples
from common.config import Config, load_config
from common.config.speech import ListeningSettings
from common.models.files import find_whisper
from common.workers import Priority
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.events import (
    EndReason,
    InterimResult,
    SpeechEnded,
    UtteranceTranscribed,
)
from stt_app.core.session.options import Options
from stt_app.core.whisper.requests import WhisperOptions
from stt_app.core.whisper.worker import WhisperWorker
from tests.word_errors import Recording

SILENCES_SECONDS = (0.7, 0.3)
AFTER_SECONDS = 1.5


@dataclass
class Counted:
    """All streams with one silence limit."""

    texts: list[str] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)
    """Processor seconds of each text that was prepared or asked for as final."""
    late: list[float] = field(default_factory=list)
    """From the endpoint to its text."""
    after_speech: list[float] = field(default_factory=list)
    """From the end of speech, as voice activity detection has it, to its text."""
    processor_seconds: float = 0.0
    audio_seconds: float = 0.0
    redecoded: int = 0
    partials: int = 0
    stable: int = 0
    broken: int = 0

    def take(self, told: Told, audio_seconds: float) -> None:
        """Count one stream."""
        finals = [(at, each) for at, each in told.of(UtteranceTranscribed) if each.text]
        self.texts.append(" ".join(each.text for _, each in finals))
        self.audio_seconds += audio_seconds
        self.processor_seconds += sum(each.seconds for each in told.decoded)
        not_partial = [
            each for each in told.decoded if each.priority < Priority.INTERIM
        ]
        self.finals += [each.seconds for each in not_partial]
        self.redecoded += sum(each.reply.redecoded is not None for each in not_partial)
        decided = {
            each.utterance_id: (at, each.speech_end_sample / SPEECH_RATE_HZ)
            for at, each in told.of(SpeechEnded)
            if each.reason is not EndReason.LIMIT
        }
        for at, final in finals:
            if final.utterance_id in decided:
                decided_at, end = decided[final.utterance_id]
                self.late.append(at - decided_at)
                self.after_speech.append(at - end)
            self._take_partials(told, final.utterance_id, final.text)

    def _take_partials(self, told: Told, number: int, text: str) -> None:
        partials = [
            Partial(each.text, each.stable_text)
            for _, each in told.of(InterimResult)
            if each.utterance_id == number
        ]
        found = steadiness(partials, text)
        self.partials += found.partials
        self.stable += found.stable
        self.broken += found.broken


def run(flags: Flags) -> str:
    """A table for each model."""
    clips = short_english(flags)
    if not clips:
        return LEFT_OUT.format(name="pauses")
    return "\n".join(_table(model, clips) for model in flags.models)


def _table(model: str, clips: Sequence[Recording]) -> str:
    counted = {silence: Counted() for silence in SILENCES_SECONDS}
    bare = asyncio.run(_hear(model, clips, counted))
    rows = [
        [
            "bare library, whole recording",
            milliseconds(bare),
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ]
    ]
    for silence, each in counted.items():
        load = each.processor_seconds / each.audio_seconds
        rows.append(
            [
                f"{silence} s",
                milliseconds(each.finals),
                f"{each.redecoded} of {len(each.finals)}",
                f"{load:.2f}",
                milliseconds(each.late),
                milliseconds(each.after_speech),
                f"{each.partials / max(1, len(each.late)):.1f}",
                f"{each.broken} of {each.stable}",
                f"{error_percent(clips, each.texts):.1f} %",
            ]
        )
    header = [
        "endpoint silence",
        "CPU time of a speculative final",
        "decoded again",
        "CPU time per second of audio",
        "endpoint to final",
        "end of speech to final",
        "interim results per utterance",
        "stable words different in the final",
        "word error rate",
    ]
    return table(f"Pauses, {model}, in virtual time", header, rows)


async def _hear(
    model: str, clips: Sequence[Recording], counted: dict[float, Counted]
) -> list[float]:
    """Counts; returns the processor seconds of the bare library."""
    config = load_config({"WHISPER_MODEL_NAME": model}).config
    clock = Clock()
    pool = VirtualPool(WhisperWorker(_options(config, model)), clock)
    engine, vad, offline = VirtualEngine(config, pool), SileroVad(), Offline(model, 1)
    bare = []
    for clip in clips:
        samples = samples_of(clip)
        before = time.process_time()
        offline.text(samples, language=None)
        bare.append(time.process_time() - before)
        for silence, each in counted.items():
            told = await stream(
                engine,
                pool,
                clock,
                vad,
                _with_silence(samples),
                Options(interim_results=True, silence_max_seconds=silence),
                ListeningSettings(),
            )
            each.take(told, clip.seconds)
    return bare


def _options(config: Config, model: str) -> WhisperOptions:
    """On one core, so that its processor time holds no waiting for another."""
    folder = find_whisper(model, config)
    return WhisperOptions(model, folder, "cpu", "auto", threads=1)


def _with_silence(samples: Samples) -> Samples:
    quiet = np.zeros(round(AFTER_SECONDS * SPEECH_RATE_HZ), np.float32)
    return np.concatenate([samples, quiet])
