"""The Speak page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from gateway_app.pages.views import addresses
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services


@require_safe
@ensure_csrf_cookie
def speak(request: HttpRequest) -> HttpResponse:
    """Text in, speech out."""
    config = gateway_services(scope_of(request)).config
    context = {
        "max_text_length": config.tts_max_text_length,
        "use_llm": config.tts_use_llm,
        **addresses(request),
    }
    return render(request, "speak.html", context)
