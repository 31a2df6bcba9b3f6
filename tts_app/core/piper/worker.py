"""The Piper worker: loads voices once, unloads the least recently used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tts_app.core.engine import SpeechPart, SynthesisRequest, WordTime
from tts_app.core.piper.loading import NO_DEFAULTS, VoiceDefaults, load_voice
from tts_app.core.piper.voice import Sentence, Voice
from tts_app.core.piper.word_times import ClauseWords

# Lengths of typical first clauses; the first run of each length is slow.
WARM_UP = (
    "Ready.",
    "The library closes at nine.",
    "This is what a first clause is like,",
)


@dataclass(frozen=True, kw_only=True)
class PiperOptions:
    """The configuration of a worker, pickled to its process."""

    onnx: str
    config: str
    threads: int
    max_voices: int
    memory_mb: int = 1_500
    defaults: VoiceDefaults = NO_DEFAULTS


@dataclass(frozen=True, kw_only=True)
class PiperJob:
    """One clause, and the files of its voice."""

    request: SynthesisRequest
    onnx: str
    config: str
    early: bool = False
    """Whether to return a short first chunk, because a user is waiting."""
    stamp: int = 0
    """Distinguishes a voice from a replacement at the same path."""


@dataclass(frozen=True)
class LoadedVoice:
    """A loaded voice, and its approximate memory."""

    voice: Voice
    stamp: int
    megabytes: float


class PiperWorker:
    """The Handler of the Piper pool."""

    def __init__(self, options: PiperOptions) -> None:
        self._options = options
        self._voices: OrderedDict[str, LoadedVoice] = OrderedDict()

    def load(self) -> dict[str, Any]:
        onnx, config = self._options.onnx, self._options.config
        for text in WARM_UP:
            request = SynthesisRequest(text)
            job = PiperJob(request=request, onnx=onnx, config=config, early=True)
            for _ in self.handle(job):
                pass
        return {"threads": self._options.threads}

    def handle(self, job: PiperJob) -> Iterator[SpeechPart]:
        """The audio of each sentence that Piper finds in the text, as it is made.

        It is mono float32 in [-1, 1] at the voice's rate. Raises BadValue when the voice
        has no such speaker, or EngineFailed when it cannot be loaded.
        """
        voice = self._voice(job)
        request, early = job.request, job.early
        text = _closed(request.text)
        words = ClauseWords(text, voice.phonemize) if request.word_times else None
        for phonemes in voice.phonemize(text):
            sentence = voice.say(phonemes, request.settings, early=early)
            times = _times(words, phonemes, sentence, voice.rate_hz)
            for part in sentence.parts:
                yield SpeechPart(part.samples, voice.rate_hz, times, part.is_last)
                times = ()
            early = False

    @property
    def loaded(self) -> list[str]:
        """Paths of the voices in memory, the least recently used one first."""
        return list(self._voices)

    def _voice(self, job: PiperJob) -> Voice:
        loaded = self._voices.pop(job.onnx, None)
        if loaded is None or (job.stamp and loaded.stamp not in (0, job.stamp)):
            loaded = self._load(job)
        self._voices[job.onnx] = loaded
        while self._is_too_much():
            self._voices.popitem(last=False)
        return loaded.voice

    def _load(self, job: PiperJob) -> LoadedVoice:
        before = psutil.Process().memory_info().rss
        voice = load_voice(
            job.onnx, job.config, self._options.threads, self._options.defaults
        )
        grown = psutil.Process().memory_info().rss - before
        # Memory freed by an earlier voice hides a part of the growth.
        size = max(grown, Path(job.onnx).stat().st_size)
        return LoadedVoice(voice, job.stamp, size / 1e6)

    def _is_too_much(self) -> bool:
        total = sum(voice.megabytes for voice in self._voices.values())
        too_many = len(self._voices) > self._options.max_voices
        return len(self._voices) > 1 and (too_many or total > self._options.memory_mb)


def _times(
    words: ClauseWords | None, phonemes: Sequence[str], sentence: Sentence, rate_hz: int
) -> tuple[WordTime, ...]:
    if words is None:
        return ()
    if not sentence.sounds:
        words.skip(phonemes)
        return ()
    return words.times(sentence.sounds, rate_hz)


def _closed(text: str) -> str:
    """With a final full stop, so that the voice ends the sentence."""
    return f"{text}." if text[-1:].isalnum() else text
