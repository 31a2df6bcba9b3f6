"""Piper inside its worker process: voices loaded once, the least used one out."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from common.errors import EngineFailed
from tts_app.core.onnx_graph import graph_facts, with_output
from tts_app.core.word_times import ClauseWords, WordTime

# The lengths of a usual first clause; the first run of each length is a slow one.
WARM_UP = (
    "Ready.",
    "The library closes at nine.",
    "This is what a first clause is like,",
)


@dataclass(frozen=True)
class PiperOptions:
    """What a worker is built with; it travels to the process."""

    onnx: str
    config: str
    threads: int
    max_voices: int
    memory_mb: int = 1_500


@dataclass(frozen=True)
class PiperJob:
    """One clause for one voice; None leaves a value to the voice."""

    onnx: str
    config: str
    text: str
    speaker: int | None = None
    length_scale: float | None = None
    noise_scale: float | None = None
    noise_w: float | None = None
    speed: float = 1.0
    volume: float = 1.0
    word_times: bool = False
    stamp: int = 0
    """Tells a voice from another one that was put in its place."""


@dataclass(frozen=True)
class LoadedVoice:
    """A voice in memory, and about how much of it."""

    voice: Any
    stamp: int
    megabytes: float


Spoken = tuple[int, npt.NDArray[np.float32], tuple[WordTime, ...]]
"""Rate in Hz, samples, and the words when they were asked for and can be told."""


class PiperWorker:
    """The Handler of the Piper pool."""

    def __init__(self, options: PiperOptions) -> None:
        self._options = options
        self._voices: OrderedDict[str, LoadedVoice] = OrderedDict()

    def load(self) -> dict[str, Any]:
        onnx, config = self._options.onnx, self._options.config
        for text in WARM_UP:
            for _ in self.handle(PiperJob(onnx, config, text)):
                pass
        return {"threads": self._options.threads}

    def handle(self, job: PiperJob) -> Iterator[Spoken]:
        """One item for each sentence that Piper finds in the text."""
        from piper import SynthesisConfig

        voice = self._voice(job)
        slowness = job.length_scale or voice.config.length_scale
        how = SynthesisConfig(
            speaker_id=job.speaker,
            length_scale=slowness / job.speed,
            noise_scale=job.noise_scale,
            noise_w_scale=job.noise_w,
            volume=job.volume,
        )
        text = _closed(job.text)
        words = ClauseWords(text, voice.phonemize) if job.word_times else None
        chunks = voice.synthesize(text, how, include_alignments=job.word_times)
        for chunk in chunks:
            samples = np.asarray(chunk.audio_float_array, np.float32).reshape(-1)
            yield chunk.sample_rate, samples, _times(words, chunk)

    @property
    def loaded(self) -> list[str]:
        """Paths of the voices in memory, the least recently used one first."""
        return list(self._voices)

    def _voice(self, job: PiperJob) -> Any:
        loaded = self._voices.pop(job.onnx, None)
        if loaded is None or (job.stamp and loaded.stamp not in (0, job.stamp)):
            loaded = self._load(job)
        self._voices[job.onnx] = loaded
        while self._is_too_much():
            self._voices.popitem(last=False)
        return loaded.voice

    def _load(self, job: PiperJob) -> LoadedVoice:
        before = psutil.Process().memory_info().rss
        voice = load_voice(job.onnx, job.config, self._options.threads)
        grown = psutil.Process().memory_info().rss - before
        # Memory that an earlier voice gave back hides a part of the growth.
        size = max(grown, Path(job.onnx).stat().st_size)
        return LoadedVoice(voice, job.stamp, size / 1e6)

    def _is_too_much(self) -> bool:
        total = sum(voice.megabytes for voice in self._voices.values())
        too_many = len(self._voices) > self._options.max_voices
        return len(self._voices) > 1 and (too_many or total > self._options.memory_mb)


def load_voice(onnx: str, config: str, threads: int) -> Any:
    """A PiperVoice whose ONNX session has the given number of threads."""
    try:
        import onnxruntime
        from piper import PiperVoice
        from piper.config import PiperConfig
    except ImportError as error:
        raise EngineFailed(
            "Piper is not installed. Mend it with: pip install -r requirements/base.txt"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait would take the cores from the other engines.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        with open(config, encoding="utf-8") as file:  # noqa: PTH123 - given as a string
            settings = PiperConfig.from_dict(json.load(file))
        with open(onnx, "rb") as file:  # noqa: PTH123
            # From memory, because a model file may name other files to be read.
            model = file.read()
            facts = graph_facts(model)
        if facts.durations and len(facts.outputs) == 1:
            model = with_output(model, facts.durations)
        session = onnxruntime.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise EngineFailed(
            f"The voice {os.path.basename(onnx)} cannot be loaded: {error}"  # noqa: PTH119
        ) from error
    return PiperVoice(config=settings, session=session)


def _times(words: ClauseWords | None, chunk: Any) -> tuple[WordTime, ...]:
    if words is None:
        return ()
    alignments = chunk.phoneme_alignments
    if not alignments:
        words.skip(chunk.phonemes)
        return ()
    sounds = [(each.phoneme, int(each.num_samples)) for each in alignments]
    return words.times(sounds, chunk.sample_rate)


def _closed(text: str) -> str:
    """With a full stop where none is, so that the voice comes to an end."""
    return f"{text}." if text[-1:].isalnum() else text
