"""`POST /v1/audio/speech`: text to speech as OpenAI's clients ask for it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.http import HttpRequest, HttpResponseBase
from ninja import Router
from ninja.decorators import decorate_view

from common.config import Config
from common.errors import VoiceError
from compat_app.model_names import engine_model
from compat_app.openai.speech_events import speech_lines
from compat_app.openai.speech_schemas import SpeechIn
from compat_app.openai.speech_urgency import urgency_of
from compat_app.openai.switch import while_switched_on
from compat_app.voice_names import named_voice
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import json_only, request_id
from gateway_app.services import gateway_services
from tts_app.audio_response import audio_response
from tts_app.core.engine import USUAL_VOICE, VoiceSettings
from tts_app.service import SpeechService
from tts_app.services import speech_services
from tts_app.speech_request import SpeechRequest
from tts_app.speech_stream import SpeechStream
from tts_app.voices.selector import AvailableVoices

router = Router(tags=["OpenAI"])

RATES_HZ = {"pcm": 24_000, "wav": 24_000}
"""Clients assume OpenAI's rate for PCM without reading any header: pipecat and LiveKit."""
FIELDS = {"text": "input", "format": "response_format"}
"""What a field of ours is called here."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}
AUDIO_TYPES = ("audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav")
SPEECH_DOCS = {
    "responses": {
        200: {
            "description": "The audio, streamed.",
            "content": {
                **dict.fromkeys((*AUDIO_TYPES, "audio/pcm"), _BINARY),
                "text/event-stream": {"schema": {"type": "string"}},
            },
        },
        400: {"description": "An invalid value; `param` names the field."},
        404: {"description": "Unknown voice; the message lists the known ones."},
        429: {"description": "All slots are taken, or the quota is used up."},
        503: {"description": "The voice engine is unavailable."},
    }
}


@router.post(
    "/v1/audio/speech",
    url_name="openai_speech",
    summary="Speak a text (OpenAI)",
    openapi_extra=SPEECH_DOCS,
)
@decorate_view(while_switched_on)
@decorate_view(json_only)
async def speech(request: HttpRequest, body: SpeechIn) -> HttpResponseBase:
    """OpenAI's text to speech, without the language model."""
    try:
        stream = await _open(request, body)
    except VoiceError as error:
        _use_their_names(error)
        raise
    sse = body.stream_format == "sse"
    return audio_response(
        stream,
        audio_format=body.audio_format,
        rate_hz=RATES_HZ.get(body.audio_format),
        to_lines=partial(speech_lines, body.input) if sse else None,
    )


async def _open(request: HttpRequest, body: SpeechIn) -> SpeechStream:
    scope = scope_of(request)
    service = speech_services(scope).speech
    voice = await _voice(body, service, gateway_services(scope).config)
    return await service.open(
        SpeechRequest(
            body.input,
            voice=voice,
            llm=False,
            request_id=request_id(request) or "",
            audio_format=body.audio_format,
        ),
        principal=principal_of(request),
        client=client_address(scope),
        urgency=urgency_of(request.headers),
    )


async def _voice(
    body: SpeechIn, service: SpeechService, config: Config
) -> VoiceSettings:
    available = await service.available_voices()
    named = _named(body, available, config)
    return replace(named, speed=1.0 if body.speed is None else body.speed)


def _named(body: SpeechIn, available: AvailableVoices, config: Config) -> VoiceSettings:
    """The voice that the request names; a name that nobody knows is left to the
    service, which lists the known ones. Raises UnknownModel.
    """
    by_model = _voice_of_model(body.model or "", available, config)
    if body.voice is None:
        return by_model
    named = named_voice(body.voice, available, config)
    return named or VoiceSettings(voice=body.voice)


def _voice_of_model(
    model: str, available: AvailableVoices, config: Config
) -> VoiceSettings:
    """LibreChat's `localai` provider sends the voice as the model, and no voice."""
    named = named_voice(config.model_aliases.get(model, model), available, config)
    if named is not None:
        return named
    engine_model(model, (), config)
    return USUAL_VOICE


def _use_their_names(error: VoiceError) -> None:
    theirs = FIELDS.get(error.field or "")
    if theirs:
        error.message = error.message.replace(f"`{error.field}`", f"`{theirs}`")
        error.field = theirs
