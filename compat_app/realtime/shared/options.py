"""The configuration of a session as options of live transcription."""

from __future__ import annotations

from typing import Any

from chat_app.conversation.options import LONGEST_PAUSE_SECONDS
from common.config.speech import ListeningSettings
from compat_app.hotwords import fitting
from compat_app.realtime.shared.session import (
    SemanticVad,
    ServerVad,
    SessionConfig,
    Transcription,
)
from stt_app.core.codecs.decoders import Encoding
from stt_app.core.language_tags import find_language
from stt_app.core.languages import AUTO
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS, Options

_ENCODINGS: dict[str, Encoding] = {
    "audio/pcm": "pcm_s16le",
    "audio/pcmu": "mulaw",
    "audio/pcma": "alaw",
}
_SILENCE_SECONDS = {"high": 0.4, "medium": 0.8, "auto": 0.8, "low": 1.6}
"""By eagerness, where there is no turn model."""
_LONGEST_SECONDS = {**LONGEST_PAUSE_SECONDS, "auto": LONGEST_PAUSE_SECONDS["medium"]}
"""By eagerness, for a turn that seems incomplete."""
_CLIENT_SILENCE_SECONDS = 2.0
"""With a client that commits, a pause this long ends a part of the turn, so that it is
transcribed before the commit. The parts are joined."""
_CLIENT_THRESHOLD = 0.35
_CLIENT_SHORTEST_SECONDS = 0.1
"""A client that commits has heard speech itself, so a quiet or short word counts."""


def default_vad(settings: ListeningSettings) -> ServerVad:
    """The turn detection of the server's configuration."""
    return ServerVad(
        type="server_vad",
        threshold=settings.vad_threshold,
        prefix_padding_ms=round(settings.preroll_seconds * 1000),
        silence_duration_ms=round(settings.silence_max_seconds * 1000),
    )


def session_options(
    config: SessionConfig, settings: ListeningSettings, language: str
) -> Options:
    """The options of this configuration; `language` is that of the server.

    Every option is set, so that they replace those of an earlier configuration.
    """
    transcription = config.transcription
    return Options(
        language=heard_language(transcription) or language,
        sample_rate=config.format.rate_hz,
        encoding=_ENCODINGS[config.format.type],
        prompt=(transcription.prompt or "")[-MAX_PROMPT_CHARACTERS:],
        hotwords=fitting(transcription.keywords or []),
        interim_results=True,
        word_timestamps=config.wants_logprobs,
        **_endpointing(config, settings),
    )


def hearing_options(
    config: SessionConfig, settings: ListeningSettings, language: str
) -> Options:
    """The options of a conversation's input. The conversation itself decides how long a
    pause must be to end a turn."""
    options = session_options(config, settings, language)
    return options.model_copy(
        update={
            "endpointing": None,
            "silence_max_seconds": None,
            "semantic_max_seconds": None,
        }
    )


def heard_language(transcription: Transcription) -> str:
    """The engine's code; empty if the client chose none."""
    chosen = transcription.languages or [transcription.language or ""]
    if len(chosen) > 1:
        return AUTO
    return (find_language(chosen[0]) or AUTO) if chosen[0] else ""


def _endpointing(config: SessionConfig, settings: ListeningSettings) -> dict[str, Any]:
    turns = config.turn_detection
    options: dict[str, Any] = {
        "endpointing": "fixed",
        "silence_max_seconds": settings.silence_max_seconds,
        "vad_threshold": settings.vad_threshold,
        "preroll_seconds": settings.preroll_seconds,
        "min_utterance_seconds": settings.min_utterance_seconds,
    }
    if isinstance(turns, ServerVad):
        return {**options, **_server_vad(turns)}
    if isinstance(turns, SemanticVad):
        eagerness = turns.eagerness or "auto"
        return {
            **options,
            "endpointing": "semantic",
            "silence_max_seconds": _SILENCE_SECONDS[eagerness],
            "semantic_max_seconds": _LONGEST_SECONDS[eagerness],
        }
    return {
        **options,
        "silence_max_seconds": _CLIENT_SILENCE_SECONDS,
        "vad_threshold": min(settings.vad_threshold, _CLIENT_THRESHOLD),
        "min_utterance_seconds": min(
            settings.min_utterance_seconds, _CLIENT_SHORTEST_SECONDS
        ),
    }


def _server_vad(turns: ServerVad) -> dict[str, float]:
    """The numbers that are set, within what the options allow."""
    options = {}
    if turns.silence_duration_ms is not None:
        options["silence_max_seconds"] = _within(
            0.1, turns.silence_duration_ms / 1000, 10
        )
    if turns.threshold is not None:
        options["vad_threshold"] = _within(0.05, turns.threshold, 0.95)
    if turns.prefix_padding_ms is not None:
        options["preroll_seconds"] = _within(0, turns.prefix_padding_ms / 1000, 2)
    return options


def _within(least: float, value: float, most: float) -> float:
    return min(max(value, least), most)
