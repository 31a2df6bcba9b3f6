"""Piper inside its worker process: voices loaded once, the least used one out."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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


Spoken = tuple[int, npt.NDArray[np.float32], tuple[WordTime, ...]]
"""Rate in Hz, samples, and the words when they were asked for and can be told."""


class PiperWorker:
    """The Handler of the Piper pool."""

    def __init__(self, options: PiperOptions) -> None:
        self._options = options
        self._voices: OrderedDict[str, Any] = OrderedDict()

    def load(self) -> dict[str, Any]:
        onnx, config = self._options.onnx, self._options.config
        for text in WARM_UP:
            for _ in self.handle(PiperJob(onnx, config, text)):
                pass
        return {"threads": self._options.threads}

    def handle(self, job: PiperJob) -> Iterator[Spoken]:
        """One item for each sentence that Piper finds in the text."""
        from piper import SynthesisConfig

        voice = self._voice(job.onnx, job.config)
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

    def _voice(self, onnx: str, config: str) -> Any:
        if onnx in self._voices:
            self._voices.move_to_end(onnx)
            return self._voices[onnx]
        voice = load_voice(onnx, config, self._options.threads)
        self._voices[onnx] = voice
        while len(self._voices) > self._options.max_voices:
            self._voices.popitem(last=False)
        return voice


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
