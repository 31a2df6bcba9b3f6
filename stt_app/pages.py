"""The Listen page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.config import Config
from gateway_app.pages.context import services_of
from gateway_app.pages.views import addresses
from stt_app.core.languages import LANGUAGES


@require_safe
def listen(request: HttpRequest) -> HttpResponse:
    """A microphone or a file in, text out."""
    config: Config = services_of(request)["loaded"].config
    context = {
        "languages": sorted(LANGUAGES),
        "usual_language": config.whisper_lang,
        **addresses(request),
    }
    return render(request, "listen.html", context)
