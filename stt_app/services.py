"""What the speech-to-text doors share within a process."""

from __future__ import annotations

from typing import Any

from common.config import Config
from gateway_app.history.records import HistoryWriter
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.engine_load import EngineLoad
from stt_app.core.whisper.engine import WhisperEngine
from stt_app.resume.streams import Streams


def whisper_engine(config: Config) -> WhisperEngine:
    """The engine that `stt_engine: whisper` names, not started."""
    return WhisperEngine(config, config)


def stt_services(config: Config, history: HistoryWriter) -> dict[str, Any]:
    """All of it but the engine, by the names in scope["state"]."""
    return {
        "vad": SileroVad(),
        "load": EngineLoad(config.stt_lag_limit_seconds),
        "streams": Streams(config, history),
    }
