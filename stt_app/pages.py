"""The Listen page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway_app.pages.views import addresses
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from stt_app.core.languages import LANGUAGES


@require_safe
def listen(request: HttpRequest) -> HttpResponse:
    """Transcribes the microphone or a file."""
    config = gateway_services(scope_of(request)).config
    context = {
        "languages": sorted(LANGUAGES),
        "usual_language": config.whisper_lang,
        **addresses(request),
    }
    return render(request, "listen.html", context)
