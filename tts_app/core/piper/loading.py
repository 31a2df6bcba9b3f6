"""Loads a Piper voice: in two halves if its graph allows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from common.errors import EngineFailed
from tts_app.core.piper.graph_split import Halves, halves_of
from tts_app.core.piper.onnx_graph import graph_facts, with_output
from tts_app.core.piper.voice import Voice
from tts_app.core.piper.voice_config import read_voice_config

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class VoiceDefaults:
    """Defaults for all voices; None leaves a value to the voice."""

    length_scale: float | None = None
    noise_scale: float | None = None
    noise_w: float | None = None

    def apply(self, piper_config: Any) -> None:
        """Override the voice's own configuration with them."""
        if self.length_scale is not None:
            piper_config.length_scale = self.length_scale
        if self.noise_scale is not None:
            piper_config.noise_scale = self.noise_scale
        if self.noise_w is not None:
            piper_config.noise_w_scale = self.noise_w


NO_DEFAULTS = VoiceDefaults()


class BrokenVoice(EngineFailed):
    """The files of a voice cannot be loaded, and will not be until they change."""


def load_voice(
    onnx: str, config: str, threads: int, defaults: VoiceDefaults = NO_DEFAULTS
) -> Voice:
    """A voice whose ONNX sessions have the given number of threads.

    Raises BrokenVoice, or EngineFailed when there is no memory for it.
    """
    try:
        import onnxruntime  # noqa: F401
        from piper.config import PiperConfig
    except ImportError as error:
        raise EngineFailed(
            "Piper is not installed. Fix it with: pip install -r requirements/base.txt"
        ) from error
    try:
        settings = PiperConfig.from_dict(read_voice_config(Path(config)))
        defaults.apply(settings)
        # From memory, because a model file may refer to other files.
        return _loaded(Path(onnx).read_bytes(), settings, threads)
    except MemoryError as error:
        raise EngineFailed("There is no memory for the voice.") from error
    except Exception as error:
        raise BrokenVoice(
            f"The voice {Path(onnx).name} cannot be loaded: {error}"
        ) from error


def _loaded(model: bytes, settings: Any, threads: int) -> Voice:
    from piper import PiperVoice

    facts = graph_facts(model)
    if len(facts.outputs) == 1:
        halves = halves_of(model, facts.durations)
        if halves and (early := _early_voice(halves, settings, threads)):
            return early
        if facts.durations:
            model = with_output(model, facts.durations)
    return Voice(PiperVoice(config=settings, session=_session(model, threads)))


def _early_voice(halves: Halves, settings: Any, threads: int) -> Voice | None:
    """None if the halves do not reproduce the voice."""
    from piper import PiperVoice

    try:
        return Voice(
            PiperVoice(config=settings, session=_session(halves.acoustic, threads)),
            _session(halves.vocoder, threads),
            halves.vocoder_inputs,
        )
    except Exception as error:  # noqa: BLE001 - it may be a good voice in one piece
        log.warning("voice cannot stream", reason=str(error))
        return None


def _session(model: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take CPU from the other engines.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model, sess_options=options, providers=["CPUExecutionProvider"]
    )
