"""The responses of `POST /tts`: an audio file, or server-sent events."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from django.http import StreamingHttpResponse

from common.errors import VoiceError
from common.text_cleaning import clean_text
from tts_app.audio_response import EncodedEvents, audio_response
from tts_app.core.events import ClauseStarted, SpeechFinished, TextDelta, WordsTimed
from tts_app.core.speech.encoded_speech import AudioBytes
from tts_app.speech_stream import SpeechStream


def speech_response(
    speech: SpeechStream,
    *,
    audio_format: str,
    rate_hz: int | None = None,
    sse: bool = False,
) -> StreamingHttpResponse:
    """The response that streams the answer, and stops the work if the client
    disconnects."""
    return audio_response(
        speech,
        audio_format=audio_format,
        rate_hz=rate_hz,
        to_lines=partial(_events, speech) if sse else None,
    )


async def _events(speech: SpeechStream, encoded: EncodedEvents) -> AsyncIterator[bytes]:
    async for event in encoded:
        if isinstance(event, TextDelta):
            yield _event("speech.text.delta", text=event.text)
        elif isinstance(event, ClauseStarted):
            start = round(event.start_seconds, 3)
            yield _event("speech.clause.started", text=event.text, start=start)
        elif isinstance(event, WordsTimed):
            yield _event("speech.words.delta", words=_words(event))
        elif isinstance(event, AudioBytes):
            audio = base64.b64encode(event.data).decode("ascii")
            yield _event("speech.audio.delta", audio=audio)
        elif isinstance(event, SpeechFinished):
            for line in _end(speech, event):
                yield line


def _end(speech: SpeechStream, event: SpeechFinished) -> list[bytes]:
    duration = round(event.seconds, 3)
    done = _event("speech.audio.done", text=speech.text, duration=duration)
    if event.error is None:
        return [done]
    if isinstance(event.error, VoiceError):
        return [_event(**event.error.event()), done]
    return [_event(**VoiceError("The server made a mistake.").event()), done]


def _words(event: WordsTimed) -> list[dict[str, Any]]:
    return [
        {
            "word": each.word,
            "start": round(each.start_seconds, 3),
            "end": round(each.end_seconds, 3),
        }
        for each in event.words
    ]


def _event(type: str, **fields: Any) -> bytes:
    data = json.dumps({"type": type, **fields}, ensure_ascii=False)
    return f"data: {clean_text(data)}\n\n".encode()
