"""`GET /v1/models`, `/v1/audio/models` and `/v1/audio/voices`: what a client may name.

They are readable without a key while `public_lists` is on: Open WebUI asks for them
without one (`routers/audio.py`, `get_available_models` and `get_available_voices`).
"""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router
from ninja.decorators import decorate_view

from common.errors import EngineFailed
from common.services import Services
from compat_app.model_names import SPEECH_MODELS, TRANSCRIPTION_MODELS, UnknownModel
from compat_app.openai.lists_schemas import (
    AudioModelsOut,
    AudioVoicesOut,
    ModelOut,
    ModelsOut,
    ModelWithVoices,
    VoiceListed,
    VoiceOfModel,
)
from compat_app.openai.switch import while_switched_on
from compat_app.voice_names import named_voice
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from stt_app.services import ListeningServices
from tts_app.services import SpeechServices, speech_services
from tts_app.voices.selector import AvailableVoices

router = Router(tags=["OpenAI"])

OURS, ALIAS = "local", "local-alias"
NO_VOICES = AvailableVoices([], "")


@router.get(
    "/v1/models",
    response=ModelsOut,
    url_name="openai_models",
    summary="List the models (OpenAI)",
)
@decorate_view(while_switched_on)
async def models(request: HttpRequest) -> dict[str, Any]:
    """The server's models and voices, and their aliases."""
    found = _model_names(request, await _voices(request))
    return {
        "data": [ModelOut(id=name, owned_by=owner) for name, owner in found.items()]
    }


@router.get(
    "/v1/models/{path:model}",
    response=ModelWithVoices,
    exclude_none=True,
    url_name="openai_model",
    summary="One model (OpenAI)",
)
@decorate_view(while_switched_on)
async def model(request: HttpRequest, model: str) -> ModelWithVoices:
    """One model of `/v1/models`; a speech model has `voices`."""
    available = await _voices(request)
    owner = _model_names(request, available).get(model)
    if owner is None:
        raise UnknownModel(f"There is no model `{model[:60]}`.", field="model")
    speaks = model in SPEECH_MODELS
    voices = [VoiceOfModel(name=v.name, language=v.language) for v in available.voices]
    return ModelWithVoices(id=model, owned_by=owner, voices=voices if speaks else None)


@router.get(
    "/v1/audio/models",
    response=AudioModelsOut,
    url_name="openai_audio_models",
    summary="List the speech models (Open WebUI)",
)
@decorate_view(while_switched_on)
async def audio_models(request: HttpRequest) -> dict[str, Any]:
    """The models for speech, as `models` and as `data`."""
    speech_services(scope_of(request))
    found = [ModelOut(id=name, owned_by=ALIAS) for name in SPEECH_MODELS]
    return {"models": found, "data": found}


@router.get(
    "/v1/audio/voices",
    response=AudioVoicesOut,
    url_name="openai_audio_voices",
    summary="List the voices (Open WebUI)",
)
@decorate_view(while_switched_on)
async def audio_voices(
    request: HttpRequest, format: Literal["objects", "names"] = "objects"
) -> dict[str, Any]:
    """The installed voices and the names in `voice_aliases`; `format=names` gives plain
    names."""
    speech_services(scope_of(request))
    available = await _voices(request)
    listed = [
        VoiceListed(id=voice.name, name=voice.name, language=voice.language)
        for voice in available.voices
    ] + _aliases(request, available)
    if format == "names":
        return {"voices": [voice.id for voice in listed]}
    return {"voices": listed}


def _model_names(request: HttpRequest, available: AvailableVoices) -> dict[str, str]:
    """Each name with its owner, our own first."""
    scope = scope_of(request)
    services: Services = scope["state"]
    listening = services.get(ListeningServices)
    own = [*(listening.listening.models if listening else ())]
    own += [voice.name for voice in available.voices]
    aliases = [
        *(TRANSCRIPTION_MODELS if listening else ()),
        *(SPEECH_MODELS if services.get(SpeechServices) else ()),
        *gateway_services(scope).config.model_aliases,
    ]
    return dict.fromkeys(own, OURS) | {
        name: ALIAS for name in aliases if name not in own
    }


def _aliases(request: HttpRequest, available: AvailableVoices) -> list[VoiceListed]:
    config = gateway_services(scope_of(request)).config
    languages = {voice.name: voice.language for voice in available.voices}
    found = []
    for alias in config.voice_aliases:
        meant = named_voice(alias, available, config) if available.voices else None
        if meant is not None:
            language = languages.get(meant.voice or available.default, "")
            found.append(VoiceListed(id=alias, name=alias, language=language))
    return found


async def _voices(request: HttpRequest) -> AvailableVoices:
    """The available voices; none while the engine has none, or if it is not here."""
    services: Services = scope_of(request)["state"]
    speech = services.get(SpeechServices)
    if speech is None:
        return NO_VOICES
    try:
        return await speech.speech.available_voices()
    except EngineFailed:
        return NO_VOICES
