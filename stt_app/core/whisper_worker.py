"""Whisper at work: runs inside a worker process and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from common.audio import SPEECH_RATE_HZ, Samples
from common.cuda import add_cuda_folders
from stt_app.core.engine import Transcript
from stt_app.core.whisper_device import Device, choose_device
from stt_app.core.whisper_options import WhisperOptions, WhisperRequest
from stt_app.core.whisper_text import TextPiece, confidence, usable_pieces

_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_TOKENS_PER_SECOND = 16
_SPARE_TOKENS = 24
_MOST_TOKENS = 220
_WARM_UP_SECONDS = 1.0


class OnceEncodedWhisper(WhisperModel):  # type: ignore[misc]
    """Encodes an utterance once, although detecting the language and writing both ask."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._encoded: tuple[Any, Any] | None = None

    def detect_language(
        self, audio: Any = None, features: Any = None, **options: Any
    ) -> Any:
        # The transcription that follows leaves the last frame out.
        shorter = None if features is None else features[..., :-1]
        return super().detect_language(audio, shorter, **options)

    def encode(self, features: Any) -> Any:
        if self._encoded is not None and np.array_equal(self._encoded[0], features):
            return self._encoded[1]
        encoded = super().encode(features)
        self._encoded = features, encoded
        return encoded


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
        self._model = OnceEncodedWhisper(
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
        self._transcribe((noise * 0.01).astype(np.float32), "en")

    def handle(self, request: WhisperRequest) -> Iterator[Transcript]:
        """The transcript of one utterance."""
        yield self._transcribe(request.samples, request.language)

    def _transcribe(self, samples: Samples, language: str | None) -> Transcript:
        seconds = len(samples) / SPEECH_RATE_HZ
        segments, info = self._model.transcribe(
            samples,
            language=language,
            beam_size=self._options.beam,
            temperature=_TEMPERATURES,
            condition_on_previous_text=False,
            max_new_tokens=_token_limit(seconds),
        )
        pieces = usable_pieces(
            [
                TextPiece(
                    each.text,
                    each.start,
                    each.compression_ratio,
                    each.avg_logprob,
                    len(each.tokens),
                )
                for each in segments
            ],
            seconds,
        )
        return Transcript(
            text="".join(piece.text for piece in pieces).strip(),
            language=info.language,
            language_probability=float(info.language_probability),
            confidence=confidence(pieces),
            model=self._options.name,
        )


def _token_limit(seconds: float) -> int:
    """More tokens than anybody says in that time, so that a loop ends early."""
    return min(math.ceil(seconds * _TOKENS_PER_SECOND) + _SPARE_TOKENS, _MOST_TOKENS)
