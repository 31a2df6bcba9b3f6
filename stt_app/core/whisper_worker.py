"""Whisper at work: runs inside a worker process and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from common.audio import SPEECH_RATE_HZ
from common.cuda import add_cuda_folders
from stt_app.core.engine import Transcript, Utterance, Word
from stt_app.core.languages import AUTO
from stt_app.core.whisper_device import Device, choose_device
from stt_app.core.whisper_model import MOST_NEW_TOKENS, LiveWhisper
from stt_app.core.whisper_options import WhisperOptions
from stt_app.core.whisper_text import TextPiece, confidence, usable_pieces

_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_TOKENS_PER_SECOND = 16
_SPARE_TOKENS = 24
_WARM_UP_SECONDS = 1.0


class WhisperWorker:
    """Loads one model and transcribes one utterance after the other."""

    def __init__(self, options: WhisperOptions) -> None:
        self._options = options
        self._model: Any = None

    def load(self) -> dict[str, Any]:
        """Load on the best device that works, and warm up."""
        added = [str(path) for path in add_cuda_folders(self._options.library_folders)]
        wanted = choose_device(self._options.device, self._options.compute_type)
        device, fallback = wanted, None
        try:
            self._load_on(wanted)
        except Exception as error:
            if wanted.name != "cuda":
                raise
            # A broken or half-installed CUDA must not keep the server from working.
            fallback = f"{type(error).__name__}: {error}"
            device = choose_device("cpu", self._options.compute_type)
            self._load_on(device)
        return {
            "device": device.name,
            "compute_type": self._model.model.compute_type,
            "threads": self._options.threads,
            "multilingual": self._model.model.is_multilingual,
            "cuda_folders": added,
            "fallback": fallback,
        }

    def _load_on(self, device: Device) -> None:
        self._model = LiveWhisper(
            str(self._options.folder),
            device=device.name,
            compute_type=device.compute_type,
            cpu_threads=self._options.threads,
            local_files_only=True,
        )
        # CUDA's libraries are looked for at the first use, not at loading.
        noise = np.random.default_rng(0).standard_normal(
            int(_WARM_UP_SECONDS * SPEECH_RATE_HZ)
        )
        self._transcribe(Utterance((noise * 0.01).astype(np.float32), "en"))

    def handle(self, utterance: Utterance) -> Iterator[Transcript]:
        """The transcript of one utterance."""
        yield self._transcribe(utterance)

    def _transcribe(self, utterance: Utterance) -> Transcript:
        segments, info = self._model.transcribe(
            utterance.samples,
            **self._wanted(utterance),
            beam_size=self._options.beam,
            temperature=_TEMPERATURES,
            condition_on_previous_text=False,
            max_new_tokens=_token_limit(utterance.seconds),
        )
        pieces = usable_pieces([_piece(each) for each in segments], utterance.seconds)
        return Transcript(
            text="".join(piece.text for piece in pieces).strip(),
            language=info.language,
            language_probability=float(info.language_probability),
            confidence=confidence(pieces),
            model=self._options.name,
            words=tuple(word for piece in pieces for word in piece.words),
        )

    def _wanted(self, utterance: Utterance) -> dict[str, Any]:
        """What the utterance asks for, as faster-whisper calls it."""
        language: str | None = utterance.language
        task: str = utterance.task
        if not self._model.model.is_multilingual:
            # A model that knows only English has nothing to translate from.
            language, task = "en", "transcribe"
        return {
            "language": None if language == AUTO else language,
            "task": task,
            "initial_prompt": utterance.prompt.strip() or None,
            "hotwords": utterance.hotwords.strip() or None,
            "word_timestamps": utterance.word_timestamps,
        }


def _piece(segment: Any) -> TextPiece:
    return TextPiece(
        segment.text,
        segment.start,
        segment.compression_ratio,
        segment.avg_logprob,
        len(segment.tokens),
        tuple(
            Word(each.word.strip(), each.start, each.end, each.probability)
            for each in segment.words or ()
        ),
    )


def _token_limit(seconds: float) -> int:
    """More tokens than anybody says in that time, so that a loop ends early."""
    return min(math.ceil(seconds * _TOKENS_PER_SECOND) + _SPARE_TOKENS, MOST_NEW_TOKENS)
