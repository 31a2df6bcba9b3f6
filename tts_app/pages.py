"""The Speak page, and the gallery of voices."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from common.errors import EngineFailed
from gateway_app.pages.views import addresses
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from tts_app.services import SpeechServices
from tts_app.voices.gallery import VoiceGroup, voice_groups


@require_safe
@ensure_csrf_cookie
def speak(request: HttpRequest) -> HttpResponse:
    """Text in, speech out."""
    scope = scope_of(request)
    services = scope["state"].get(SpeechServices)
    context = {
        "max_text_length": gateway_services(scope).config.tts_max_text_length,
        "llm_backend": services.llm.backend if services else "none",
        "llm_model": services.llm.model_name if services else "",
        **addresses(request),
    }
    return render(request, "speak.html", context)


@require_safe
@ensure_csrf_cookie
def voice_gallery(request: HttpRequest) -> HttpResponse:
    """Every voice that can be used, with a sample to play."""
    services = scope_of(request)["state"].get(SpeechServices)
    groups = _groups(services) if services else []
    context = {
        "groups": groups,
        "count": sum(len(group.voices) for group in groups),
        "may_install": request.user.has_perm("tts_app.change_voice"),
        **addresses(request),
    }
    return render(request, "voices.html", context)


def _groups(services: SpeechServices) -> list[VoiceGroup]:
    try:
        available = async_to_sync(services.speech.available_voices)()
    except EngineFailed:
        return []
    return voice_groups(available)
