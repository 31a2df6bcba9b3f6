"""An answer as a streamed HTTP response: the audio itself, or events that carry it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable

from django.http import StreamingHttpResponse

from gateway_app.responses import unbuffered
from tts_app.core.events import SpeechEvent
from tts_app.core.speech.encoded_speech import AudioBytes, EncodedSpeech
from tts_app.speech_stream import SpeechStream

EncodedEvents = AsyncIterable[SpeechEvent | AudioBytes]
ToLines = Callable[[EncodedEvents], AsyncIterator[bytes]]
"""Writes the events as server-sent events, each endpoint in its own words."""

EVENT_STREAM = "text/event-stream"


def audio_response(
    speech: SpeechStream,
    *,
    audio_format: str,
    rate_hz: int | None = None,
    to_lines: ToLines | None = None,
) -> StreamingHttpResponse:
    """The response that streams the answer, and stops the work if the client
    disconnects. With `to_lines` it consists of server-sent events, else of the file."""
    encoded = EncodedSpeech(speech, audio_format, rate_hz)
    content_type = EVENT_STREAM if to_lines else encoded.content_type
    body = _Body(speech, (to_lines or _only_audio)(encoded))
    response = StreamingHttpResponse(body, content_type=content_type)
    response["X-Voice"] = speech.voice.name
    response["X-Sample-Rate"] = str(encoded.rate_hz)
    response["X-Channels"] = "1"
    return unbuffered(response)


class _Body:
    """The streaming body; Django calls `close` when the client is gone."""

    def __init__(self, speech: SpeechStream, pieces: AsyncIterator[bytes]) -> None:
        self._speech = speech
        self._pieces = pieces

    def close(self) -> None:
        self._speech.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


async def _only_audio(events: EncodedEvents) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, AudioBytes):
            yield event.data
