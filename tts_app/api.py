"""HTTP: text to speech, and the voices."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from common.errors import EngineFailed, VoiceError
from common.text_cleaning import clean_text
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import error_response, request_id
from tts_app.core.engine import VoiceInfo
from tts_app.core.speech.pipeline import AudioDelta, TextDelta, WordsDelta
from tts_app.order import SpeechOrder
from tts_app.schemas import TtsIn, VoicesOut
from tts_app.services import speech_services
from tts_app.speech_stream import SpeechAnswer

router = Router(tags=["Speech"])

JSON_TYPE = "application/json"

Answer = Callable[..., Awaitable[HttpResponseBase]]


class NotJson(VoiceError):
    code, http_status = "unsupported_media_type", 415


def _json_only(run: Answer) -> Answer:
    @wraps(run)
    async def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if request.content_type == JSON_TYPE:
            return await run(request, **values)
        given = request.content_type or "no content type"
        return error_response(
            request, NotJson(f"`/tts` takes {JSON_TYPE}, not {given}.")
        )

    return checked


AUDIO_TYPES = ("audio/wav", "audio/mpeg", "audio/ogg", "audio/aac", "audio/flac")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
TTS_DOCS = {
    "responses": {
        200: {
            "description": "The audio as it is made. Headers: `X-Voice`, "
            "`X-Sample-Rate`, `X-Channels`, `X-Request-ID`.",
            "content": {
                **dict.fromkeys(AUDIO_TYPES, _BINARY),
                "text/event-stream": {"schema": {"type": "string"}},
            },
        },
        400: {"description": "A value that is not allowed; `field` names it."},
        404: {"description": "Unknown voice; the message lists the known ones."},
        413: {"description": "The text is longer than `tts_max_text_length`."},
        415: {"description": "The body is not JSON."},
        422: {"description": "Nothing in the text can be spoken."},
        429: {"description": "All places are taken; `Retry-After` says when to try."},
        503: {"description": "The language model or the voice engine; says which."},
    }
}


@router.post("/tts", url_name="tts", summary="Speak a text", openapi_extra=TTS_DOCS)
@decorate_view(_json_only)
async def tts(request: HttpRequest, body: TtsIn) -> HttpResponseBase:
    """Speech for a text: answered by the language model, or spoken as given."""
    answer = await speech_services(scope_of(request)).speech.open(_order(request, body))
    return speech_response(answer, sse=body.stream_format == "sse")


@router.get(
    "/voices", response=VoicesOut, url_name="voices", summary="The voices there are"
)
async def voices(request: HttpRequest) -> dict[str, Any]:
    """The voices that may be asked for, and which one is the default."""
    try:
        offer = await speech_services(scope_of(request)).speech.offer()
    except EngineFailed:
        return {"voices": [], "default": None, "details": []}
    return {
        "voices": [voice.name for voice in offer.voices],
        "default": offer.default,
        "details": [_details(voice) for voice in offer.voices],
    }


def speech_response(answer: SpeechAnswer, *, sse: bool) -> StreamingHttpResponse:
    """The response that streams the answer, and ends its work when the client leaves."""
    content_type = "text/event-stream" if sse else answer.speech.content_type
    response = StreamingHttpResponse(_Body(answer, sse=sse), content_type=content_type)
    response["X-Voice"] = answer.voice.name
    response["X-Sample-Rate"] = str(answer.speech.rate_hz)
    response["X-Channels"] = "1"
    response["Cache-Control"] = "no-store"
    # A proxy that collects the answer would undo the streaming.
    response["X-Accel-Buffering"] = "no"
    return response


class _Body:
    """What Django streams; it calls `close` when the client is gone."""

    def __init__(self, answer: SpeechAnswer, *, sse: bool) -> None:
        self._answer = answer
        self._sse = sse

    def close(self) -> None:
        self._answer.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._events() if self._sse else self._audio()

    async def _audio(self) -> AsyncIterator[bytes]:
        async for event in self._answer:
            if isinstance(event, AudioDelta) and event.data:
                yield event.data

    async def _events(self) -> AsyncIterator[bytes]:
        async for event in self._answer:
            if isinstance(event, TextDelta):
                yield _event("speech.text.delta", text=event.text)
            elif isinstance(event, WordsDelta):
                yield _event("speech.words.delta", words=_words(event))
            elif event.data:
                audio = base64.b64encode(event.data).decode("ascii")
                yield _event("speech.audio.delta", audio=audio)
        speech = self._answer.speech
        if isinstance(speech.error, VoiceError):
            yield _event(**speech.error.event())
        elif speech.error is not None:
            yield _event(**VoiceError("The server made a mistake.").event())
        duration = round(speech.audio_seconds, 3)
        yield _event("speech.audio.done", text=speech.text, duration=duration)


def _words(event: WordsDelta) -> list[dict[str, Any]]:
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


def _order(request: HttpRequest, body: TtsIn) -> SpeechOrder:
    return SpeechOrder(
        text=body.text,
        voice=body.voice,
        speaker=body.speaker,
        speed=body.speed,
        noise_scale=body.noise_scale,
        noise_w=body.noise_w,
        volume=body.volume,
        audio_format=body.format,
        sample_rate=body.sample_rate,
        input=body.input,
        word_times=body.stream_format == "sse",
        llm=body.llm,
        options=body.options(),
        system_prompt=body.system_prompt,
        conversation_id=body.conversation_id,
        request_id=request_id(request) or "",
        client=client_address(scope_of(request)),
        principal=principal_of(request).id,
    )


def _details(voice: VoiceInfo) -> dict[str, Any]:
    return {
        "name": voice.name,
        "language": voice.language,
        "quality": voice.quality,
        "sample_rate": voice.sample_rate,
        "speakers": list(voice.speakers),
        "size_bytes": voice.size_bytes,
        "licence": voice.licence,
        "source": voice.source,
        "sha256": voice.sha256,
    }
