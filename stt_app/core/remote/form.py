"""An utterance as the form of `POST /audio/transcriptions`."""

from __future__ import annotations

import re
from typing import Any

from common.audio import SPEECH_RATE_HZ, Audio, wav_bytes
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.languages import AUTO
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS

_MOST_KEYWORDS = 100
Form = dict[str, Any]
File = tuple[str, bytes, str]


def path_for(request: TranscriptionRequest) -> str:
    """The path of its task."""
    is_translation = request.task == "translate"
    return "/audio/translations" if is_translation else "/audio/transcriptions"


def form_for(request: TranscriptionRequest, model: str, *, verbose: bool) -> Form:
    """The fields beside the file. Without `verbose`, the answer is nothing but text."""
    form: Form = {"model": model, "response_format": "verbose_json"}
    if not verbose:
        form["response_format"] = "json"
    if request.prompt:
        # Whisper reads the end of a prompt.
        form["prompt"] = request.prompt[-MAX_PROMPT_CHARACTERS:]
    if request.task == "translate":
        return form
    if request.language != AUTO:
        form["language"] = request.language
    if request.word_timestamps and verbose:
        form["timestamp_granularities[]"] = ["word", "segment"]
    if words := keywords(request.hotwords):
        form["keywords[]"] = words
    return form


def keywords(hotwords: str) -> list[str]:
    """The words or, where commas divide them, the phrases; none twice."""
    divider = r"[,;\n]+" if re.search(r"[,;\n]", hotwords) else r"\s+"
    words = (word.strip() for word in re.split(divider, hotwords))
    return list(dict.fromkeys(filter(None, words)))[:_MOST_KEYWORDS]


def file_for(request: TranscriptionRequest) -> File:
    """The audio as a WAV file: FLAC would be half the size, but later."""
    audio = Audio(request.samples, SPEECH_RATE_HZ)
    return "audio.wav", wav_bytes(audio), "audio/wav"
