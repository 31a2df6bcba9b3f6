"""Voice activity: how probable it is that a 32 ms frame holds speech.

The model is Silero VAD v6: https://github.com/snakers4/silero-vad
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples, rms
from common.errors import EngineFailed
from stt_app.core.endpointing.speech_level import SpeechLevel

FRAME_SAMPLES = 512
"""Silero's frame at 16 kHz: 32 ms."""

_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (1, 1, 128)


class VoiceDetector(Protocol):
    """Detects speech in one stream, frame by frame."""

    def probability(self, frame: Samples) -> float:
        """The probability, 0 to 1, that this frame is speech.

        `frame` is mono float32 at 16 kHz, from -1 to 1, shape (FRAME_SAMPLES,).
        """


class VadModel(Protocol):
    """Makes a detector for each stream."""

    def start(self) -> None:
        """Load the shared model. Raises EngineFailed."""

    def detector(self, silence_rms_threshold: float) -> VoiceDetector: ...


class SileroVad:
    """Silero's model, loaded once and shared; the streams keep their own state.

    A frame takes about 0.1 ms, so it may run in the event loop.
    """

    def __init__(self) -> None:
        self._session: Any = None

    def start(self) -> None:
        """Load the model that comes with faster-whisper. Raises EngineFailed."""
        if self._session is not None:
            return
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(_asset()), options, providers=["CPUExecutionProvider"]
        )

    def detector(self, silence_rms_threshold: float) -> SileroDetector:
        """A detector for a new stream."""
        self.start()
        return SileroDetector(self._session, silence_rms_threshold)


class SileroDetector:
    """The state of one stream: Silero's memory, the end of the previous frame, and the
    level of the speech."""

    def __init__(self, session: Any, silence_rms_threshold: float) -> None:
        self._session = session
        self._level = SpeechLevel(silence_rms_threshold, FRAME_SAMPLES / SPEECH_RATE_HZ)
        self._h = np.zeros(_STATE_SHAPE, np.float32)
        self._c = np.zeros(_STATE_SHAPE, np.float32)
        self._heard = np.zeros((1, _CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)

    def probability(self, frame: Samples) -> float:
        """Silero's answer, 0 to 1; 0 for a frame that is too quiet to be speech.

        `frame` is mono float32 at 16 kHz in [-1, 1], shape (FRAME_SAMPLES,).
        """
        heard, frame_rms = self._heard, rms(frame)
        heard[0, :_CONTEXT_SAMPLES] = heard[0, -_CONTEXT_SAMPLES:]
        heard[0, _CONTEXT_SAMPLES:] = frame
        window = heard * np.float32(self._level.gain(frame_rms))
        given = {"input": window, "h": self._h, "c": self._c}
        answer, self._h, self._c = self._session.run(None, given)
        found = float(answer.reshape(-1)[0])
        if self._level.too_quiet(frame_rms):
            found = 0.0
        self._level.hear(frame_rms, found)
        return found


def _asset() -> Path:
    package = find_spec("faster_whisper")
    if package is None or package.origin is None:
        raise EngineFailed(
            "Voice activity detection needs faster-whisper: "
            "`pip install -r requirements/base.txt`."
        )
    return Path(package.origin).parent / "assets" / "silero_vad_v6.onnx"
