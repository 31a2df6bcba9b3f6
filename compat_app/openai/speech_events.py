"""Speech as server-sent events: `speech.audio.delta`, then `speech.audio.done`.

Source: https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event;
LiveKit's plugin (openai/tts.py of livekit-agents 1.7.0) reads `audio` and `usage`.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import AsyncIterator
from typing import Any

from common.errors import INTERNAL, VoiceError
from compat_app.openai.errors import error_object
from tts_app.audio_response import EncodedEvents
from tts_app.core.events import SpeechFinished
from tts_app.core.speech.encoded_speech import AudioBytes

CHARACTERS_PER_TOKEN = 4
AUDIO_TOKENS_PER_SECOND = 20
"""There are no tokens here, so `usage` is an estimate at OpenAI's usual rates."""


async def speech_lines(text: str, events: EncodedEvents) -> AsyncIterator[bytes]:
    """The events of the spoken `text`. After an `error` there is no `done`."""
    async for event in events:
        if isinstance(event, AudioBytes):
            audio = base64.b64encode(event.data).decode("ascii")
            yield _line("speech.audio.delta", audio=audio)
        elif isinstance(event, SpeechFinished):
            yield _end(text, event)


def _end(text: str, event: SpeechFinished) -> bytes:
    if event.error is None:
        return _line("speech.audio.done", usage=_usage(text, event.seconds))
    if isinstance(event.error, VoiceError):
        return _line("error", error=error_object(event.error))
    return _line("error", error=error_object(VoiceError(INTERNAL)))


def _usage(text: str, seconds: float) -> dict[str, int]:
    heard = math.ceil(len(text) / CHARACTERS_PER_TOKEN)
    spoken = math.ceil(seconds * AUDIO_TOKENS_PER_SECOND)
    return {
        "input_tokens": heard,
        "output_tokens": spoken,
        "total_tokens": heard + spoken,
    }


def _line(type: str, **fields: Any) -> bytes:
    return f"data: {json.dumps({'type': type, **fields})}\n\n".encode()
