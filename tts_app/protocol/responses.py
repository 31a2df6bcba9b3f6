"""The responses of `POST /tts`: an audio file, or server-sent events."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from django.http import StreamingHttpResponse

from common.errors import VoiceError
from common.text_cleaning import clean_text
from tts_app.core.events import SpeechFinished, TextDelta, WordsTimed
from tts_app.core.speech.encoded_speech import AudioBytes, EncodedSpeech
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
    encoded = EncodedSpeech(speech, audio_format, rate_hz)
    content_type = "text/event-stream" if sse else encoded.content_type
    body = _Body(speech, encoded, sse=sse)
    response = StreamingHttpResponse(body, content_type=content_type)
    response["X-Voice"] = speech.voice.name
    response["X-Sample-Rate"] = str(encoded.rate_hz)
    response["X-Channels"] = "1"
    response["Cache-Control"] = "no-store"
    # A buffering proxy would undo the streaming.
    response["X-Accel-Buffering"] = "no"
    return response


class _Body:
    """The streaming body; Django calls `close` when the client is gone."""

    def __init__(
        self, speech: SpeechStream, encoded: EncodedSpeech, *, sse: bool
    ) -> None:
        self._speech = speech
        self._encoded = encoded
        self._sse = sse

    def close(self) -> None:
        self._speech.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._events() if self._sse else self._audio()

    async def _audio(self) -> AsyncIterator[bytes]:
        async for event in self._encoded:
            if isinstance(event, AudioBytes):
                yield event.data

    async def _events(self) -> AsyncIterator[bytes]:
        async for event in self._encoded:
            if isinstance(event, TextDelta):
                yield _event("speech.text.delta", text=event.text)
            elif isinstance(event, WordsTimed):
                yield _event("speech.words.delta", words=_words(event))
            elif isinstance(event, AudioBytes):
                audio = base64.b64encode(event.data).decode("ascii")
                yield _event("speech.audio.delta", audio=audio)
            elif isinstance(event, SpeechFinished):
                for line in self._end(event):
                    yield line

    def _end(self, event: SpeechFinished) -> list[bytes]:
        duration = round(event.seconds, 3)
        done = _event("speech.audio.done", text=self._speech.text, duration=duration)
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
