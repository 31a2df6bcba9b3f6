"""Whisper for short utterances, without encoding the rest of its 30 s window.

Only the frames that hold sound are encoded. The decoder was trained on 1,500
positions and loops when it sees fewer, so the rest is filled with the encoder's
states for faint white noise: computed once, and read as "nothing more is said".
To encode fewer frames is also what `audio_ctx` of whisper.cpp does.
"""

from __future__ import annotations

from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from common.audio import SPEECH_RATE_HZ
from stt_app.core.whisper.model import LiveWhisper

_WINDOW_SECONDS = 30
_WINDOW_FRAMES = 3000
_MARGIN_FRAMES = 200
_STEP_FRAMES = 100
"""The encoder caches buffers for each input length and never frees them: few lengths
keep its memory small."""
_NOISE_AMPLITUDE = 1e-3

States = NDArray[np.float32]


class ShortWindowWhisper(LiveWhisper):
    """Encodes a short window for languages in `short_languages`, else the full one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.short_languages: frozenset[str] = frozenset()
        self._short = False
        self._names_language = False
        self._head_positions = 0
        self._tail = states_array(super()._encode_anew(self._noise()))

    @property
    def short(self) -> bool:
        """Whether the window is currently short."""
        return self._short

    def use_window(self, *, short: bool) -> None:
        """Choose the window for the following audio."""
        if short != self._short:
            self._short = short
            self._encoded = None

    def detect_language(
        self, audio: Any = None, features: Any = None, **options: Any
    ) -> Any:
        """The language. The window grows where that language needs the full one."""
        self._names_language = True
        try:
            found = super().detect_language(audio, features, **options)
        finally:
            self._names_language = False
        if found[0] not in self.short_languages:
            self.use_window(short=False)
        return found

    def encode(self, features: Any) -> Any:
        encoded = super().encode(features)
        if not self._names_language or not self._head_positions:
            return encoded
        # One token cannot loop, and the tail takes most of the time and adds nothing.
        return storage(states_array(encoded)[:, : self._head_positions])

    def _encode_anew(self, features: Any) -> Any:
        frames = window_frames(features)
        self._head_positions = 0
        if not self._short or frames >= _WINDOW_FRAMES:
            return super()._encode_anew(features)
        head = states_array(super()._encode_anew(features[..., :frames]))
        self._head_positions = head.shape[1]
        tail = np.broadcast_to(self._tail[:, head.shape[1] :], self._rest_of(head))
        return storage(np.concatenate([head, tail], axis=1))

    def _rest_of(self, head: States) -> tuple[int, int, int]:
        batch, positions, depth = head.shape
        return batch, self._tail.shape[1] - positions, depth

    def _noise(self) -> NDArray[np.float32]:
        generator = np.random.default_rng(0)
        noise = generator.standard_normal(_WINDOW_SECONDS * SPEECH_RATE_HZ)
        samples = (noise * _NOISE_AMPLITUDE).astype(np.float32)
        features: NDArray[np.float32] = self.feature_extractor(samples)
        return features[:, :_WINDOW_FRAMES]


def window_frames(features: NDArray[np.float32]) -> int:
    """How many frames a short window takes: those with sound, and a margin.

    `features` is a log-mel spectrogram, float32 of shape (..., mels, frames), with a
    frame every 10 ms.
    """
    wanted = sounding_frames(features) + _MARGIN_FRAMES
    return -(-wanted // _STEP_FRAMES) * _STEP_FRAMES


def sounding_frames(features: NDArray[np.float32]) -> int:
    """Frames up to the last that is not padding; faster-whisper pads with zeros.

    `features` is a log-mel spectrogram, float32 of shape (..., mels, frames).
    """
    by_frame = np.abs(features).reshape(-1, features.shape[-1]).max(axis=0)
    used = np.flatnonzero(by_frame)
    return int(used[-1]) + 1 if len(used) else 0


def states_array(view: Any) -> States:
    """The encoder's states: float32, shape (batch, positions, depth)."""
    if view.device != "cpu":
        view = view.to_device(ctranslate2.Device.cpu)
    return np.array(view.to(ctranslate2.DataType.float32))


def storage(states: States) -> Any:
    """The states as CTranslate2 takes them; the model moves them to its device.

    They are float32, shape (batch, positions, depth).
    """
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(states))
