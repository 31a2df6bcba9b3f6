"""HTTP: text to speech, and the voices."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Router, Schema
from ninja.decorators import decorate_view
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
)

from common.errors import EngineFailed, NotFound, VoiceError
from gateway_app.proxies import client_address
from gateway_app.responses import error_response, request_id, services_of
from tts_app.answer import SpeechAnswer
from tts_app.conversation_api import owner
from tts_app.core.engine import VoiceInfo
from tts_app.core.speech import TextDelta
from tts_app.order import SpeechOrder
from tts_app.services import MAX_SPEED, MIN_SPEED, SpeechService

router = Router(tags=["Speech"])

JSON_TYPE = "application/json"

Answer = Callable[..., Awaitable[HttpResponseBase]]


class NotJson(VoiceError):
    code, http_status = "unsupported_media_type", 415


def _without_surrogates(given: Any) -> Any:
    """JSON can hold half characters, which no text may; they cannot be heard either."""
    if isinstance(given, str):
        return given.encode("utf-8", "ignore").decode("utf-8")
    return given


PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

Text = Annotated[str, BeforeValidator(_without_surrogates)]


class TtsIn(BaseModel):
    """A request for speech."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text = Field(
        description="A prompt for the language model, or with `llm: false` what to say."
    )
    voice: str | None = Field(
        None,
        description="A name from `GET /voices`; without it the default voice.",
        min_length=1,
        max_length=200,
    )
    speaker: StrictInt | str | None = Field(
        None, description="Name or number, for a voice with several speakers."
    )
    speed: float = Field(
        1.0,
        description="1 is normal, 2 twice as fast.",
        ge=MIN_SPEED,
        le=MAX_SPEED,
        allow_inf_nan=False,
    )
    format: Literal["wav", "mp3", "opus", "aac", "flac", "pcm"] = Field(
        "wav", description="`pcm` is PCM16 without a header; `opus` comes in Ogg."
    )
    stream_format: Literal["audio", "sse"] = Field(
        "audio",
        description="`sse`: server-sent events with the text and base64 audio.",
    )
    system_prompt: Text | None = Field(
        None, description="Instead of the configured one, for this request."
    )
    conversation_id: Text | None = Field(
        None,
        description="What was said before with the same id is part of the question. "
        "It is forgotten after `conversation_expire_seconds`, or by "
        "`DELETE /tts/conversations/ID`.",
        min_length=1,
        max_length=128,
        pattern=PRINTABLE,
    )
    llm: StrictBool | None = Field(
        None,
        description="Whether the language model answers; without it `tts_use_llm`.",
    )


class VoiceOut(Schema):
    """A voice that may be asked for."""

    name: str
    language: str
    quality: str
    sample_rate: int
    speakers: list[str]
    size_bytes: int
    licence: str
    source: str


class VoicesOut(Schema):
    """Every voice that may be asked for."""

    voices: list[str]
    default: str | None
    details: list[VoiceOut]


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


@router.post("/tts", url_name="tts", openapi_extra=TTS_DOCS)
@decorate_view(_json_only)
async def tts(request: HttpRequest, body: TtsIn) -> HttpResponseBase:
    """Speech for a text: answered by the language model, or spoken as given."""
    answer = await speech_service(request).open(_order(request, body))
    return speech_response(answer, sse=body.stream_format == "sse")


@router.get("/voices", response=VoicesOut, url_name="voices")
async def voices(request: HttpRequest) -> dict[str, Any]:
    """The voices that may be asked for, and which one is the default."""
    try:
        offer = await speech_service(request).offer()
    except EngineFailed:
        return {"voices": [], "default": None, "details": []}
    return {
        "voices": [voice.name for voice in offer.voices],
        "default": offer.default,
        "details": [_details(voice) for voice in offer.voices],
    }


def speech_service(request: HttpRequest) -> SpeechService:
    """The service that speaks. Raises NotFound in a process that only listens."""
    speech: SpeechService | None = services_of(request).get("speech")
    if speech is None:
        raise NotFound("This process does not speak: it runs speech to text alone.")
    return speech


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
            if not isinstance(event, TextDelta) and event.data:
                yield event.data

    async def _events(self) -> AsyncIterator[bytes]:
        async for event in self._answer:
            if isinstance(event, TextDelta):
                yield _event("speech.text.delta", text=event.text)
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


def _event(type: str, **fields: Any) -> bytes:
    data = json.dumps({"type": type, **fields}, ensure_ascii=False)
    return f"data: {data}\n\n".encode("utf-8", "replace")


def _order(request: HttpRequest, body: TtsIn) -> SpeechOrder:
    caller = getattr(request, "caller", None)
    client = client_address(request.scope)  # type: ignore[attr-defined]
    return SpeechOrder(
        text=body.text,
        voice=body.voice,
        speaker=body.speaker,
        speed=body.speed,
        audio_format=body.format,
        llm=body.llm,
        system_prompt=body.system_prompt,
        conversation_id=body.conversation_id,
        request_id=request_id(request) or "",
        client=caller.client if caller and caller.client else client,
        caller=owner(request),
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
    }
