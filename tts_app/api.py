"""HTTP: text to speech, and the voices."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from ninja import Router
from ninja.decorators import decorate_view

from common.errors import EngineFailed
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import json_only, request_id
from tts_app.core.engine import VoiceInfo
from tts_app.core.speech.encoding import check_encoding
from tts_app.protocol.responses import speech_response
from tts_app.protocol.schemas import TtsIn, VoicesOut
from tts_app.services import speech_services
from tts_app.voices.samples import sample_for

router = Router(tags=["Speech"])

AUDIO_TYPES = (
    "audio/wav",
    "audio/mpeg",
    "audio/ogg",
    "audio/aac",
    "audio/flac",
    "audio/pcm",
)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
TTS_DOCS = {
    "responses": {
        200: {
            "description": "The audio, streamed. Headers: `X-Voice`, "
            "`X-Sample-Rate`, `X-Channels`, `X-Request-ID`.",
            "content": {
                **dict.fromkeys(AUDIO_TYPES, _BINARY),
                "text/event-stream": {"schema": {"type": "string"}},
            },
        },
        400: {"description": "An invalid value; `field` names the field."},
        404: {"description": "Unknown voice; the message lists the known ones."},
        413: {"description": "The text is longer than `tts_max_text_length`."},
        415: {"description": "The body is not JSON."},
        422: {"description": "The text contains nothing that can be spoken."},
        429: {
            "description": "All slots are taken; `Retry-After` says when to try again."
        },
        503: {
            "description": "The language model or the voice engine is unavailable; the message says which."
        },
    }
}


@router.post("/tts", url_name="tts", summary="Speak a text", openapi_extra=TTS_DOCS)
@decorate_view(json_only)
async def tts(request: HttpRequest, body: TtsIn) -> HttpResponseBase:
    """Speech: the language model's answer, or the text itself."""
    check_encoding(body.format, body.sample_rate)
    speech = await speech_services(scope_of(request)).speech.open(
        body.speech_request(request_id(request) or ""),
        principal=principal_of(request),
        client=client_address(scope_of(request)),
    )
    return speech_response(
        speech,
        audio_format=body.format,
        rate_hz=body.sample_rate,
        sse=body.stream_format == "sse",
    )


@router.get("/voices", response=VoicesOut, url_name="voices", summary="List the voices")
async def voices(request: HttpRequest) -> dict[str, Any]:
    """The available voices, and the default one."""
    try:
        speech = speech_services(scope_of(request)).speech
        available = await speech.available_voices()
    except EngineFailed:
        return {"voices": [], "default": None, "details": []}
    return {
        "voices": [voice.name for voice in available.voices],
        "default": available.default,
        "details": [_details(voice) for voice in available.voices],
    }


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
        "sample": sample_for(voice.language),
    }
