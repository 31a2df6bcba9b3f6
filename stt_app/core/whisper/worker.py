"""The Whisper worker: runs only inside a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from common.audio import SPEECH_RATE_HZ
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.whisper.batching import run_batched
from stt_app.core.whisper.cuda import add_cuda_folders
from stt_app.core.whisper.decoding import Decoding
from stt_app.core.whisper.requests import WhisperOptions, WhisperReply, WhisperRequest
from stt_app.core.whisper.resources import Device, choose_batch_size, choose_device
from stt_app.core.whisper.short_window import ShortWindowWhisper
from stt_app.core.whisper.window_table import short_languages

_WARM_UP_SECONDS = 4.0


class WhisperWorker:
    """Loads one model and transcribes utterances, alone or a few at once."""

    def __init__(self, options: WhisperOptions) -> None:
        self._options = options
        self._model: Any = None

    def load(self) -> dict[str, Any]:
        """Load on the best device that works, and warm up.

        Raises the library's error when the model does not load on the CPU either.
        """
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
            "short_window": sorted(self._model.short_languages),
            "batch_size": self._batch_size(device),
            "cuda_folders": added,
            "fallback": fallback,
        }

    def _load_on(self, device: Device) -> None:
        options = self._options
        self._model = ShortWindowWhisper(
            str(options.folder),
            device=device.name,
            compute_type=device.compute_type,
            cpu_threads=options.threads,
            local_files_only=True,
        )
        self._model.short_languages = short_languages(
            options.window, options.name, device.name
        )
        self._warm_up(self._batch_size(device))

    def _batch_size(self, device: Device) -> int:
        return self._options.batch_size or choose_batch_size(device)

    def _warm_up(self, batch_size: int) -> None:
        """Warm-up: run every kind of work once, which loads CUDA's libraries and
        allocates memory."""
        list(self.handle(_noise(guarded=True)))
        if batch_size > 1:
            list(self.handle_batch([_noise(guarded=False)] * batch_size))

    def handle(self, request: WhisperRequest) -> Iterator[WhisperReply]:
        """The transcript of one utterance."""
        yield self._decode(request, self._model.model)

    def handle_batch(
        self, requests: list[WhisperRequest]
    ) -> Iterator[tuple[int, WhisperReply]]:
        """The transcripts of several utterances, each as soon as it is ready."""
        works = [partial(self._decode, request) for request in requests]
        yield from run_batched(self._model.model, works)

    def _decode(self, request: WhisperRequest, generator: Any) -> WhisperReply:
        model = self._model.for_one_utterance(generator)
        return Decoding(model, request, self._options.name).run()


def _noise(*, guarded: bool) -> WhisperRequest:
    """Noise labelled as speech; with guards, it goes through both windows."""
    generator = np.random.default_rng(0)
    noise = generator.standard_normal(int(_WARM_UP_SECONDS * SPEECH_RATE_HZ)) * 0.01
    return WhisperRequest(TranscriptionRequest(noise.astype(np.float32), "en"), guarded)
